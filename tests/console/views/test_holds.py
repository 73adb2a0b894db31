"""What is held, on its page and on top of every page; and holding from the page of an error group."""

import time

import pytest

from queue_core.duties import Duties
from queue_core.siding import Siding
from tests.builders import ANNA, World
from tests.console import seed

FUNCTION = "shop.payments:charge"
MARKUP = "<script>alert(1)</script>"


def text(answer):
    return answer.get_data(as_text=True)


@pytest.fixture
def group(engine):
    """A group of errors in two queues."""
    seed.failed(engine, "mail", 3)
    seed.failed(engine, "shop.pay", 2)
    engine.snapshot.take()
    list(Duties(engine).index_errors())
    (group,) = engine.error_groups.summary().groups
    return group


@pytest.fixture
def world(raw, engine):
    return World(raw, engine.store)


def hold(engine, name=FUNCTION, **more):
    return engine.holds.hold_function(name, **{"actor": ANNA, "reason": "a fix ships"} | more)


def look(engine):
    for _ in range(2):
        for _ in Siding(engine.store).sweep():
            pass


def test_nothing_held_is_a_calm_sentence(operator):
    page = text(operator.get("/holds/"))
    assert "Nothing is held." in page and "Paused queues" in page and "Hold a function" in page


def test_a_hold_stands_on_its_page_and_on_top_of_every_page(engine, operator):
    held = hold(engine, queue="mail", reason=MARKUP)
    page = text(operator.get("/holds/"))
    assert FUNCTION.replace(".", ".") in page.replace("<wbr>", "") and f"/holds/{held.id}/release" in page
    assert MARKUP not in page and "&lt;script&gt;" in page
    assert "a fix" not in page and "Held</a>" in text(operator.get("/errors/"))


def test_how_many_wait_is_said_or_unknown(engine, operator):
    hold(engine, "app:work")
    assert "unknown: nobody has counted" in text(operator.get("/holds/"))
    seed.queued(engine, "mail")
    (task,) = engine.browse.page("mail", "queued").rows
    hold(engine, task.func)
    look(engine)
    page = text(operator.get("/holds/"))
    assert "<b>1 task</b> waits aside" in page and 'href="/queues/mail/scheduled"' in page
    listed = text(operator.get("/queues/mail/scheduled"))
    assert "held, queued" in listed and "2514" not in listed
    shown = text(operator.get(f"/queues/mail/tasks/{task.id}"))
    assert "it waits aside, queued" in shown


def test_a_function_is_held_and_released_and_one_comes_back_to_the_same_address(engine, operator):
    operator.get("/holds/")
    form = {"function": FUNCTION, "queue": "", "seconds": "3600", "reason": "a fix ships", "back": "/errors/?window=3"}
    answer = operator.post("/holds/begin", form)
    assert answer.status_code == 303 and answer.location == "/errors/?window=3"
    (held,) = engine.holds.all()
    assert held.name == FUNCTION and held.queue is None and 3500 < held.until_at - time.time() < 3700
    assert operator.post(f"/holds/{held.id}/release").status_code == 303
    assert engine.holds.all() == [] and "is released" in text(operator.get("/holds/"))


@pytest.mark.parametrize(
    "wrong",
    [{"reason": ""}, {"function": "", "what": "nothing:x"}, {"seconds": "soon"}, {"seconds": "99999999"}],
    ids=str,
)
def test_what_cannot_be_held_is_refused(engine, operator, wrong):
    operator.get("/holds/")
    form = {"function": FUNCTION, "seconds": "60", "reason": "a fix ships"} | wrong
    assert operator.post("/holds/begin", form).status_code == 400
    assert engine.holds.all() == []


def test_what_was_released_meanwhile_says_so(engine, operator):
    operator.get("/holds/")
    answer = operator.post("/holds/gone/release")
    assert answer.status_code == 409 and "no such hold" in text(answer)


def test_a_viewer_sees_and_may_not(engine, viewer):
    held = hold(engine)
    page = text(viewer.get("/holds/"))
    assert "Release" not in page and "Hold a function" not in page
    assert viewer.post(f"/holds/{held.id}/release").status_code == 403
    assert viewer.post("/holds/begin", {"function": FUNCTION, "reason": "x"}).status_code == 403
    assert len(engine.holds.all()) == 1


def test_the_group_page_holds_the_function_or_the_group_and_says_what_is_held(engine, operator, group):
    page = text(operator.get(f"/errors/groups/{group.id}"))
    func = group.functions[0][0]
    assert f'value="function:{func}"' in page and f'value="group:{group.id}"' in page
    form = {"what": f"group:{group.id}", "queue": "mail", "seconds": "", "reason": "a fix ships"}
    operator.post("/holds/begin", form)
    (held,) = engine.holds.all()
    assert (held.kind, held.name, held.queue, held.until_at) == ("group", group.id, "mail", None)
    page = text(operator.get(f"/errors/groups/{group.id}"))
    assert "What is retried goes aside and waits." in page
    assert "goes aside and runs only afterwards" in text(operator.get(f"/errors/groups/{group.id}/retry"))
    assert "runs only afterwards" not in text(operator.get(f"/errors/groups/{group.id}/purge"))


def test_the_page_of_a_task_holds_its_function(world, engine, operator):
    world.put("queued", "mail", "a", func=FUNCTION)
    page = text(operator.get("/queues/mail/tasks/a"))
    assert f'value="function:{FUNCTION}"' in page
    back = "/queues/mail/tasks/a"
    form = {"what": f"function:{FUNCTION}", "queue": "mail", "seconds": "3600", "reason": "a fix ships", "back": back}
    assert operator.post("/holds/begin", form).location == back
    (held,) = engine.holds.all()
    assert (held.kind, held.name, held.queue) == ("function", FUNCTION, "mail")


@pytest.mark.parametrize("func", ["", None, "a" * 201, "app.tasks:wo\u202erk", 7])
def test_a_function_without_a_usable_name_is_not_offered(world, operator, func):
    world.put("queued", "mail", "a", func=func)
    assert "Hold its function" not in text(operator.get("/queues/mail/tasks/a"))


def test_a_viewer_is_offered_no_hold_on_the_page_of_a_task(world, viewer):
    world.put("queued", "mail", "a", func=FUNCTION)
    assert "Hold its function" not in text(viewer.get("/queues/mail/tasks/a"))


def test_a_queue_is_paused_from_the_page_of_a_group(engine, operator, group):
    operator.get(f"/errors/groups/{group.id}")
    form = {"queue": "shop.pay", "seconds": "3600", "reason": "the gateway is down"}
    answer = operator.post(f"/errors/groups/{group.id}/pause", form)
    assert answer.location == f"/errors/groups/{group.id}"
    (pause,) = engine.control.pauses()
    assert (pause.queue, pause.reason) == ("shop.pay", "the gateway is down")
    assert operator.post(f"/errors/groups/{group.id}/pause", form | {"reason": ""}).status_code == 400


def test_records_that_are_broken_are_shown_and_can_be_released(engine, operator, raw):
    raw.hset("t:x:holds", "odd", "rubbish")
    assert "cannot be read" in text(operator.get("/holds/"))
    assert operator.post("/holds/odd/release").status_code == 303
    raw.set("t:x:holds", "rubbish")
    answer = operator.get("/errors/")
    assert answer.status_code == 200 and "What is held is unknown" in text(answer)
