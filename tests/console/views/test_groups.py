"""One error group, and acts on all of its tasks."""

import time
from dataclasses import replace

import pytest

from queue_core.duties import Duties
from tests.console import seed

OTHER = seed.TRACEBACK.replace("gateway refused", "no answer from <script>alert(1)</script>")


@pytest.fixture
def read(engine):
    """Reads all errors into their groups, as an observer does; gives the groups, most tasks first."""
    index = Duties(engine)

    def reading():
        engine.snapshot.take()
        list(index.index_errors())
        return sorted(engine.error_groups.summary().groups, key=lambda group: -group.tasks)

    return reading


@pytest.fixture
def group(engine, read):
    """The id of a group of five tasks in two queues, beside a group of one."""
    seed.failed(engine, "mail", 3, kwargs={"tenant": "acme"})
    seed.failed(engine, "shop.pay", 2, kwargs={"tenant": "acme"})
    seed.failed(engine, "mail", 1, traceback=OTHER)
    return read()[0].id


def text(answer):
    return answer.get_data(as_text=True)


def test_each_cause_is_one_line_over_all_queues(group, operator):
    page = text(operator.get("/errors/"))
    assert page.count('class="cause"') == 2
    assert f"/errors/groups/{group}" in page and "gateway refused" in page
    assert "at most 5 in an hour" in page
    assert ">new</span>" in page
    assert "as of" in page and "still to be read" not in page


def test_the_list_is_filtered_by_words_and_tags(group, operator):
    assert text(operator.get("/errors/?q=no+answer")).count('class="cause"') == 1
    assert text(operator.get("/errors/?tag=new")).count('class="cause"') == 2
    assert "No group matches" in text(operator.get("/errors/?tag=quiet"))


def test_the_groups_are_put_together_by_function_exception_or_queue(group, operator):
    page = text(operator.get("/errors/?by=queue&window=3"))
    assert 'class="cause"' not in page and "about" in page and page.count('data-label="Causes"') == 2
    assert "by=exception&amp;window=3" in page or "window=3&amp;by=exception" in page
    assert text(operator.get("/errors/?by=exception")).count('data-label="Causes"') == 1
    assert text(operator.get("/errors/?by=nonsense")).count('class="cause"') == 2


def test_before_anybody_has_read_the_errors_the_groups_are_unknown(engine, operator):
    seed.failed(engine, "mail")
    engine.snapshot.take()
    page = text(operator.get("/errors/"))
    assert "The groups are unknown" in page and "Nothing is in error" not in page


def test_without_errors_the_page_is_calm(engine, operator):
    seed.queued(engine, "mail")
    engine.snapshot.take()
    assert "Nothing is in error" in text(operator.get("/errors/"))


def test_the_page_of_a_group_shows_what_its_tasks_have_in_common(group, operator):
    page = text(operator.get(f"/errors/groups/{group}"))
    assert "<b>100 %</b> <code>tenant = &#34;acme&#34;</code>" in page
    assert "payments.py:88 charge" in page.replace("srv/shop/", "").replace("shop/", "")
    assert 'class="traceback"' in page
    assert page.count('name="task"') == 5
    assert "Retry 5" in page


def test_five_are_retried_at_once(engine, group, operator):
    operator.get(f"/errors/groups/{group}")
    answer = operator.post(f"/errors/groups/{group}/retry", {"not_after": repr(time.time()), "few": "yes"})
    assert answer.location == f"/errors/groups/{group}"
    page = text(operator.get(answer.location))
    assert "5 tasks retried." in page and "Operations on this group" in page
    assert engine.browse.sizes("mail") == {"queued": 3, "active": 0, "scheduled": 0, "error": 1}
    assert engine.error_groups.get(group).tasks == 0


def test_a_purge_shows_first_what_it_touches_and_leaves_other_groups_alone(engine, group, operator):
    page = text(operator.get(f"/errors/groups/{group}/purge"))
    assert "<b>5 tasks</b> in 2 queues" in page
    operator.post(f"/errors/groups/{group}/purge", {"not_after": repr(time.time()), "matched": "5", "reason": "old"})
    assert engine.browse.sizes("mail")["error"] == 1 and engine.browse.sizes("shop.pay")["error"] == 0
    assert {one.reason for one in engine.operations.newest()} == {"old"}


def test_what_fails_after_the_preview_is_not_touched(engine, group, operator, read):
    operator.get(f"/errors/groups/{group}/retry")
    seen_at = time.time()
    seed.failed(engine, "mail", 2)
    read()
    operator.post(f"/errors/groups/{group}/retry", {"not_after": repr(seen_at)})
    assert engine.error_groups.get(group).tasks == 2


def test_a_large_group_becomes_operations_for_the_sweeper(engine, operator, read, raw):
    ids = {f"t{number}": time.time() for number in range(1200)}
    raw.zadd("t:error:mail", ids)
    raw.sadd("t:error", "mail")
    group = read()[0].id
    assert "Type <b>1200</b> to confirm" in text(operator.get(f"/errors/groups/{group}/purge"))
    form = {"not_after": repr(time.time()), "matched": "1200"}
    assert operator.post(f"/errors/groups/{group}/purge", form).status_code == 400
    assert engine.browse.sizes("mail")["error"] == 1200
    answer = operator.post(f"/errors/groups/{group}/purge", form | {"typed": "1 200"})
    (operation,) = engine.operations.running()
    assert answer.location == f"/operations/{operation.id}" and operation.matched == 1200


def test_a_note_is_kept_and_shown_in_the_list(group, operator, acts):
    operator.get(f"/errors/groups/{group}")
    operator.post(f"/errors/groups/{group}/note", {"note": "a fix <b>ships</b>"})
    for address in ("/errors/", f"/errors/groups/{group}"):
        assert "a fix &lt;b&gt;ships&lt;/b&gt;" in text(operator.get(address))
    assert acts() == [("note group", "done")]


def test_a_snoozed_group_leaves_the_overview_until_it_is_woken(group, operator):
    page = text(operator.get("/"))
    assert "New or rising errors" in page and f"/errors/groups/{group}" in page
    operator.post(f"/errors/groups/{group}/snooze", {"seconds": "3600"})
    assert f"/errors/groups/{group}" not in text(operator.get("/"))
    assert "snoozed" in text(operator.get("/errors/"))
    operator.post(f"/errors/groups/{group}/snooze", {"seconds": ""})
    assert f"/errors/groups/{group}" in text(operator.get("/"))


@pytest.mark.parametrize("seconds", ["x", "-1", "99999999", "1e3"])
def test_an_odd_snooze_is_refused(group, operator, seconds):
    operator.get("/")
    assert operator.post(f"/errors/groups/{group}/snooze", {"seconds": seconds}).status_code == 400


@pytest.mark.parametrize("not_after", ["", "nan", "x"])
def test_an_act_without_its_moment_is_refused(engine, group, operator, not_after):
    operator.get("/")
    assert operator.post(f"/errors/groups/{group}/retry", {"not_after": not_after}).status_code == 400
    assert engine.browse.sizes("mail")["error"] == 4


def test_a_group_that_is_gone_is_said_to_be(operator):
    answer = operator.get("/errors/groups/1-gone")
    assert answer.status_code == 404 and "This error group is not here any more" in text(answer)
    assert operator.post("/errors/groups/1-gone/retry", {"not_after": "1"}).status_code == 409
    assert operator.post("/errors/groups/1-gone/note", {"note": "x"}).status_code == 409


def test_a_viewer_may_look_but_not_act(engine, group, viewer):
    page = text(viewer.get(f"/errors/groups/{group}"))
    assert "Retry all" not in page and 'name="task"' not in page
    assert viewer.get(f"/errors/groups/{group}/retry").status_code == 403
    for act in ("retry", "purge", "note", "snooze"):
        assert viewer.post(f"/errors/groups/{group}/{act}", {"not_after": "9e9"}).status_code == 403
    assert engine.browse.sizes("mail")["error"] == 4


def test_who_is_not_logged_in_sees_nothing(app, group):
    for address in ("/errors/", f"/errors/groups/{group}"):
        assert app.test_client().get(address).status_code == 303


def test_hostile_text_is_escaped(engine, group, operator, read):
    other = read()[1].id
    page = text(operator.get(f"/errors/groups/{other}"))
    assert "<script>alert" not in page and "&lt;script&gt;alert" in page


def test_a_task_that_left_meanwhile_is_not_shown(engine, group, operator):
    queue, task_id, _ = engine.error_groups.tasks(group).tasks[0]
    engine.store.client.zrem(engine.store.keys.state("error", queue), task_id)
    page = text(operator.get(f"/errors/groups/{group}"))
    assert page.count('name="task"') == 4 and "1 task of this page left error" in page


def test_secrets_are_hidden_in_what_tasks_have_in_common_and_in_samples(engine, operator, read):
    traceback = seed.TRACEBACK.replace(": gateway refused", ": password=hunter2 refused")
    seed.failed(engine, "mail", 3, kwargs={"api_token": "hunter2"}, traceback=traceback)
    group = read()[0].id
    for address in ("/errors/", "/", f"/errors/groups/{group}", f"/errors/groups/{group}/retry"):
        assert "hunter2" not in text(operator.get(address)), address
    assert "api_token = &#34;[hidden]&#34;" in text(operator.get(f"/errors/groups/{group}"))


def test_a_group_is_retried_with_one_canary_and_one_rate_over_its_queues(engine, group, operator):
    page = text(operator.get(f"/errors/groups/{group}/retry"))
    assert 'name="canary_seconds"' in page
    pace = {"canary": "1", "canary_failures": "2", "canary_seconds": "30", "rate": "10"}
    answer = operator.post(f"/errors/groups/{group}/retry", {"not_after": repr(time.time()), **pace})
    lead, other = (engine.operations.get(one) for one in engine.operations.newest()[0].together)
    assert answer.status_code == 303 and answer.location == f"/operations/{lead.id}"
    assert (lead.queue, lead.canary, lead.canary_failures, lead.canary_seconds, lead.rate) == ("mail", 1, 2, 30, 6)
    assert (other.queue, other.canary, other.follows_canary, other.rate) == ("shop.pay", 0, True, 4)
    assert 'name="canary"' not in text(operator.get(f"/errors/groups/{group}/purge"))


def test_operations_of_one_act_are_shown_and_steered_together(engine, group, operator):
    pace = {"canary": "1", "rate": "10"}
    operator.post(f"/errors/groups/{group}/retry", {"not_after": repr(time.time()), **pace})
    lead, other = engine.operations.newest()[0].together
    page = text(operator.get(f"/operations/{lead}"))
    assert "All 2 queues of this act" in page and "Pause all 2" in page and 'name="together"' in page
    assert "waits for the canary" in page
    assert "canary in another queue" in text(operator.get(f"/operations/{other}/progress?part=one"))
    operator.post(f"/operations/{lead}/pause", {"together": "yes", "reason": "wait for the deploy"})
    assert [engine.operations.get(one).paused for one in (lead, other)] == [True, True]
    operator.post(f"/operations/{other}/rate", {"together": "yes", "rate": "20"})
    assert [engine.operations.get(one).rate for one in (lead, other)] == [12, 8]
    operator.post(f"/operations/{other}/resume", {})
    assert [engine.operations.get(one).status for one in (lead, other)] == ["paused", "running"]
    operator.post(f"/operations/{other}/cancel", {})
    operator.post(f"/operations/{lead}/cancel", {"together": "yes"})
    assert [engine.operations.get(one).status for one in (lead, other)] == ["cancelled", "cancelled"]
    assert "cancelled" in text(operator.get(f"/operations/{lead}"))


@pytest.mark.parametrize("verb", ["retry", "purge"])
def test_the_preview_says_when_a_group_may_have_tasks_that_it_does_not_know(engine, group, operator, monkeypatch, verb):
    address = f"/errors/groups/{group}/{verb}"
    assert "are known one by one" not in text(operator.get(address))
    monkeypatch.setattr(type(engine), "settings", replace(engine.settings, max_error_group_tasks=5))
    assert "newest 5 tasks are known one by one" in text(operator.get(address))


def test_one_act_takes_so_many_of_each_queue_and_says_what_stays(engine, operator, read, raw, monkeypatch):
    monkeypatch.setattr("console.views.groups.MAX_OF_A_QUEUE", 4)
    seed.failed(engine, "mail", 6)
    seed.failed(engine, "shop.pay", 2)
    group = read()[0].id
    page = text(operator.get(f"/errors/groups/{group}/retry"))
    assert "<b>6 tasks</b> in 2 queues" in page and "2 more tasks of the group stay" in page
    operator.post(f"/errors/groups/{group}/retry", {"not_after": repr(time.time())})
    assert (engine.browse.sizes("mail")["error"], engine.browse.sizes("shop.pay")["error"]) == (2, 0)
