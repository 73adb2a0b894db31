"""Old tasks go, where the settings say so."""

import time

import pytest

from queue_core import Engine, Settings
from queue_core.retention import Retention
from tests.builders import ANNA
from tests.checker import assert_sound

PAST = time.time() - 1000


@pytest.fixture
def apply(redis_url):
    """Applies the rules of these settings once; gives the numbers removed."""
    engines = []

    def applied(**settings):
        engine = Engine(redis_url, Settings(**settings))
        engines.append(engine)
        retention = Retention(engine.store, engine.control)
        return [removed for place in retention.places() for removed in retention.apply(*place)]

    yield applied
    for engine in engines:
        engine.close()


def test_nothing_is_removed_by_default(world, apply):
    for state in ("queued", "active", "scheduled", "error"):
        world.put(state, score=1.0, task_id=state)
    before = world.dump()
    assert apply() == []
    assert world.dump() == before


@pytest.mark.parametrize(
    ("state", "setting"),
    [("error", "retain_error_seconds"), ("queued", "retain_queued_seconds"), ("scheduled", "retain_scheduled_seconds")],
)
def test_what_is_older_than_its_state_allows_is_removed_and_noted(world, apply, state, setting):
    for number in range(3):
        world.put(state, task_id=f"old{number}", score=PAST)
    world.record_failures("old0")
    world.put(state, task_id="young", score=time.time() - 10)
    for other in {"queued", "active", "scheduled", "error"} - {state}:
        world.put(other, task_id=other, score=PAST)
    assert apply(**{setting: 500.0, "operation_chunk": 2}) == [2, 1]
    assert world.scores(state).keys() == {"young"} and len(world.raw.keys("t:task:*")) == 4
    (entry,) = world.acts()
    assert (entry["verb"], entry["actor"], entry["facts"]["matched"]) == ("purge", "retention", 3)
    assert_sound(world.raw)


def test_a_pause_makes_no_task_too_old(world, apply, engine):
    world.put("queued", score=PAST)
    engine.control.pause("orders", actor=ANNA, reason="a fix ships")
    assert apply(retain_queued_seconds=500.0) == []
    engine.control.resume("orders", actor=ANNA)
    assert apply(retain_queued_seconds=500.0) == []
    world.raw.zadd("t:x:retention:spared", {"orders": time.time() - 1})
    assert apply(retain_queued_seconds=500.0) == [1]
    assert_sound(world.raw)


def test_a_pause_in_which_nothing_was_too_old_yet_counts_as_well(world, apply, engine):
    world.put("queued", score=time.time() - 100)
    engine.control.pause("orders", actor=ANNA, reason="a fix ships")
    assert apply(retain_queued_seconds=500.0) == []
    engine.control.resume("orders", actor=ANNA)
    world.put("queued", score=PAST)  # the same task, seen later
    assert apply(retain_queued_seconds=500.0) == []


def test_a_pause_that_an_application_has_set_counts_too(world, apply, engine):
    world.put("queued", score=PAST)
    engine.set_queue_system_lock("orders", 60)
    assert apply(retain_queued_seconds=500.0) == []


def test_a_hold_makes_no_task_too_old_wherever_it_comes_back(world, apply, engine):
    hold = engine.holds.hold_function("app.tasks:work", actor=ANNA, reason="a fix ships")
    assert apply(retain_queued_seconds=500.0) == []
    engine.holds.release(hold.id, actor=ANNA)
    world.put("queued", score=PAST)
    assert apply(retain_queued_seconds=500.0) == []
    assert world.raw.ttl("t:x:retention:spared") > 400
    world.raw.delete("t:x:retention:spared")
    assert apply(retain_queued_seconds=500.0) == [1]


def test_a_task_that_is_scheduled_for_later_is_not_overdue(world, apply):
    world.put("scheduled", score=time.time() + 1000)
    assert apply(retain_scheduled_seconds=1.0) == []


def test_only_the_newest_failures_of_each_queue_are_kept(world, apply):
    for queue in ("orders", "mail"):
        for number in range(5):
            world.put("error", queue, f"{queue}{number}", score=number)
    assert apply(retain_error_tasks=2, operation_chunk=2) == [2, 1, 2, 1]
    assert world.scores("error").keys() == {"orders3", "orders4"}
    assert world.scores("error", "mail").keys() == {"mail3", "mail4"}


def test_a_unique_task_that_waits_again_keeps_its_payload(world, apply):
    world.put("error", score=PAST, unique=True)
    payload = world.put("queued", unique=True)
    assert apply(retain_error_seconds=1.0) == [1]
    assert world.dump()["t:task:a"] == payload and world.scores("queued") == {"a": 100.0}
