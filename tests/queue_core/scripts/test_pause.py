import time

from tests.builders import NOTED
from tests.checker import assert_sound

REFUSALS = []


def sample(world, queue="orders", task_id="a"):
    return {
        "queue": queue, "ends_at": "+inf", "lock_ends_at": 9e9, "expire_at": 9_000_000_010, "pause_record": "{}",
        **NOTED,
    }  # fmt: skip


def test_a_pause_is_recorded_and_locks_the_queue_on_the_wire_too(world):
    assert world.run("pause", **sample(world)) == b"OK"
    assert world.dump() == {
        "t:qslock:orders": {"SYSTEM_LOCK": 9e9},
        "t:x:audit": [NOTED["act"].decode()],
        "t:x:paused": {"orders": float("inf")},
        "t:x:pauses": {"orders": "{}"},
    }
    assert abs(world.raw.ttl("t:qslock:orders") - (9_000_000_010 - time.time())) < 5
    assert_sound(world.raw)


def test_pausing_again_replaces_reason_and_end(world):
    world.run("pause", **sample(world))
    world.run("pause", **sample(world) | {"ends_at": 8e9, "lock_ends_at": 8e9, "pause_record": '{"reason": "new"}'})
    assert world.dump()["t:x:paused"] == {"orders": 8e9}
    assert world.dump()["t:x:pauses"] == {"orders": '{"reason": "new"}'}
    assert world.dump()["t:qslock:orders"] == {"SYSTEM_LOCK": 8e9}


def test_workers_in_the_semaphore_stay(world):
    world.raw.zadd("t:qslock:orders", {"worker-1": 5.0})
    world.run("pause", **sample(world))
    assert world.dump()["t:qslock:orders"] == {"worker-1": 5.0, "SYSTEM_LOCK": 9e9}
