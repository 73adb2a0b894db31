"""The walks of the sweeper over all queues, and what they write into the log."""

import contextlib
import json
import os
import time

import pytest
from structlog.testing import capture_logs

from queue_core import Engine, Settings
from queue_core.clock import ManualClock
from queue_core.duties import Duties
from queue_core.errors import StoreCorrupt
from tests.builders import ANNA
from tests.checker import assert_sound


@pytest.fixture
def duties(redis_url):
    """Duties under these settings."""
    engines = []

    def made(**settings):
        engines.append(Engine(redis_url, Settings(**settings)))
        return Duties(engines[-1])

    yield made
    for engine in engines:
        engine.close()


def lines_of(duty):
    with capture_logs() as lines:
        list(duty)
    assert {line["pid"] for line in lines} <= {os.getpid()}
    return [{name: value for name, value in line.items() if name not in ("error", "pid")} for line in lines]


def test_the_lines_of_a_promotion_are_those_of_the_wire(world, duties):
    for name in "ab":
        world.put("scheduled", task_id=name)
    assert lines_of(duties().promote()) == [
        {"event": "scheduled tasks", "log_level": "debug", "queue": "orders", "qty": 2}
    ]


def test_where_promotion_is_left_to_others_nothing_is_promoted(world, duties):
    world.put("scheduled")
    list(duties(promote_seconds=0).promote())
    assert world.scores("scheduled")


@pytest.mark.parametrize(
    ("fields", "level", "event", "verb"),
    [
        ({}, "error", "failing expired task", "failed"),
        ({"retry_on": ["tasktiger.exceptions:JobTimeoutException"]}, "info", "queueing expired task", "requeued"),
    ],
)
def test_the_lines_of_a_recovery_are_those_of_the_wire(world, duties, fields, level, event, verb):
    world.put("active", score=1.0, **fields)
    task = {"queue": "orders", "task_id": "a"}
    assert lines_of(duties().recover()) == [
        {"event": "expiring task", "log_level": "debug", **task},
        {"event": event, "log_level": level, "verb": verb, **task},
    ]


def test_what_retention_removes_stands_in_the_log(world, duties):
    world.put("error", score=1.0)
    assert lines_of(duties(retain_error_seconds=60.0).retain()) == [
        {"event": "old tasks removed", "log_level": "info", "queue": "orders", "state": "error", "qty": 1}
    ]


def test_a_queue_that_cannot_be_read_keeps_up_no_other(world, duties):
    world.raw.set("t:error:broken", "of another type")
    world.raw.sadd("t:error", "broken")
    for number in range(10):
        world.put("error", f"queue-{number}", str(number), score=1.0)
    lines = lines_of(duties(retain_error_seconds=60.0).retain())
    assert [line["queue"] for line in lines if line["event"] == "queue cannot be read"] == ["broken"]
    assert world.raw.smembers("t:error") == {b"broken"}


# -- what others have left --


def test_a_queue_that_is_not_listed_is_told_and_left_alone(world, duties):
    world.put("active", "lost", score=time.time())
    world.raw.delete("t:active")
    before = world.dump()
    (line,) = lines_of(duties().look_for_orphans())
    assert (line["event"], line["queue"], line["state"], line["mended"]) == ("orphaned queue", "lost", "active", False)
    assert world.dump() == before


def test_it_is_listed_again_where_the_settings_say_so_and_then_recovered(world, duties):
    world.put("active", "lost", score=1.0)
    world.raw.delete("t:active")
    repairing = duties(repair_orphans=True)
    (line,) = lines_of(repairing.look_for_orphans())
    assert line["mended"]
    list(repairing.recover())
    assert world.scores("error", "lost").keys() == {"a"}
    assert_sound(world.raw)


def test_records_of_failed_runs_without_a_task_are_cleared_where_the_settings_say_so(world, duties):
    world.record_failures("gone")
    world.put("error", task_id="without payload")
    world.record_failures("without payload")
    world.raw.delete("t:task:without payload")
    list(duties().look_for_orphans())
    assert "t:x:twins" not in world.dump()
    repairing = duties(repair_orphans=True)
    for duty in (repairing.look_for_orphans, repairing.part_twins):
        list(duty())
    assert {key for key in world.dump() if "task" in key} == {
        "t:task:without payload:executions", "t:task:without payload:executions_count",
    }  # fmt: skip


# -- whatever Redis holds --


def with_fields(more: bytes) -> bytes:
    return b'{"id": "a", "func": "f", ' + more + b"}"


ODD_PAYLOADS = [
    b"", b"\xff\xfe", b"null", b"[]", b"7", b'"text"', b"[" * 100_000, b'{"id": "a", "func": 7}',
    b'{"id": ["a"], "func": "f"}', b'{"id": "a", "func": "\\ud800", "retry_on": ["\\udcff"]}',
    with_fields(b'"args": ' + b"9" * 5000), with_fields(b'"retry_on": {"x": 1}'), with_fields(b'"retry_on": [7, null]'),
    with_fields(b'"retry_on": NaN'), with_fields(b'"retry_on": ["."]'), with_fields(b'"max_stored_executions": "many"'),
    with_fields(b'"max_stored_executions": -3'), with_fields(b'"max_stored_executions": 1e400'),
    with_fields(b'"max_stored_executions": true'), with_fields(b'"max_stored_executions": ' + b"9" * 400),
]  # fmt: skip


@pytest.mark.parametrize("payload", ODD_PAYLOADS, ids=[str(one[:40]) for one in ODD_PAYLOADS])
def test_no_payload_keeps_a_lost_task_active_or_the_next_one_waiting(world, duties, payload):
    world.put("active", score=1.0)
    world.raw.set("t:task:a", payload)
    world.put("active", task_id="good", score=2.0)
    list(duties().recover())
    assert {"a", "good"} == {*world.scores("error"), *world.scores("queued")}
    assert world.raw.get("t:task:a") == payload


@pytest.mark.parametrize("score", ["-inf", "+inf", "-1", "0", "1e300"])
@pytest.mark.parametrize("state", ["active", "scheduled", "queued", "error"])
def test_no_score_ends_a_duty(world, duties, state, score):
    world.put(state, "a-first", score=score)
    world.put("active", "z-last", "lost", score=1.0)
    world.put("scheduled", "z-last", "due", score=1.0)
    made = duties(retain_error_seconds=1e9, retain_queued_seconds=1e9, repair_orphans=True)
    for duty in (made.promote, made.recover, made.retain, made.part_twins, made.look_for_orphans):
        list(duty())
    assert world.scores("error", "z-last").keys() == {"lost"}


def test_steps_of_no_size_do_not_go_on_for_ever(world, engine):
    for number in range(3):
        world.put("scheduled", task_id=f"due{number}")
        world.put("active", task_id=f"lost{number}", score=1.0)
    for name in ("SCHEDULED_TASK_BATCH_SIZE", "REQUEUE_EXPIRED_TASKS_BATCH_SIZE"):
        engine.config[name] = 0
    made = Duties(engine)
    list(made.promote())
    list(made.recover())
    assert len(world.scores("queued")) == len(world.scores("error")) == 3


KEYS = ["t:queued", "t:active", "t:scheduled", "t:error", "t:x:twins", "t:x:audit", "t:x:recoveries"]


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("name", ["promote", "recover", "retain", "part_twins", "look_for_orphans"])
def test_a_key_of_a_wrong_type_is_told_at_most(world, duties, key, name):
    world.raw.set(key, "of another type")
    for state in ("scheduled", "active", "error"):
        world.raw.zadd(f"t:{state}:orders", {state: 1.0})
        if key != f"t:{state}":
            world.raw.sadd(f"t:{state}", "orders")
    with contextlib.suppress(StoreCorrupt):  # the sweeper tells it and goes on with its other duties
        list(getattr(duties(retain_error_seconds=1.0, repair_orphans=True), name)())
    assert world.raw.get(key) == b"of another type"


def test_the_index_waits_for_the_first_snapshot(world, duties):
    world.put("error")
    made = duties()
    assert not list(made.index_errors())
    assert not world.raw.keys("t:x:errors:*")


# -- what came and went --


def test_what_came_and_was_taken_between_two_looks_is_written_down(world, duties, engine):
    busy = duties()
    list(busy.take_snapshot())
    for name in "abc":
        world.put("queued", task_id=name, score=engine.store.now())
    list(busy.take_snapshot())
    for name in "ab":
        engine.control.delete("orders", "queued", name, actor=ANNA, to_trash=False)
    list(busy.take_snapshot())
    list(busy.sample_stats())
    for kind, name in (("queue", "orders"), ("all", "")):
        series = engine.stats.series(kind, name)
        assert (series.seen("ready"), series.seen("taken")) == (3, 2)
    assert_sound(world.raw)


@pytest.mark.parametrize("ahead_seconds", [0.001, 1.0, 600.0])
def test_what_waits_without_a_worker_was_never_taken_though_it_came_during_a_look_or_its_clock_is_ahead(
    world, duties, engine, ahead_seconds
):
    busy, at = duties(), engine.store.now()
    clock = busy._engine.store.clock = ManualClock(at)
    for _ in range(2):
        list(busy.take_snapshot())
        clock.advance(1.0)
    # as seen from the look that is to come, which has read the clock by then
    for name in "abc":
        world.put("queued", task_id=name, score=clock.now() + ahead_seconds)
    for _ in range(3):
        list(busy.take_snapshot())
        clock.advance(1.0)
    list(busy.sample_stats())
    series = engine.stats.series("queue", "orders", now=clock.now())
    assert (series.seen("ready"), series.seen("taken")) == (3, 0)


def test_each_error_is_counted_once_with_the_time_of_its_last_run(world, duties, engine):
    busy, now = duties(), engine.store.now()
    world.put("error", task_id="a", score=now - 2)
    world.raw.rpush(world.keys.executions("a"), json.dumps({"time_started": now - 10, "time_failed": now - 2}))
    world.put("error", task_id="b", score=now - 1)
    world.put("error", task_id="long ago", score=now - 7 * 86_400)
    for _ in range(2):
        list(busy.take_snapshot())
        list(busy.index_errors())
        list(busy.sample_stats())
    list(Duties(busy._engine).index_errors())
    series = engine.stats.series("queue", "orders")
    assert series.seen("errors") == 2 and series.failed_run(0.5) == pytest.approx(8.0, rel=0.26)


def test_what_came_into_error_is_written_down_with_the_look_that_found_it(world, duties, engine):
    busy = duties()
    world.put("error", score=engine.store.now() - 1)
    list(busy.take_snapshot())
    list(busy.index_errors())
    # a sweeper that is killed now takes none of it along
    assert engine.stats.series("queue", "orders").seen("errors") == 1


def test_where_nothing_is_to_be_counted_what_ran_came_and_went_is_unknown_and_not_0(world, duties, raw, engine):
    busy = duties(stats_flush_seconds=0)
    for task_id in "ab":
        world.put("queued", task_id=task_id)
        world.put("error", task_id=task_id + "e")
        list(busy.take_snapshot())
        list(busy.index_errors())
        list(busy.sample_stats())
    assert not raw.keys("t:x:stats:flow:*")
    series = engine.stats.series("queue", "orders")
    told = [series.seen(name) for name in ("ready", "taken", "errors")]
    assert told == [None] * 3 and all(slot.counts is None for slot in series.slots)
    assert series.highest["queued"] in (1, 2)
    list(engine.recents.gather())
    assert not any(engine.recents.read().watched)
    assert_sound(raw)
