"""The trash, and every way back from it."""

import re

from console import create_app
from console.settings import ConsoleSettings
from queue_core import Actor, Engine
from tests.builders import HOSTILE_ID, HOSTILE_QUEUE
from tests.console import seed
from tests.console.visitor import Visitor

SOMEBODY = Actor("ann", "command line")


def text(answer):
    return answer.get_data(as_text=True)


def thrown_away(engine, count=1, queue="mail", reason="by mistake"):
    """Failed tasks that somebody deleted: their ids, and those of their entries."""
    ids = seed.failed(engine, queue, count)
    return ids, [engine.control.delete(queue, "error", one, actor=SOMEBODY, reason=reason) for one in ids]


def undo_form(page):
    found = re.search(r'<form method="post" action="([^"]+)">(?:(?!</form>).)*>Undo</button>', page, re.DOTALL)
    return found and found[1]


def test_an_empty_trash_says_what_comes_here_and_for_how_long(operator):
    page = text(operator.get("/trash/"))
    assert "The trash is empty" in page and "lies here for 7 d" in page and "268.4 MB" in page


def test_a_deleted_task_is_listed_with_who_deleted_it_and_why(engine, operator):
    thrown_away(engine)
    page = text(operator.get("/trash/"))
    assert "tests.console.seed:charge" in page.replace("<wbr>", "") and "ann: “by mistake”" in page
    assert "gateway refused" in page and "1 task, about" in page


def test_the_newest_comes_first_and_pages_go_on(redis_url, engine, app, operator):
    _, entries = thrown_away(engine, 60)
    page = text(operator.get("/trash/"))
    shown = re.findall(r'name="task" value="([^"]+)"', page)
    assert shown == entries[:9:-1]
    rest = text(operator.get(re.search(r'rel="next" href="([^"]+)"', page)[1].replace("&amp;", "&")))
    assert re.findall(r'name="task" value="([^"]+)"', rest) == entries[9::-1]


def test_it_is_filtered_by_queue(engine, operator):
    _, (kept,) = thrown_away(engine, queue="bills")
    thrown_away(engine, queue="mail")
    assert re.findall(r'name="task" value="([^"]+)"', text(operator.get("/trash/?queue=bills"))) == [kept]
    assert "Nothing of this queue" in text(operator.get("/trash/?queue=other"))
    assert operator.get("/trash/?queue=~zz").status_code == 400


def test_one_is_restored_and_the_notice_says_where_it_is(engine, operator, acts):
    (task_id,), (entry,) = thrown_away(engine)
    operator.get("/trash/")
    answer = operator.post(f"/trash/{entry}/restore")
    assert (answer.status_code, answer.location) == (303, "/trash/")
    assert "is back in error of mail" in text(operator.get("/trash/"))
    assert engine.browse.states("mail", task_id) == ["error"]
    assert acts()[0] == ("restore", "done")


def test_what_is_not_there_any_more_is_said_and_recorded(engine, operator, acts):
    operator.get("/trash/")
    answer = operator.post("/trash/none/restore")
    assert answer.status_code == 409 and "not in the trash any more" in text(answer)
    assert acts()[0] == ("restore", "failed")


def test_the_ticked_ones_are_restored_and_a_refusal_is_named(engine, operator):
    (first, second), entries = thrown_away(engine, 2)
    engine.store.client.zadd("t:queued:mail", {second: 1.0})
    operator.get("/trash/")
    operator.post("/trash/selected/restore", {"task": entries})
    page = text(operator.get("/trash/"))
    assert "1 task restored; 1 not: The same task is in its queue again" in page
    assert engine.browse.states("mail", first) == ["error"]


def test_without_a_tick_nothing_is_restored(engine, operator):
    thrown_away(engine)
    operator.get("/trash/")
    operator.post("/trash/selected/restore")
    assert "No task is ticked" in text(operator.get("/trash/"))
    assert engine.trash.size().tasks == 1


def test_emptying_spares_what_was_deleted_after_the_page_was_drawn(engine, operator, acts):
    thrown_away(engine, 2)
    seen = re.search(r'name="not_after" value="([^"]+)"', text(operator.get("/trash/")))[1]
    thrown_away(engine)
    operator.post("/trash/empty", {"not_after": seen, "matched": "2"})
    assert "2 tasks gone for good" in text(operator.get("/trash/"))
    assert engine.trash.size().tasks == 1 and acts()[0] == ("empty_trash", "done")


def test_many_are_emptied_only_with_their_number(engine, raw, operator):
    raw.zadd("t:x:trash", {f"e{number}": 1.0 for number in range(1001)})
    page = text(operator.get("/trash/"))
    assert 'name="typed"' in page
    form = {"not_after": "5", "matched": "1001"}
    assert operator.post("/trash/empty", form | {"typed": "7"}).status_code == 400
    operator.get("/trash/")
    assert operator.post("/trash/empty", form | {"typed": "1 001"}).status_code == 303
    assert engine.trash.size().tasks == 0


def test_a_form_without_its_moment_empties_nothing(engine, operator):
    thrown_away(engine)
    operator.get("/trash/")
    assert operator.post("/trash/empty", {"not_after": "nan"}).status_code == 400
    assert engine.trash.size().tasks == 1


def test_after_a_delete_the_notice_has_an_undo_that_brings_it_back(engine, operator):
    (task_id,) = seed.failed(engine, "mail")
    operator.get(f"/queues/mail/tasks/{task_id}")
    operator.post(f"/queues/mail/tasks/{task_id}/delete", {"state": "error"})
    page = text(operator.get("/queues/mail/error"))
    assert "is deleted" in page
    operator.post(undo_form(page))
    assert engine.browse.states("mail", task_id) == ["error"]


def test_after_deleting_the_ticked_ones_the_undo_brings_all_back(engine, operator):
    ids = seed.failed(engine, "mail", 3)
    operator.get("/queues/mail/error")
    operator.post("/queues/mail/error/selected/delete", {"task": ids})
    assert engine.browse.sizes("mail")["error"] == 0
    address = undo_form(text(operator.get("/queues/mail/error")))
    answer = operator.post(address)
    assert "3 tasks restored" in text(operator.get(answer.location))
    assert engine.browse.sizes("mail")["error"] == 3


def test_the_page_of_an_operation_offers_to_undo_it(engine, operator):
    seed.failed(engine, "mail", 4)
    operation = engine.operations.run_small(engine.operations.start("purge", "mail", "error", actor=SOMEBODY))
    page = text(operator.get(f"/operations/{operation.id}"))
    assert "Undo: restore 4 tasks" in page
    answer = operator.post(f"/operations/{operation.id}/undo")
    assert "the operation that deleted them" in text(operator.get(answer.location))
    assert "Undo" not in text(operator.get(f"/operations/{operation.id}"))
    assert operator.post(f"/operations/{operation.id}/undo").status_code == 400


def test_a_purge_that_frees_memory_skips_the_trash(engine, operator):
    seed.failed(engine, "mail", 2)
    page = text(operator.get("/queues/mail/all/purge?older_than=0"))
    assert "Free the memory now" in page and "for 7 d" in page
    moment = re.search(r'name="not_after" value="([^"]+)"', page)[1]
    operator.post("/queues/mail/all/purge", {"not_after": moment, "free_memory": "yes"})
    assert engine.browse.sizes("mail")["error"] == 0 and engine.trash.size().tasks == 0


def test_without_a_trash_the_buttons_say_that_it_is_for_good(redis_url, engine, app, operator):
    engine.config.changed(engine.settings.unchecked(trash_seconds=0.0))
    engine.config.settings = engine.settings.unchecked(trash_seconds=0.0)
    seed.failed(engine, "mail", 2)
    page = text(operator.get("/queues/mail/all/purge?older_than=0"))
    assert "gone for good: there is no trash here" in page and "free_memory" not in page


def test_hostile_names_are_shown_harmlessly_and_come_back(engine, raw, operator):
    raw.set(b"t:task:" + HOSTILE_ID.encode("utf-8", "surrogateescape"), b'{"func": "<script>alert(1)</script>"}')
    engine.store.client.zadd(
        engine.store.keys.state("error", HOSTILE_QUEUE), {HOSTILE_ID.encode("utf-8", "surrogateescape"): 1.0}
    )
    entry = engine.control.delete(HOSTILE_QUEUE, "error", HOSTILE_ID, actor=SOMEBODY, reason="<b>why</b>")
    page = text(operator.get("/trash/"))
    assert "<script>alert" not in page and "<b>why" not in page
    assert operator.post(f"/trash/{entry}/restore").status_code == 303
    assert engine.browse.states(HOSTILE_QUEUE, HOSTILE_ID) == ["error"]


def test_secrets_in_arguments_are_hidden_here_too(engine, operator):
    (task_id,) = seed.failed(engine, "mail", args=[{"password": "hunter2"}])
    engine.control.delete("mail", "error", task_id, actor=SOMEBODY)
    assert "hunter2" not in text(operator.get("/trash/"))


def test_a_viewer_looks_and_restores_nothing(engine, viewer):
    _, (entry,) = thrown_away(engine)
    page = text(viewer.get("/trash/"))
    assert "Restore" not in page and "Empty the trash" not in page
    for address in (f"/trash/{entry}/restore", "/trash/selected/restore", "/trash/empty"):
        assert viewer.post(address, {"task": entry, "not_after": "9e9"}).status_code == 403
    assert engine.trash.size().tasks == 1


def test_somebody_who_is_not_logged_in_is_sent_to_the_login(app):
    answer = Visitor(app).get("/trash/")
    assert answer.status_code == 303 and answer.location.startswith("/login")


def test_without_redis_the_page_says_so(tmp_path):
    engine = Engine(f"unix://{tmp_path}/none.sock")
    answer = Visitor(create_app(engine, ConsoleSettings())).get("/trash/")
    assert answer.status_code == 503 and "Redis does not answer" in text(answer)
