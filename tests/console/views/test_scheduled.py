"""The page of what is due when."""

import json

import pytest

from tests.builders import HOSTILE_QUEUE, World
from tests.console import seed


@pytest.fixture
def seen(engine, operator):
    """The page after a fresh count."""

    def look(address="/scheduled/"):
        engine.snapshot.take()
        answer = operator.get(address)
        assert answer.status_code == 200
        return answer.get_data(as_text=True)

    return look


def later(engine, queue="mail", seconds=600.0, **more):
    (task_id,) = seed.queued(engine, queue, when=engine.clock.now() + seconds, **more)
    return task_id


def test_before_anybody_counted_nothing_is_known(operator):
    page = operator.get("/scheduled/").get_data(as_text=True)
    assert "The counts are unknown" in page
    assert "Nothing is scheduled" not in page


def test_an_empty_timetable_says_what_would_be_here(seen):
    assert "Nothing is scheduled" in seen()
    assert "planned ones, and failed ones" in seen()


def test_tasks_of_all_queues_stand_in_the_order_in_which_they_are_due(engine, seen):
    later(engine, "mail", 900, args=["omega"])
    later(engine, "pay", 300, args=["alpha"])
    page = seen()
    assert page.index("alpha") < page.index("omega")
    assert "2 tasks in 2 queues" in page
    assert "first run" in page
    assert 'class="timeline-bar chosen"' in page


def test_a_retry_says_which_it_is_and_after_what(engine, seen):
    (task_id,) = seed.queued(engine, "mail")
    session = engine.leases.session("worker-1")
    (claimed,) = session.claim("mail", 1)
    session.start(claimed)
    record = seed.execution(engine, "builtins:ValueError", "Traceback (most recent call last):\nValueError: no order")
    session.retry_later(claimed, engine.clock.now() + 60, record, 0)
    session.drain()
    session.close()
    page = seen()
    assert "retry 1 after <b>ValueError</b>" in page
    assert "no order" in page
    assert task_id[:12] in page


def test_a_bar_leads_to_its_part_of_the_list_and_back(engine, seen):
    later(engine, "mail", 600, args=["soon"])
    later(engine, "mail", 80_000, args=["tomorrow"])
    page = seen("/scheduled/?q=ma")
    address = page.split('<svg class="timeline-bars"')[1].split('<a href="')[1].split('"')[0].replace("&amp;", "&")
    assert address.startswith("/scheduled/?q=ma&since=")
    part = seen(address)
    assert "soon" in part
    assert "tomorrow" not in part
    assert 'href="/scheduled/?q=ma">All</a>' in part


def test_overdue_tasks_are_warned_of_and_stand_first(engine, raw, seen):
    task_id = later(engine)
    raw.zadd("t:scheduled:mail", {task_id: engine.clock.now() - 300})
    page = seen()
    assert "1 queue with tasks that should have become runnable" in page
    assert "No sweeper is alive, so they stay here" in page
    assert ">overdue</span>" in page
    engine.workers.hold("sweeper", "me", 60)
    assert "A sweeper is at work; it may be behind" in seen()


def test_a_task_gets_another_time_from_the_list_and_the_page_comes_back(engine, operator, seen, acts):
    task_id = later(engine)
    page = seen("/scheduled/?window=1h")
    assert "Due at, in UTC" in page
    form = {"state": "scheduled", "seconds": "3600", "back": "/scheduled/?window=1h"}
    answer = operator.post(f"/queues/mail/tasks/{task_id}/reschedule", form)
    assert answer.location == "/scheduled/?window=1h"
    (place,) = engine.timetable.due(["mail"]).places
    assert abs(place.due_at - engine.clock.now() - 3600) < 60
    assert acts() == [("reschedule", "done")]


def test_a_viewer_sees_no_buttons(engine, viewer):
    later(engine)
    engine.snapshot.take()
    page = viewer.get("/scheduled/").get_data(as_text=True)
    assert "first run" in page
    assert "reschedule" not in page


def test_pages_follow_each_other(engine, seen):
    for number in range(60):
        later(engine, f"q{number % 3}", 600)
    page = seen()
    following = page.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
    rest = seen(following)
    assert rest.count('class="reschedule"') == 10
    assert 'rel="next"' not in rest


def test_secrets_in_arguments_are_hidden(engine, seen):
    later(engine, kwargs={"password": "hunter2"})
    assert "hunter2" not in seen()


def test_hostile_names_payloads_and_keys_do_no_harm(engine, raw, seen):
    world = World(raw, engine.store)
    world.put("scheduled", HOSTILE_QUEUE, "<script>x</script>", engine.clock.now() + 60)
    raw.set(world.keys.payload("<script>x</script>"), b"\xff{")
    raw.set(world.keys.state("scheduled", "odd"), "no set")
    raw.sadd(world.keys.names("scheduled"), "odd")
    world.put("scheduled", "far", "a", 1e300)
    page = seen()
    assert "<script>x" not in page
    assert "payload unreadable" in page
    assert "never" in page
    assert "Unknown: what Redis holds" in page


def test_odd_parameters_do_no_harm(engine, operator, seen):
    later(engine)
    assert "first run" in seen("/scheduled/?window=x&since=nan&until=soon&q=")
    assert "No task is due in this time" in seen("/scheduled/?until=1")
    assert operator.get("/scheduled/?cursor=x").status_code == 400


def test_many_queues_cost_a_bounded_number_of_commands(engine, raw, operator):
    pipeline = raw.pipeline()
    for number in range(2_000):
        pipeline.sadd("t:scheduled", f"q{number}")
        pipeline.zadd(f"t:scheduled:q{number}", {f"t{number}": 9e9 + number})
        pipeline.set(f"t:task:t{number}", json.dumps({"id": f"t{number}", "func": "a:b"}))
    pipeline.execute()
    engine.snapshot.take()
    before = raw.info("stats")["total_commands_processed"]
    page = operator.get("/scheduled/").get_data(as_text=True)
    assert raw.info("stats")["total_commands_processed"] - before < 2_000
    assert "Of the 40 queues with the most scheduled tasks; there are 2\u202f000" in page
    assert "The list is of the 200 queues" in page


def test_who_is_not_logged_in_sees_nothing(app):
    assert "/login" in app.test_client().get("/scheduled/").location
