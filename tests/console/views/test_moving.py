"""Moving many tasks to another queue: the ticked ones, all of a state, and all that match."""

import re

import pytest

from console.converters import to_segment
from queue_core import Actor
from queue_core.duties import Duties
from queue_core.errors import InvalidRequest
from tests.builders import HOSTILE_QUEUE, World
from tests.console import seed

SOMEBODY = Actor("ann", "command line")


def text(answer):
    return answer.get_data(as_text=True)


def form(page, **more):
    """What the form of the page sends, but for its token and the way back."""
    found = {}
    for name, value in re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', text(page)):
        if name not in ("csrf_token", "back"):
            found.setdefault(name, []).append(value)
    return found | more


@pytest.fixture
def gina(granted):
    """A viewer who is operator on billing."""
    return granted("billing")


# -- the ticked ones --
@pytest.mark.parametrize(
    ("address", "value"), [("/queues/mail/error/selected/move", "{}"), ("/errors/selected/move", "mail/{}")]
)
def test_ticked_tasks_are_asked_for_their_queue_and_then_moved(engine, operator, acts, address, value):
    one, two, three = seed.failed(engine, "mail", 3)
    page = operator.post(address, {"task": [value.format(one), value.format(three)]})
    assert page.status_code == 200 and "<b>2 tasks</b> in one queue" in text(page) and acts() == []
    answer = operator.post(address, form(page, to_queue=" post ", reason="wrong queue"))
    assert answer.status_code == 303
    assert engine.browse.states("post", one) == engine.browse.states("post", three) == ["error"]
    assert engine.browse.states("mail", two) == ["error"]
    assert acts() == [("move", "done")]
    assert "2 tasks moved." in text(operator.get("/errors/"))


def test_ticked_tasks_of_several_states_are_moved_from_the_list_of_all(engine, operator, acts):
    (failed,), (waiting,) = seed.failed(engine, "mail", 1), seed.queued(engine, "shop", 1)
    (planned,) = seed.queued(engine, "mail", 1, when=engine.clock.now() + 900)
    engine.snapshot.take()
    listed = text(operator.get("/tasks/"))
    assert 'formaction="/tasks/selected/move"' in listed and f'value="error/mail/{failed}"' in listed
    ticks = {"task": [f"error/mail/{failed}", f"queued/shop/{waiting}", f"scheduled/mail/{planned}"]}
    page = operator.post("/tasks/selected/move", ticks | {"back": "/tasks/?q=mail"})
    assert "<b>3 tasks</b> in 2 queues" in text(page) and 'href="/tasks/?q=mail"' in text(page) and acts() == []
    answer = operator.post("/tasks/selected/move", form(page, to_queue="post", back="/tasks/?q=mail"))
    assert (answer.status_code, answer.location) == (303, "/tasks/?q=mail")
    assert engine.browse.sizes("post") == {"queued": 1, "active": 0, "scheduled": 1, "error": 1}
    assert "3 tasks moved in 2 queues." in text(operator.get(answer.location))


def test_what_runs_is_left_alone_and_said(engine, raw, operator):
    World(raw, engine.store).put("active", "mail", "runs")
    (one,) = seed.failed(engine, "mail", 1)
    ticks = {"task": ["active/mail/runs", f"error/mail/{one}"]}
    assert "<b>1 task</b>" in text(operator.post("/tasks/selected/move", ticks))
    operator.post("/tasks/selected/move", ticks | {"to_queue": "post"})
    assert "1 task moved. 1 were left alone: there already, or not in" in text(operator.get("/errors/"))
    answer = operator.post("/tasks/selected/move", {"task": ["active/mail/runs"]})
    assert "No task is ticked that this can act on" in text(operator.get(answer.location))


def test_the_ticked_tasks_of_a_group_are_moved_and_lead_back_to_it(engine, operator):
    one, two = seed.failed(engine, "mail", 2)
    engine.snapshot.take()
    list(Duties(engine).index_errors())
    (group,) = engine.error_groups.summary().groups
    address = f"/errors/groups/{group.id}"
    assert 'formaction="/errors/selected/move"' in text(operator.get(address))
    page = operator.post("/errors/selected/move", {"task": [f"mail/{one}"], "back": address})
    assert f'href="{address}"' in text(page)
    answer = operator.post("/errors/selected/move", form(page, to_queue="post", back=address))
    assert answer.location == address and engine.browse.states("post", one) == ["error"]
    assert engine.browse.states("mail", two) == ["error"]


@pytest.mark.parametrize("tick", ["nowhere/mail/a", "error/~ZZ/a", ""])
def test_a_tick_that_names_no_place_is_refused(operator, tick):
    assert operator.post("/tasks/selected/move", {"task": [tick], "to_queue": "post"}).status_code == 400


def test_only_a_fault_of_the_queue_asks_again(engine, operator, monkeypatch):
    (one,) = seed.failed(engine, "mail", 1)

    def refuse(*args, **more):
        raise InvalidRequest("Something else is wrong.")

    monkeypatch.setattr(engine.operations, "start", refuse)
    answer = operator.post("/errors/selected/move", {"task": [f"mail/{one}"], "to_queue": "post"})
    assert answer.status_code == 400 and "Something else is wrong." in text(answer)
    assert "Nothing was moved." not in text(answer) and "data-act-failed" in text(answer)


def test_with_nothing_ticked_nothing_is_asked(operator):
    answer = operator.post("/queues/mail/error/selected/move")
    assert answer.status_code == 303 and "No task is ticked, so nothing was changed." in text(
        operator.get(answer.location)
    )


def test_a_ticked_task_that_has_left_is_skipped(engine, operator):
    one, two = seed.failed(engine, "mail", 2)
    engine.control.retry("mail", two, actor=SOMEBODY)
    operator.post("/queues/mail/error/selected/move", {"task": [one, two], "to_queue": "post"})
    assert "1 task moved; 1 skipped: moved or gone meanwhile." in text(operator.get("/errors/"))


def test_what_is_in_that_queue_already_is_left_alone(engine, operator):
    (one,), (two,) = seed.failed(engine, "mail", 1), seed.failed(engine, "post", 1)
    operator.post("/errors/selected/move", {"task": [f"mail/{one}", f"post/{two}"], "to_queue": "post"})
    assert "1 task moved. 1 were left alone: there already" in text(operator.get("/errors/"))
    answer = operator.post("/errors/selected/move", {"task": [f"post/{one}"], "to_queue": "post"})
    assert answer.status_code == 400 and "in that queue already" in text(answer)


@pytest.mark.parametrize("name", ["", "a\nb", "x" * 201])
def test_a_queue_that_cannot_be_is_refused(engine, operator, name):
    (one,) = seed.failed(engine, "mail", 1)
    answer = operator.post("/queues/mail/error/selected/move", {"task": [one], "to_queue": name})
    assert answer.status_code == 400 and "printable" in text(answer)
    assert engine.browse.states("mail", one) == ["error"]


@pytest.mark.parametrize(
    ("address", "value"), [("/queues/mail/error/selected/move", "{}"), ("/errors/selected/move", "mail/{}")]
)
def test_a_queue_that_cannot_be_loses_neither_the_ticks_nor_what_was_typed(engine, operator, acts, address, value):
    one, two = seed.failed(engine, "mail", 2)
    ticks = {"task": [value.format(one), value.format(two)]}
    answer = operator.post(address, ticks | {"to_queue": "mail", "reason": "wrong <queue>"})
    page = text(answer)
    assert answer.status_code == 400 and acts() == [("move selected", "failed")]
    assert "Nothing was moved." in page and "in that queue already" in page and "<b>2 tasks</b> in one queue" in page
    assert 'name="to_queue"' in page and 'value="mail"' in page and 'value="wrong &lt;queue&gt;"' in page
    assert form(answer) == ticks

    assert operator.post(address, form(answer, to_queue="post", reason="wrong <queue>")).status_code == 303
    assert engine.browse.states("post", one) == engine.browse.states("post", two) == ["error"]


def test_what_was_typed_for_a_queue_comes_back_as_text(engine, operator):
    (one,) = seed.failed(engine, "mail", 1)
    typed = {"task": [one], "to_queue": '"><b>\x00' + "x" * 300}
    assert 'value="&#34;&gt;&lt;b&gt;' in text(operator.post("/queues/mail/error/selected/move", typed))


# -- all of a state --
def test_all_of_a_state_is_previewed_and_moved(engine, operator, acts):
    seed.failed(engine, "mail", 3)
    page = operator.get("/queues/mail/all/move/error")
    assert "<b>3 tasks</b> of 3" in text(page) and "Undo takes back" in text(page)
    seed.failed(engine, "mail", 1)
    answer = operator.post("/queues/mail/all/move/error", form(page, to_queue="post", reason="wrong"))
    (operation,) = engine.operations.newest()
    assert (answer.status_code, answer.location) == (303, f"/operations/{operation.id}")
    assert (operation.verb, operation.to_queue, operation.done, operation.reason) == ("move", "post", 3, "wrong")
    assert engine.browse.sizes("post")["error"] == 3 and engine.browse.sizes("mail")["error"] == 1
    shown = text(operator.get(answer.location))
    assert "<dt>To</dt>" in shown and "Undo: move 3 tasks back" in shown
    assert acts() == [("move", "done")]


@pytest.mark.parametrize("state", ["queued", "scheduled"])
def test_other_states_are_moved_too(engine, operator, state):
    seed.queued(engine, "mail", 2, when=engine.clock.now() + 900 if state == "scheduled" else None)
    page = operator.get(f"/queues/mail/all/move/{state}")
    operator.post(f"/queues/mail/all/move/{state}", form(page, to_queue="post"))
    assert engine.browse.sizes("post")[state] == 2


def test_a_rate_makes_it_an_operation_of_the_sweeper(engine, operator):
    seed.failed(engine, "mail", 3)
    page = operator.get("/queues/mail/all/move/error")
    operator.post("/queues/mail/all/move/error", form(page, to_queue="post", rate="0.5"))
    (operation,) = engine.operations.newest()
    assert (operation.status, operation.rate) == ("running", 0.5)


def test_above_a_thousand_the_number_is_typed(engine, raw, operator):
    world = World(raw, engine.store)
    for number in range(1001):
        world.put("error", "mail", f"{number:04}")
    page = operator.get("/queues/mail/all/move/error")
    assert "Type <b>1001</b>" in text(page)
    assert operator.post("/queues/mail/all/move/error", form(page, to_queue="post")).status_code == 400
    assert engine.operations.newest() == []
    answer = operator.post("/queues/mail/all/move/error", form(page, to_queue="post", typed="1 001"))
    assert answer.status_code == 303 and engine.operations.newest()[0].matched == 1001


def test_the_same_queue_is_refused(engine, operator):
    seed.failed(engine, "mail", 1)
    page = operator.get("/queues/mail/all/move/error")
    answer = operator.post("/queues/mail/all/move/error", form(page, to_queue="mail"))
    assert answer.status_code == 400 and "in that queue already" in text(answer)


def test_hostile_names_stay_text(engine, raw, operator):
    World(raw, engine.store).put("error", HOSTILE_QUEUE, "a")
    page = operator.get(f"/queues/{to_segment(HOSTILE_QUEUE)}/all/move/error")
    assert page.status_code == 200 and "<b>1 task</b> of 1" in text(page)
    answer = operator.post(f"/queues/{to_segment(HOSTILE_QUEUE)}/all/move/error", form(page, to_queue="post"))
    assert answer.status_code == 303 and operator.get(answer.location).status_code == 200


# -- all that match --
def test_what_matches_is_moved_from_each_queue(engine, operator):
    seed.failed(engine, "mail", 2)
    seed.failed(engine, "pay", 1)
    seed.failed(engine, "post", 1)
    seed.failed(engine, "mail", 1, exception_name="shop.errors:Late", traceback="")
    engine.snapshot.take()
    page = operator.get("/matching/move", query_string={"q": "exc:GatewayDown"})
    assert "<b>4 tasks</b>" in text(page) and 'name="to_queue"' in text(page)
    assert operator.post("/matching/move", form(page, to_queue="post", reason="wrong")).status_code == 303
    assert engine.browse.sizes("post")["error"] == 4
    assert engine.browse.sizes("mail")["error"] == 1 and engine.browse.sizes("pay")["error"] == 0
    assert {(one.verb, one.query, one.reason) for one in engine.operations.newest()} == {
        ("move", "exc:GatewayDown", "wrong")
    }


def test_a_group_leads_there(engine, operator):
    seed.failed(engine, "mail", 2)
    engine.snapshot.take()
    list(Duties(engine).index_errors())
    (group,) = engine.error_groups.summary().groups
    assert f"/matching/move?q=group:{group.id}" in text(operator.get(f"/errors/groups/{group.id}"))
    page = operator.get("/matching/move", query_string={"q": f"group:{group.id}"})
    assert "<b>2 tasks</b>" in text(page)


# -- who may --
def test_a_move_needs_the_right_on_both_queues(engine, gina):
    (one,) = seed.failed(engine, "billing", 1)
    (other,) = seed.failed(engine, "mail", 1)
    engine.snapshot.take()
    not_after = engine.clock.now()
    ticked = "/queues/billing/error/selected/move"
    assert gina.post(ticked, {"task": [one], "to_queue": "mail"}).status_code == 403
    assert gina.post("/errors/selected/move", {"task": [f"mail/{other}"], "to_queue": "billing"}).status_code == 403
    whole = {"not_after": not_after, "matched": 1}
    assert gina.post("/queues/billing/all/move/error", whole | {"to_queue": "mail"}).status_code == 403
    assert gina.post("/queues/mail/all/move/error", whole | {"to_queue": "billing"}).status_code == 403
    matching = whole | {"q": "exc:*", "queue": "billing"}
    assert gina.post("/matching/move", matching | {"to_queue": "mail"}).status_code == 403
    assert engine.operations.newest() == []
    assert gina.post(ticked, {"task": [one], "to_queue": "billing.eu"}).status_code == 303
    assert engine.browse.states("billing.eu", one) == ["error"]


def test_a_move_under_way_is_steered_by_who_may_on_both_queues(engine, gina):
    seed.failed(engine, "billing", 1)
    operation = engine.operations.start("move", "billing", "error", actor=SOMEBODY, to_queue="mail", rate=0.01)
    assert gina.post(f"/operations/{operation.id}/cancel").status_code == 403
    assert engine.operations.get(operation.id).status == "running"


def test_a_viewer_gets_none_of_it(engine, viewer):
    seed.failed(engine, "mail", 1)
    for address in ("/queues/mail/all/move/error", "/matching/move"):
        assert viewer.get(address).status_code == 403
    for page in ("/queues/mail/error", "/errors/tasks"):
        assert "/move" not in text(viewer.get(page))
