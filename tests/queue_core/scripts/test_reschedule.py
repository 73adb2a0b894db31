import pytest

from queue_core.text import to_text
from tests.builders import NOTED
from tests.checker import assert_sound
from tests.queue_core.scripts.refusal import OPERATION_ENDED, OPERATION_UNKNOWN, Refusal


def sample(world, queue="orders", task_id="a", state="scheduled"):
    before = world.put(state, queue, task_id)
    return {
        "id": task_id, "queue": queue, "state": state, "due_at": 900.5, "payload_before": before,
        "payload_after": before + " ", **NOTED,
    }  # fmt: skip


REFUSALS = [
    Refusal("TASK_NOT_FOUND", "it has left", lambda world: world.raw.zrem("t:scheduled:orders", "a")),
    Refusal("TASK_NOT_FOUND", "it is in another state", values={"state": "error"}),
    Refusal("PAYLOAD_MISSING", "there is nothing to run", lambda world: world.raw.delete("t:task:a")),
    Refusal(
        "TASK_NOT_FOUND",
        "its operation has given it another time already",
        lambda world: world.put_operation(frozen={"b": 100.0}),
        {"operation_id": "op"},
    ),
    Refusal(
        "TASK_NOT_FOUND",
        "somebody has given it another time since its operation began",
        lambda world: world.put_operation(frozen={"a": 99.0}),
        {"operation_id": "op"},
    ),
    Refusal(
        "ALREADY_THERE",
        "it has failed, and its next run is scheduled",
        lambda world: world.raw.zadd("t:error:orders", {"a": 50.0}),
        {"state": "error"},
    ),
    OPERATION_ENDED,
    OPERATION_UNKNOWN,
]


@pytest.mark.parametrize("state", ["scheduled", "error"])
def test_a_task_is_scheduled_for_the_new_time_with_the_new_payload(world, state):
    values = sample(world, state=state)
    world.record_failures()
    world.raw.hset("t:x:recoveries", mapping={"a": 2, "b": 1})
    with world.published() as published:
        assert world.run("reschedule", **values) == b"OK"
    assert world.dump() == {
        "t:scheduled": {"orders"},
        "t:scheduled:orders": {"a": 900.5},
        "t:task:a": values["payload_after"],
        "t:task:a:executions": ['{"n": 1}'],
        "t:task:a:executions_count": "1",
        "t:x:audit": [NOTED["act"].decode()],
        "t:x:recoveries": {"b": "1"},
    }
    assert not published


def test_every_key_obeys_the_protocol_afterwards(world):
    world.run("reschedule", **sample(world))
    assert_sound(world.raw)


def test_a_payload_that_was_changed_meanwhile_is_not_overwritten(world):
    values = sample(world)
    world.put("scheduled", args=["newer"])
    before = world.dump()
    assert world.run("reschedule", **values) == b"CHANGED"
    assert world.dump() == before


def test_any_bytes_are_compared_and_written_as_they_are(world):
    values = sample(world)
    world.raw.set("t:task:a", b"\xff\x00\r\n")
    world.run("reschedule", **values | {"payload_before": b"\xff\x00\r\n", "payload_after": b"\xfe\x00"})
    assert world.dump()["t:task:a"] == to_text(b"\xfe\x00")


def test_as_part_of_an_operation_it_is_counted_there_and_frozen_no_more(world):
    values = sample(world)
    world.put_operation(frozen={"a": 100.0, "b": 101.0})
    before = len(world.acts())
    assert world.run("reschedule", **values | {"operation_id": "op"}) == b"OK"
    assert world.dump()["t:x:operation:op"]["done"] == "1"
    assert world.dump()["t:x:operation:op:frozen"] == {"b": 101.0}
    assert world.scores("scheduled") == {"a": 900.5} and len(world.acts()) == before
    assert_sound(world.raw)
