from tests.builders import NOTED
from tests.checker import assert_sound
from tests.queue_core.scripts.refusal import Refusal


def sample(world, queue="orders", task_id="a"):
    world.put_operation(matched=5, ids=["a", "b"])
    return {
        "operation_id": "op", "status": "done", "ended_at": 70.5, "keep_seconds": 600, "act": b"",
        "max_audit_entries": 1000,
    }  # fmt: skip


REFUSALS = [
    Refusal("OPERATION_ENDED", "it is paused", lambda world: world.raw.hset("t:x:operation:op", "status", "paused")),
    Refusal("OPERATION_NOT_FOUND", "there is none", values={"operation_id": "other"}),
    Refusal(
        "OPERATION_ENDED", "it was cancelled", lambda world: world.raw.hset("t:x:operation:op", "status", "cancelled")
    ),
]


def test_the_record_stays_for_a_while_and_the_selection_goes(world):
    values = sample(world)
    world.raw.hset("t:x:operation:op", mapping={"done": 2, "skipped": 1})
    assert world.run("end_operation", **values | {"status": "cancelled"}) == b"OK"
    assert world.dump() == {
        "t:x:audit": [NOTED["act"].decode()],
        "t:x:operation:op": {
            "record": "{}", "status": "cancelled", "matched": "5", "done": "2", "skipped": "1", "rate": "0",
            "ended_at": "70.5",
        },
        "t:x:operations": {"op": 50.0},
    }  # fmt: skip
    assert 0 < world.raw.ttl("t:x:operation:op") <= 600
    assert_sound(world.raw)


def test_what_it_moved_is_known_as_long_as_its_record_is_there(world):
    values = sample(world)
    world.raw.zadd("t:x:operation:op:moved", {"a": 5.0})
    world.run("end_operation", **values)
    assert 0 < world.raw.ttl("t:x:operation:op:moved") <= 600
    assert_sound(world.raw)


def test_when_it_is_done_what_was_not_met_any_more_counts_as_skipped(world):
    values = sample(world)
    world.raw.hset("t:x:operation:op", mapping={"done": 2, "skipped": 1})
    world.run("end_operation", **values)
    assert world.dump()["t:x:operation:op"]["skipped"] == "3"


def test_a_cancellation_is_recorded(world):
    values = sample(world) | {"status": "cancelled", "act": b'{"verb": "cancel_operation"}'}
    world.run("end_operation", **values)
    assert world.acts()[-1] == {"verb": "cancel_operation"}


def test_a_paused_one_can_be_cancelled(world):
    values = sample(world)
    world.raw.hset("t:x:operation:op", "status", "paused")
    assert world.run("end_operation", **values | {"status": "cancelled"}) == b"OK"
    assert_sound(world.raw)
