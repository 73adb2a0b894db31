import math

import pytest

from queue_core.snapshot import QueueCounts
from tests.builders import ANNA, HOSTILE_QUEUE
from tests.checker import assert_sound
from tests.slowness import assert_never_slow


def test_there_is_none_before_the_first(engine):
    assert engine.snapshot.read() is None


def test_every_queue_is_counted_with_its_moments(world, engine):
    for number, state in enumerate(("queued", "queued", "active", "scheduled", "error", "error")):
        world.put(state, task_id=str(number), score=100.5 + number)
    taken = engine.snapshot.take()
    assert taken.queues == {
        "orders": QueueCounts(
            queued=2, active=1, scheduled=1, error=2, oldest_queued_at=100.5, newest_error_at=105.5, next_due_at=103.5
        )
    }
    assert engine.snapshot.read() == taken
    assert abs(taken.taken_at - engine.store.now()) < 5
    assert_sound(world.raw)


def test_of_what_is_queued_it_is_known_how_much_came_since_the_look_before(world, engine):
    now = engine.store.now()
    world.put("queued", task_id="old", score=now - 60)
    assert engine.snapshot.take().queues["orders"].newly_queued == 0
    world.put("queued", task_id="put back", score=now - 30)
    world.put("queued", task_id="new", score=engine.store.now())
    assert engine.snapshot.take().queues["orders"].newly_queued == 1
    assert engine.snapshot.take().queues["orders"].newly_queued == 0


def test_hostile_queue_names_survive(world, engine):
    world.put("error", HOSTILE_QUEUE)
    engine.snapshot.take()
    assert engine.snapshot.read().queues[HOSTILE_QUEUE].error == 1


def test_counting_alone_writes_nothing(world, engine):
    world.put("queued")
    before = world.dump()
    assert engine.snapshot.count().queues["orders"].queued == 1
    assert world.dump() == before


def test_pauses_of_ours_and_of_applications_are_seen(world, engine):
    until = engine.store.now() + 600
    engine.control.pause("empty", actor=ANNA, reason="x")
    engine.control.pause("timed", actor=ANNA, reason="x", until=until)
    world.put("queued", "locked")
    world.raw.zadd("t:qslock:locked", {"SYSTEM_LOCK": until})
    world.put("queued", "over")
    world.raw.zadd("t:qslock:over", {"SYSTEM_LOCK": engine.store.now() - 1})
    engine.snapshot.take()
    paused = {name: counts.paused_until for name, counts in engine.snapshot.read().queues.items()}
    assert paused == {"empty": math.inf, "timed": until, "locked": until, "over": None}


def test_a_count_that_cannot_be_had_is_unknown_and_not_zero(world, engine):
    world.put("queued")
    world.raw.set("t:error:orders", "foreign")
    world.raw.set("t:qslock:orders", "foreign")
    engine.snapshot.take()
    counts = engine.snapshot.read().queues["orders"]
    assert (counts.queued, counts.error, counts.paused_until) == (1, None, None)


@pytest.mark.parametrize("score", ["inf", "-inf"])
def test_a_score_that_is_no_moment_is_none(world, engine, score):
    world.put("queued", score=score)
    assert engine.snapshot.count().queues["orders"].oldest_queued_at is None


@pytest.mark.parametrize(
    "found",
    [
        b"", b"\xff", b"[" * 100_000, b"[]", b"{}", b'{"taken_at": 1}', b'{"taken_at": "x", "queues": {}}',
        b'{"taken_at": 1, "queues": {"q": {"unknown": 1}}}', b'{"taken_at": 1, "queues": []}',
        b'{"taken_at": 1, "queues": {"q": {"queued": "<b>"}}}', b'{"taken_at": 1, "queues": {"q": {"error": [1]}}}',
    ],
)  # fmt: skip
def test_an_unreadable_snapshot_is_none(world, engine, found):
    world.raw.set("t:x:snapshot", found)
    assert engine.snapshot.read() is None


def test_two_thousand_queues_take_few_commands_and_none_that_is_slow(world, engine):
    pipeline = world.raw.pipeline()
    for number in range(2000):
        pipeline.zadd(f"t:queued:q{number}", {"a": 1})
        pipeline.sadd("t:queued", f"q{number}")
    pipeline.execute()
    assert len(engine.snapshot.take().queues) == 2000
    assert len(engine.snapshot.read().queues) == 2000
    assert_never_slow(world.raw, engine.snapshot.take)
