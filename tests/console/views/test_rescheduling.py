"""Another time for all scheduled tasks of a filter."""

import re

import pytest

from queue_core.hold import ASIDE_AT
from tests.builders import HOSTILE_ID, HOSTILE_QUEUE, World
from tests.console.visitor import PASSWORD, Visitor

FAR = 9e9


def text(answer):
    return answer.get_data(as_text=True)


@pytest.fixture
def world(engine, raw):
    return World(raw, engine.store)


@pytest.fixture
def planned(engine, world):
    """Four tasks a minute apart in one queue, one in another."""
    for number in range(4):
        world.put("scheduled", "mail", f"m{number}", score=FAR + 60 * number)
    world.put("scheduled", "pay", "p", score=FAR + 30)
    engine.snapshot.take()


def form(page, **more):
    """What the form of the preview sends."""
    found = {}
    act = text(page).partition('method="post" action="/scheduled/all')[2].partition("</form>")[0]
    for name, value in re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', act):
        if name != "csrf_token":
            found.setdefault(name, []).append(value)
    return found | more


def due(world, queue="mail"):
    return [score - FAR for score in world.scores("scheduled", queue).values()]


def act(operator, kind, reason="night", **query):
    page = operator.get(f"/scheduled/all/{kind}", query_string=query)
    return operator.post(f"/scheduled/all/{kind}", form(page, reason=reason))


def test_the_list_leads_to_all_three_with_its_filter(planned, operator):
    page = text(operator.get("/scheduled/?q=ma&since=9000000000&until=9000000100"))
    for kind in ("shift", "spread", "now"):
        assert f"/scheduled/all/{kind}?q=ma&amp;since=9000000000.0&amp;until=9000000100.0" in page


def test_the_preview_says_what_and_when_before_and_after_and_changes_nothing(planned, world, operator):
    before = world.dump()["t:scheduled:mail"]
    page = text(operator.get("/scheduled/all/shift"))
    assert "<b>5 tasks</b>" in page and "2 queues" in page and "Say by how much" in page
    assert 'name="reason"' not in page
    page = text(operator.get("/scheduled/all/shift?amount=2&unit=3600&direction=later"))
    assert "Shift 5 tasks by 2 h later" in page and 'name="reason"' in page
    assert "2255-03-14 16:00" in page and "2255-03-14 18:03" in page and "app.tasks:work" in page.replace("<wbr>", "")
    assert world.dump()["t:scheduled:mail"] == before


def test_the_last_one_is_the_last_of_all_however_many_there_are(planned, world, raw, engine, operator):
    raw.zadd("t:scheduled:large", {f"{number:04}": FAR + 60 * number for number in range(4100)})
    raw.sadd("t:scheduled", "large")
    for number in range(3600, 4100):
        raw.set(f"t:task:{number}", '{"func": "app.tasks:late"}')
    engine.snapshot.take()
    page = text(operator.get("/scheduled/all/shift?amount=1&unit=86400&direction=later"))
    assert "<b>4 105 tasks</b>" in page.replace("\N{NARROW NO-BREAK SPACE}", " ").replace("\N{NO-BREAK SPACE}", " ")
    # a minute from one to the next: 4,099 of them are 2 days, 20 hours and 19 minutes
    assert "2255-03-17 12:19" in page and "2255-03-18 12:19" in page
    assert "app.tasks:late" in page.replace("<wbr>", "")


def test_all_are_shifted_and_told_together(planned, world, engine, operator, acts):
    answer = act(operator, "shift", amount="2", unit="3600", direction="later")
    assert answer.status_code == 303
    assert due(world) == [7200, 7260, 7320, 7380] and due(world, "pay") == [7230]
    page = text(operator.get(answer.location))
    assert "5 tasks given another time." in page and "All 2 queues of this act" in page
    assert "2 h later" in page and "There is no undo" in page
    assert acts() == [("reschedule", "done")] * 2
    assert {one.reason for one in engine.operations.newest()} == {"night"}


def test_earlier_is_earlier(planned, world, operator):
    act(operator, "shift", amount="0.5", unit="60", direction="earlier")
    assert due(world) == [-30, 30, 90, 150]


def test_all_are_spread_from_the_first_of_all_queues_on(planned, world, operator):
    answer = act(operator, "spread", amount="20", unit="60")
    assert due(world) == [0, 300, 600, 900] and due(world, "pay") == [0]
    assert "one after the other over 20 min" in text(operator.get(answer.location))


def test_all_are_run_now(planned, world, engine, operator):
    answer = act(operator, "now")
    assert all(score <= engine.store.now() for score in world.scores("scheduled", "mail").values())
    assert "at once" in text(operator.get(answer.location))


def test_only_the_filter_is_meant_by_name_and_by_window(planned, world, operator):
    act(operator, "shift", q="ma", since=str(FAR + 60), until=str(FAR + 180), amount="1", unit="86400")
    assert due(world) == [0, 180, 60 + 86400, 120 + 86400] and due(world, "pay") == [30]


def test_what_waits_for_a_hold_is_not_counted_and_keeps_its_place(planned, world, operator):
    world.put("scheduled", "mail", "held", score=ASIDE_AT + 5)
    page = operator.get("/scheduled/all/now?q=mail")
    assert "<b>4 tasks</b>" in text(page)
    operator.post("/scheduled/all/now", form(page))
    assert world.scores("scheduled", "mail")["held"] == ASIDE_AT + 5


def test_a_rate_leaves_it_to_the_sweeper(planned, engine, operator):
    page = operator.get("/scheduled/all/now")
    answer = operator.post("/scheduled/all/now", form(page, rate="5"))
    assert sorted(one.rate for one in engine.operations.newest()) == [1.0, 4.0]
    assert "2 operations are running" in text(operator.get(answer.location))


def test_above_a_thousand_the_number_is_typed(world, engine, operator):
    for number in range(1001):
        world.put("scheduled", "mail", f"{number:04}", score=FAR + number)
    engine.snapshot.take()
    page = operator.get("/scheduled/all/now")
    assert "Type <b>1001</b>" in text(page)
    assert operator.post("/scheduled/all/now", form(page)).status_code == 400
    assert engine.operations.newest() == []
    assert operator.post("/scheduled/all/now", form(page, typed="1001")).status_code == 303
    assert engine.operations.newest()[0].matched == 1001


def plan_more(world, count, score=FAR):
    for number in range(count):
        world.put("scheduled", "mail", f"more{number}", score=score)


def test_far_more_than_the_preview_showed_is_refused(planned, world, engine, operator):
    page = operator.get("/scheduled/all/now")
    plan_more(world, 30)
    answer = operator.post("/scheduled/all/now", form(page))
    assert answer.status_code == 400 and "Meanwhile there are 35; open the preview again." in text(answer)
    assert engine.operations.newest() == [] and len(due(world)) == 34
    assert operator.post("/scheduled/all/now", form(operator.get("/scheduled/all/now"))).status_code == 303


def test_a_few_more_than_the_preview_showed_are_meant_too(planned, world, engine, operator):
    page = operator.get("/scheduled/all/now?q=mail")
    plan_more(world, 5)
    assert operator.post("/scheduled/all/now", form(page)).status_code == 303
    assert engine.operations.newest()[0].matched == 9


def test_what_came_in_outside_of_what_is_meant_refuses_nothing(planned, world, operator):
    page = operator.get(f"/scheduled/all/now?q=mail&until={FAR + 120}")
    plan_more(world, 30, score=FAR + 120)
    world.put("scheduled", "mail", "held", score=ASIDE_AT + 5)
    answer = operator.post("/scheduled/all/now", form(page))
    assert answer.status_code == 303 and "2 tasks given another time." in text(operator.get(answer.location))


def test_the_typed_number_is_that_of_the_preview_and_none_is_passed_by_growth(world, engine, operator, monkeypatch):
    monkeypatch.setattr("console.seen.TYPED_ABOVE", 100)
    plan_more(world, 98)
    engine.snapshot.take()
    page = operator.get("/scheduled/all/now")
    assert 'name="typed"' not in text(page)
    world.put("scheduled", "mail", "a", score=FAR)
    world.put("scheduled", "mail", "b", score=FAR)
    world.put("scheduled", "mail", "c", score=FAR)
    answer = operator.post("/scheduled/all/now", form(page))
    assert answer.status_code == 400 and "Meanwhile there are 101" in text(answer)
    page = operator.get("/scheduled/all/now")
    world.put("scheduled", "mail", "d", score=FAR)
    for typed in ("", "102", "100"):
        answer = operator.post("/scheduled/all/now", form(page, typed=typed))
        assert answer.status_code == 400 and "Type the number that is shown" in text(answer)
    assert engine.operations.newest() == []
    assert operator.post("/scheduled/all/now", form(page, typed="101")).status_code == 303
    assert engine.operations.newest()[0].matched == 102


@pytest.mark.parametrize("amount", ["x", "-1", "0", "nan", "inf", "1e300", "9999999999"])
def test_what_is_no_time_is_said(planned, operator, amount):
    for kind in ("shift", "spread"):
        answer = operator.get(f"/scheduled/all/{kind}", query_string={"amount": amount, "unit": "60"})
        assert answer.status_code == 400 and 'name="reason"' not in text(answer)


@pytest.mark.parametrize(
    "spoilt",
    [{"queue": []}, {"queue": ["~ZZ"]}, {"matched": "x"}, {"seconds": "x"}, {"seconds": "nan"}, {"seconds": "0"}],
)
def test_a_form_that_lacks_something_changes_nothing(planned, world, operator, spoilt):
    page = operator.get("/scheduled/all/shift?amount=1&unit=60")
    assert operator.post("/scheduled/all/shift", form(page) | spoilt).status_code == 400
    assert due(world) == [0, 60, 120, 180]


def test_nothing_planned_and_nothing_counted_are_said(engine, operator):
    assert "The counts are unknown" in text(operator.get("/scheduled/all/now"))
    engine.snapshot.take()
    assert "No task is planned that is meant" in text(operator.get("/scheduled/all/now"))


def test_what_left_between_preview_and_act_is_no_fault(planned, world, raw, operator):
    page = operator.get("/scheduled/all/now?q=pay")
    raw.delete("t:scheduled:pay")
    answer = operator.post("/scheduled/all/now", form(page))
    assert answer.status_code == 303 and "0 tasks given another time." in text(operator.get(answer.location))


def test_hostile_names_stay_text(world, engine, operator):
    world.put("scheduled", HOSTILE_QUEUE, HOSTILE_ID, score=FAR)
    engine.snapshot.take()
    page = operator.get("/scheduled/all/now")
    assert page.status_code == 200
    answer = operator.post("/scheduled/all/now", form(page))
    assert answer.status_code == 303 and operator.get(answer.location).status_code == 200
    assert world.scores("scheduled", HOSTILE_QUEUE)[HOSTILE_ID] < FAR


def test_who_may_act_on_some_queues_only_does_it_there(planned, world, engine, app):
    engine.people.add("gina", PASSWORD, "viewer")
    engine.people.grant("gina", "operator", "pay")
    gina = Visitor(app)
    assert gina.log_in("gina").status_code == 303
    page = gina.get("/scheduled/all/now")
    assert "may not act on all of these queues" in text(page) and 'name="reason"' not in text(page)
    assert gina.post("/scheduled/all/now", {"queue": ["mail", "pay"], "matched": "5"}).status_code == 403
    assert due(world) == [0, 60, 120, 180]
    assert act(gina, "now", q="pay").status_code == 303
    assert world.scores("scheduled", "pay")["p"] < FAR


def test_a_viewer_sees_none_of_it(planned, viewer):
    assert "/scheduled/all" not in text(viewer.get("/scheduled/"))
    assert viewer.get("/scheduled/all/now").status_code == 403
    assert viewer.post("/scheduled/all/now").status_code == 403


def test_the_address_alone_leads_to_the_list(operator):
    assert operator.get("/scheduled/all/").location == "/scheduled/"
