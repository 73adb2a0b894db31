import datetime
import json

import pytest

from queue_core import Engine
from queue_core.clock import ManualClock
from queue_core.config import Settings
from queue_core.schedule import cron_expr, periodic
from tests.builders import World
from tests.checker import assert_sound

NOON = datetime.datetime(2026, 3, 4, 12, 0, tzinfo=datetime.UTC).timestamp()


@pytest.fixture
def engine(redis_url):
    """An engine whose clock stands at noon."""
    engine = Engine(redis_url, Settings())
    engine.clock = engine.store.clock = ManualClock(NOON)
    yield engine
    engine.close()


@pytest.fixture
def world(raw, engine):
    return World(raw, engine.store)


def function_with(engine, **options):
    def report():
        """Nobody runs it."""

    report.__qualname__ = "report"
    return engine.task(report, **options)


def test_the_next_occurrence_is_scheduled(world, engine):
    function_with(engine, schedule=periodic(hours=1), queue="reports")
    assert engine.periodic.start_due(engine.functions).keys() == {f"{__name__}:report"}
    ((task_id, due_at),) = world.scores("scheduled", "reports").items()
    assert due_at == NOON + 3600
    payload = json.loads(world.dump()[f"t:task:{task_id}"])
    assert payload["unique"] is True and payload["scheduled_at"] == due_at
    assert_sound(world.raw)


@pytest.mark.parametrize("state", ["queued", "active", "scheduled"])
def test_nothing_is_started_while_it_waits_or_runs(world, engine, state):
    function_with(engine, schedule=periodic(hours=1))
    engine.periodic.start_due(engine.functions)
    (task_id,) = world.scores("scheduled", "default")
    world.raw.flushall()
    world.put(state, "default", task_id, unique=True)
    before = world.dump()
    assert engine.periodic.start_due(engine.functions) == {}
    assert world.dump() == before


def test_a_failed_occurrence_does_not_end_the_recurrence(world, engine):
    function_with(engine, schedule=periodic(hours=1))
    engine.periodic.start_due(engine.functions)
    (task_id,) = world.scores("scheduled", "default")
    world.raw.flushall()
    world.put("error", "default", task_id, unique=True)
    assert len(engine.periodic.start_due(engine.functions)) == 1


def test_two_processes_start_it_once(world, engine):
    function_with(engine, schedule=cron_expr("0 3 * * *"))
    engine.periodic.start_due(engine.functions)
    world.raw.delete("t:scheduled")  # the other one has looked before
    engine.periodic.start_due(engine.functions)
    assert list(world.scores("scheduled", "default").values()) == [NOON + 15 * 3600]


def test_the_next_one_is_queued_before_the_present_one_runs(world, engine):
    function = function_with(engine, schedule=periodic(minutes=5))
    engine.periodic.start_due(engine.functions)
    engine.clock.advance(300)
    engine.leases.promote("default")
    session = engine.leases.session("w")
    (claimed,) = session.claim("default")
    assert engine.periodic.queue_next(function, "default") is True
    assert world.scores("scheduled", "default") == {claimed.id: NOON + 600}
    session.finish(claimed)
    session.drain()
    session.close()
    assert world.scores("scheduled", "default") == {claimed.id: NOON + 600}
    assert_sound(world.raw)


def test_a_schedule_that_has_ended_starts_nothing(world, engine):
    past = datetime.datetime(2026, 1, 1)
    function = function_with(engine, schedule=periodic(hours=1, end_date=past))
    assert engine.periodic.start_due(engine.functions) == {}
    assert engine.periodic.queue_next(function, "default") is False
    assert world.dump() == {}


def test_missed_occurrences_are_not_made_up(world, engine):
    function = function_with(engine, schedule=periodic(minutes=5))
    engine.clock.advance(3600 * 24 + 1)
    engine.periodic.queue_next(function, "default")
    assert list(world.scores("scheduled", "default").values()) == [NOON + 3600 * 24 + 300]


def test_functions_without_a_schedule_are_left_alone(world, engine):
    function_with(engine)
    assert engine.periodic.start_due(engine.functions) == {} and world.dump() == {}


def test_a_schedule_of_the_application_is_asked(world, engine):
    function_with(engine, schedule=lambda now: now + datetime.timedelta(seconds=90))
    engine.periodic.start_due(engine.functions)
    assert list(world.scores("scheduled", "default").values()) == [NOON + 90]


def test_a_schedule_that_fails_keeps_no_other_from_starting(world, engine):
    function_with(engine, schedule=lambda now: 1 / 0)

    def summary():
        """Nobody runs it."""

    summary.__qualname__ = "summary"
    engine.task(summary, schedule=periodic(hours=1))
    told = []
    started = engine.periodic.start_due(engine.functions, lambda name, error: told.append((name, type(error))))
    assert started == {f"{__name__}:summary": NOON + 3600}
    assert told == [(f"{__name__}:report", ZeroDivisionError)]


# -- for people --


def test_recurring_work_is_told_with_its_queue_id_and_schedule(world, engine):
    function_with(engine, schedule=cron_expr("0 3 * * *"), queue="reports")
    (told,) = engine.periodic.told(engine.periodic_task_funcs)
    engine.periodic.start_due(engine.functions)
    assert told == {"func": f"{__name__}:report", "queue": "reports", "id": told["id"], "schedule": "0 3 * * *"}
    assert world.scores("scheduled", "reports").keys() == {told["id"]}


def test_an_occurrence_is_found_in_its_state_with_the_newest_runs(world, engine):
    world.put("scheduled", "reports", "a", NOON + 60)
    for number in range(12):
        engine.periodic.note_run("f", "done" if number else "failed", NOON + number, NOON + number + 2)
    one, none = engine.periodic.occurrences([("f", "reports", "a"), ("g", "reports", "gone")])
    assert (one.state, one.score, len(one.runs)) == ("scheduled", NOON + 60, 10)
    assert (one.runs[0].started_at, one.runs[0].seconds, one.runs[0].outcome) == (NOON + 11, 2, "done")
    assert (none.state, none.score, none.runs) == (None, None, ())
    assert 0 < world.raw.ttl("t:x:recurring:f") <= 30 * 86_400
    assert_sound(world.raw)


def test_runs_of_a_strange_shape_are_passed_over(world, engine):
    world.raw.rpush("t:x:recurring:f", b"\xff", "[]", '{"started_at": "x"}', '{"started_at": 1, "seconds": 2}')
    world.raw.set("t:x:recurring:g", "no list")
    one, other = engine.periodic.occurrences([("f", "q", "a"), ("g", "q", "a")])
    assert [run.started_at for run in one.runs] == [1] and other.runs == ()
