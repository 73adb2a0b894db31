"""Ticked tasks led elsewhere: to another time, into another queue, and back; as HTML and in a browser."""

import re
from datetime import UTC, datetime

import pytest

from console import create_app
from console.settings import ConsoleSettings
from queue_core import Actor
from queue_core.errors import StoreUnavailable
from queue_core.operations.undoing import MOST_MOVED
from tests.builders import HOSTILE_ID, HOSTILE_QUEUE, World
from tests.console import seed
from tests.console.visitor import PASSWORD, Visitor

SOMEBODY = Actor("noor", "command line")
FAR = 4_000_000_000.0
"""In the year 2096: nothing is due while a test runs, and a browser can show it."""
AN_EVENING = datetime(2097, 1, 31, 18, tzinfo=UTC).timestamp()


def text(answer):
    return answer.get_data(as_text=True)


def when(kind):
    return f"/scheduled/selected/{kind}"


@pytest.fixture
def world(engine, raw):
    return World(raw, engine.store)


@pytest.fixture
def planned(engine, world):
    """Three tasks a minute apart in one queue, one in another."""
    for number in range(3):
        world.put("scheduled", "mail", f"m{number}", score=FAR + 60 * number)
    world.put("scheduled", "pay", "p", score=FAR + 30)
    engine.snapshot.take()


@pytest.fixture
def gina(granted):
    """A viewer who is operator on mail."""
    return granted("mail")


def due(world, queue="mail"):
    return {one: score - FAR for one, score in world.scores("scheduled", queue).items()}


# -- another time --
def test_the_list_has_boxes_for_those_who_may_act_and_leads_to_all_kinds(planned, operator, viewer, gina):
    page = text(operator.get("/scheduled/?q=ma"))
    assert page.count('name="task" form="ticked"') == 3 and 'value="mail/m0"' in page
    for kind in ("at", "shift", "now"):
        assert f'action="{when(kind)}"' in page
    assert 'name="back" value="/scheduled/?q=ma"' in page
    assert 'name="task"' not in text(viewer.get("/scheduled/")) and when("at") not in text(viewer.get("/scheduled/"))
    page = text(gina.get("/scheduled/"))
    assert page.count('name="task" form="ticked"') == 3 and 'value="pay/p"' not in page


def test_ticked_ones_are_shifted_at_once_as_one_act_and_lead_back(planned, world, engine, operator, acts):
    ticks = {"task": ["mail/m0", "mail/m2", "pay/p"], "seconds": "900", "back": "/scheduled/?q=m&window=7d"}
    answer = operator.post(when("shift"), ticks)
    assert (answer.status_code, answer.location) == (303, "/scheduled/?q=m&window=7d")
    assert due(world) == {"m1": 60, "m0": 900, "m2": 1020} and due(world, "pay") == {"p": 930}
    assert "3 tasks given another time in 2 queues." in text(operator.get(answer.location))
    assert acts() == [("reschedule", "done")] * 2
    assert len(engine.operations.together(engine.operations.newest()[0]).operations) == 2


def test_they_are_asked_for_their_time_with_ticks_reason_and_what_is_touched(planned, world, operator, acts):
    ticks = {"task": ["mail/m0", "pay/p"], "back": "/scheduled/?q=x"}
    asked = operator.post(when("at"), ticks)
    page = text(asked)
    assert asked.status_code == 200 and acts() == []
    assert "<b>2 tasks</b> in 2 queues" in page and 'href="/scheduled/?q=x"' in page
    assert page.count('name="task" value="mail/m0"') == 4, "each of four forms has the ticks"
    assert "in <span data-zone-name>UTC</span>" in page
    answer = operator.post(when("at"), ticks | {"due_at": "2097-01-31T18:00Z", "reason": "after the move"})
    assert answer.location == "/scheduled/?q=x"
    assert set(world.scores("scheduled", "mail").values()) >= {AN_EVENING}
    assert "Due at 2097-01-31 18:00:00 UTC." in text(operator.get(answer.location))


def test_a_typed_amount_goes_earlier_too_and_a_spread_begins_with_the_first(planned, world, operator):
    ticks = {"task": ["mail/m0", "mail/m2"]}
    operator.post(when("shift"), ticks | {"amount": "0.5", "unit": "60", "direction": "earlier"})
    assert due(world) == {"m0": -30, "m1": 60, "m2": 90}
    operator.post(when("spread"), {"task": ["mail/m0", "mail/m2", "pay/p"], "amount": "20", "unit": "60"})
    assert due(world) == {"m0": -30, "m1": 60, "m2": 570} and due(world, "pay") == {"p": -30}


def test_they_are_run_now(planned, world, engine, operator):
    operator.post(when("now"), {"task": ["mail/m1"], "reason": "the bank waits"})
    assert world.scores("scheduled", "mail")["m1"] <= engine.store.now()
    assert engine.operations.newest()[0].reason == "the bank waits"


@pytest.mark.parametrize(
    ("kind", "typed"),
    [("shift", {"amount": "<b>x", "unit": "60"}), ("shift", {"amount": "0"}), ("spread", {"amount": "-1"}),
     ("at", {"due_at": "2030-99-01T00:00"})],
)  # fmt: skip
def test_a_fault_gives_the_form_back_with_its_ticks_and_what_was_typed(planned, world, operator, kind, typed):
    answer = operator.post(when(kind), {"task": ["mail/m0"], "reason": "<i>night", "back": "/scheduled/"} | typed)
    page = text(answer)
    assert answer.status_code == 400 and "No task was given another time." in page
    assert 'name="task" value="mail/m0"' in page and "&lt;i&gt;night" in page and "<b>x" not in page
    if "amount" in typed:
        assert re.findall(r'name="amount" value="([^"]+)"', page) == [typed["amount"].replace("<b>", "&lt;b&gt;")]
    assert due(world) == {"m0": 0, "m1": 60, "m2": 120}


def test_a_time_beyond_every_calendar_is_refused(planned, world, operator, acts):
    for typed in ("2600-01-01T00:00", "1969-01-01T00:00"):
        assert operator.post(when("at"), {"task": ["mail/m0"], "due_at": typed}).status_code == 400
    assert due(world)["m0"] == 0 and acts() == [("reschedule selected", "failed")] * 2


def test_with_nothing_ticked_nothing_is_asked_and_nothing_done(planned, world, operator, acts):
    for typed in ({}, {"seconds": "900"}):
        answer = operator.post(when("shift"), typed)
        assert answer.status_code == 303
        assert "No task is ticked, so nothing was changed." in text(operator.get(answer.location))
    assert acts() == []


def test_what_has_left_or_got_another_time_meanwhile_is_skipped(planned, world, engine, operator):
    engine.control.cancel("mail", "scheduled", "m0", actor=SOMEBODY)
    operator.post(when("shift"), {"task": ["mail/m0", "mail/m1", "mail/never"], "seconds": "60"})
    assert due(world) == {"m1": 120, "m2": 120}
    assert "1 task given another time; 2 skipped" in text(operator.get("/scheduled/"))


def test_it_needs_the_right_on_all_queues(planned, world, viewer, gina, acts):
    for kind in ("at", "shift", "now"):
        assert viewer.post(when(kind), {"task": ["mail/m0"], "seconds": "60"}).status_code == 403
    assert gina.post(when("now"), {"task": ["mail/m0", "pay/p"]}).status_code == 403
    assert due(world)["m0"] == 0
    assert gina.post(when("shift"), {"task": ["mail/m0"], "seconds": "60"}).status_code == 303
    assert due(world)["m0"] == 60


def test_a_kind_that_is_none_and_a_form_without_token_are_refused(planned, app, operator):
    assert operator.post("/scheduled/selected/never", {"task": ["mail/m0"]}).status_code == 404
    assert operator.get(when("now")).status_code in (404, 405)


def test_a_read_only_console_changes_nothing(planned, world, engine):
    engine.people.add("olga", PASSWORD, "operator")
    visitor = Visitor(create_app(engine, ConsoleSettings(read_only=True)))
    visitor.log_in("olga")
    assert visitor.post(when("now"), {"task": ["mail/m0"]}).status_code == 403
    assert due(world)["m0"] == 0


def test_hostile_names_stay_text(world, engine, operator):
    world.put("scheduled", HOSTILE_QUEUE, HOSTILE_ID, score=FAR)
    engine.snapshot.take()
    (tick,) = re.findall(r'name="task" form="ticked" value="([^"]*)"', text(operator.get("/scheduled/")))
    asked = operator.post(when("at"), {"task": [tick]})
    assert asked.status_code == 200 and f'name="task" value="{tick}"' in text(asked)
    assert operator.post(when("shift"), {"task": [tick], "seconds": "60"}).status_code == 303
    assert world.scores("scheduled", HOSTILE_QUEUE) == {HOSTILE_ID: FAR + 60}
    assert operator.post(when("shift"), {"task": ["~ZZ/a"], "seconds": "60"}).status_code == 400


def test_while_redis_is_away_nobody_is_told_that_it_was_done(planned, engine, operator, monkeypatch):
    def away(*args, **more):
        raise StoreUnavailable

    monkeypatch.setattr(engine.operations, "start_together", away)
    answer = operator.post(when("shift"), {"task": ["mail/m0"], "seconds": "60", "back": "/scheduled/"})
    assert answer.status_code == 503 and "data-act-failed" in text(answer) and 'href="/scheduled/"' in text(answer)


# -- and back --
def undo_of(page):
    return re.search(r'<form method="post" action="([^"]*/undo[^"]*)"', page)[1].replace("&amp;", "&")


def test_after_a_move_the_notice_has_an_undo_that_takes_it_back(engine, world, operator):
    one, two, _ = seed.failed(engine, "mail", 3)
    before = world.scores("error", "mail")
    operator.post("/queues/mail/error/selected/move", {"task": [one, two], "to_queue": "post", "reason": "new name"})
    answer = operator.post(undo_of(text(operator.get("/queues/mail/error"))))
    undoing, moved = engine.operations.newest()
    assert answer.location == f"/operations/{undoing.id}" and undoing.undoes == moved.id
    page = text(operator.get(answer.location))
    assert "2 tasks moved back." in page and f'href="/operations/{moved.id}"' in page
    assert "the operation that moved them" in page
    assert engine.browse.sizes("mail")["error"] == 3 and engine.browse.sizes("post")["error"] == 0
    assert world.scores("error", "mail") == before


def test_what_was_moved_from_several_queues_is_undone_at_once(engine, operator, acts):
    (one,), (two,), _ = (seed.failed(engine, queue, 1) for queue in ("mail", "pay", "shop"))
    ticks = {"task": [f"mail/{one}", f"pay/{two}"], "to_queue": "shop"}
    operator.post("/errors/selected/move", ticks)
    address = undo_of(text(operator.get("/errors/")))
    assert "also=" in address
    operator.post(address)
    assert "2 tasks moved back." in text(operator.get("/errors/"))
    assert [engine.browse.sizes(queue)["error"] for queue in ("mail", "pay", "shop")] == [1, 1, 1]
    assert acts() == [("move", "done")] * 4
    assert operator.post(address).status_code == 400


def test_where_one_of_several_moves_was_undone_before_the_others_are_undone(engine, operator):
    (one,), (two,), _ = (seed.failed(engine, queue, 1) for queue in ("mail", "pay", "shop"))
    operator.post("/errors/selected/move", {"task": [f"mail/{one}", f"pay/{two}"], "to_queue": "shop"})
    address = undo_of(text(operator.get("/errors/")))
    for moved in engine.operations.newest():
        if moved.queue == "pay":
            engine.operations.run_small(engine.operations.undo(moved.id, actor=SOMEBODY))
    assert operator.post(address).status_code == 303
    assert "1 task moved back." in text(operator.get("/errors/"))
    assert [engine.browse.sizes(queue)["error"] for queue in ("mail", "pay", "shop")] == [1, 1, 1]


def test_what_was_deleted_in_several_queues_is_restored_at_once(engine, operator):
    (one,), (two,) = (seed.failed(engine, queue, 1) for queue in ("mail", "pay"))
    operator.post("/errors/selected/delete", {"task": [f"mail/{one}", f"pay/{two}"]})
    operator.post(undo_of(text(operator.get("/errors/"))))
    assert "2 tasks restored." in text(operator.get("/errors/"))
    assert engine.browse.states("mail", one) == engine.browse.states("pay", two) == ["error"]


def test_the_page_of_a_move_offers_its_undo_and_tells_what_came_of_it(engine, operator):
    one, two = seed.failed(engine, "mail", 2)
    operator.post("/queues/mail/error/selected/move", {"task": [one, two], "to_queue": "post"})
    (moved,) = engine.operations.newest()
    address = f"/operations/{moved.id}"
    assert "Undo: move 2 tasks back" in text(operator.get(address))
    engine.control.retry("post", one, actor=SOMEBODY)
    operator.post(f"{address}/undo")
    assert "1 task moved back; 1 skipped: moved, gone or changed meanwhile." in text(operator.get("/errors/"))
    page = text(operator.get(address))
    assert "It was undone" in page and "1 task moved back, 1 skipped" in page
    assert "is left to take back" in page and "Undo: move" not in page
    assert operator.post(f"{address}/undo").status_code == 400


def test_the_page_says_why_a_large_move_cannot_be_undone(engine, raw, operator):
    seed.failed(engine, "mail", 1)
    moved = engine.operations.start("move", "mail", "error", actor=SOMEBODY, to_queue="post")
    raw.hset(f"t:x:operation:{moved.id}", mapping={"done": MOST_MOVED, "matched": MOST_MOVED + 1})
    engine.operations.step(moved.id)
    page = text(operator.get(f"/operations/{moved.id}"))
    assert "There is no undo for this." in page and "moved more than 10,000 tasks" in page and "moved back from" in page
    assert f"{MOST_MOVED:,}".replace(",", " ") in text(operator.get("/queues/post/all/move/error"))


def test_an_undo_needs_the_right_on_both_queues(engine, gina, viewer):
    (one,) = seed.failed(engine, "mail", 1)
    moved = engine.operations.start("move", "mail", "error", actor=SOMEBODY, task_ids=[one], to_queue="post")
    engine.operations.run_small(moved)
    assert "Undo: move" not in text(gina.get(f"/operations/{moved.id}"))
    for somebody in (gina, viewer):
        assert somebody.post(f"/operations/{moved.id}/undo").status_code == 403
    assert engine.browse.states("post", one) == ["error"]
    assert gina.post(f"/operations/none/undo?also={moved.id}").status_code in (403, 409)


def test_an_undo_of_an_operation_that_is_gone_says_so(engine, raw, operator):
    (one,) = seed.failed(engine, "mail", 1)
    operator.post("/queues/mail/error/selected/move", {"task": [one], "to_queue": "post"})
    address = undo_of(text(operator.get("/queues/post/error")))
    (moved,) = engine.operations.newest()
    raw.delete(f"t:x:operation:{moved.id}")
    assert operator.post(address).status_code == 409
    assert engine.browse.states("post", one) == ["error"]


# -- in a browser --
def test_ticked_ones_are_set_to_a_moment_in_the_zone_of_the_browser(planned, world, page):
    from playwright.sync_api import expect

    page.goto("/scheduled/?q=mail")
    boxes = page.locator("input[name=task]")
    boxes.first.click()
    boxes.nth(2).click(modifiers=["Shift"])
    page.get_by_role("button", name="Another time for selected: 3…").click()
    page.get_by_label("Due at, in Asia/Tokyo").fill("2097-02-01T03:00")
    expect(page.locator("[data-zoned-utc]")).to_contain_text("18:00 UTC")
    page.get_by_role("button", name="Set 3 tasks").click()
    expect(page.get_by_role("status").filter(has_text="Due at 2097-01-31 18:00:00 UTC.")).to_be_visible()
    assert page.url.endswith("/scheduled/?q=mail")
    assert set(world.scores("scheduled", "mail").values()) == {AN_EVENING}


def test_all_of_a_filter_are_set_to_a_moment_that_stays_in_its_field(planned, world, page):
    from playwright.sync_api import expect

    page.goto("/scheduled/?q=mail")
    page.get_by_role("link", name="Set all to…").click()
    page.get_by_label("All become due at, in Asia/Tokyo").fill("2097-02-01T03:00")
    page.get_by_role("button", name="Look").click()
    expect(page.get_by_label("All become due at, in Asia/Tokyo")).to_have_value(re.compile("^2097-02-01T03:00"))
    page.get_by_role("button", name="Set 3 tasks").click()
    expect(page.get_by_role("status").filter(has_text="3 tasks given another time.")).to_be_visible()
    assert set(world.scores("scheduled", "mail").values()) == {AN_EVENING}


def test_a_move_from_the_list_of_all_is_undone_from_its_notice(engine, page):
    from playwright.sync_api import expect

    seed.failed(engine, "mail", 2)
    seed.failed(engine, "pay", 1)
    engine.snapshot.take()
    page.goto("/tasks/?q=state:error")
    page.get_by_label("Tick all on this page").check()
    page.get_by_role("button", name="Move selected: 3…").click()
    page.get_by_label("To the queue").fill("post")
    page.get_by_role("button", name="Move 3 tasks").click()
    expect(page.get_by_role("status").filter(has_text="3 tasks moved in 2 queues.")).to_be_visible()
    assert engine.browse.sizes("post")["error"] == 3
    page.get_by_role("button", name="Undo", exact=True).click()
    expect(page.get_by_role("status").filter(has_text="3 tasks moved back.")).to_be_visible()
    assert [engine.browse.sizes(queue)["error"] for queue in ("mail", "pay", "post")] == [2, 1, 0]
    page.get_by_role("link", name="the operation that moved them").click()
    expect(page.get_by_text("It was undone")).to_be_visible()


@pytest.mark.parametrize(
    ("listed", "asks", "field", "typed", "press"),
    [
        ("/errors/tasks", "Move selected: 2…", "To the queue", "post", "Move 2 tasks"),
        ("/scheduled/", "Another time for selected: 2…", "Each by", "20", "Shift 2 tasks"),
    ],
)
def test_what_was_typed_and_ticked_comes_back_after_a_login(
    engine, page, world, listed, asks, field, typed, press
):  # fmt: skip
    from playwright.sync_api import expect

    for number in range(3):
        world.put("scheduled", "mail", f"m{number}", score=FAR + 60 * number)
    seed.failed(engine, "mail", 3)
    engine.snapshot.take()
    page.goto(listed)
    for number in (0, 2):
        page.locator("input[name=task]").nth(number).check()
    page.get_by_role("button", name=asks).click()
    page.get_by_label(field).fill(typed)
    form = page.locator("form", has=page.get_by_role("button", name=press))
    form.get_by_label("Reason").fill("the bank moves")
    engine.people.end_sessions("ann")
    page.get_by_role("button", name=press).click()
    expect(page.get_by_text("What you typed comes back")).to_be_visible()
    page.get_by_role("link", name="Log in and go back").click()
    page.get_by_label("Name").fill("ann")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.locator("input[name=task]:checked")).to_have_count(2)
    page.get_by_role("button", name=asks).click()
    expect(page.get_by_label(field)).to_have_value(typed)
    expect(form.get_by_label("Reason")).to_have_value("the bank moves")
    page.get_by_role("button", name=press).click()
    expect(page.get_by_role("status").filter(has_text=re.compile("^ *2 tasks"))).to_be_visible()
    assert {one.reason for one in engine.operations.newest()} == {"the bank moves"}
    assert sum(one.done for one in engine.operations.newest()) == 2
