import pytest

from tests.builders import NOTED
from tests.checker import assert_sound
from tests.queue_core.scripts.refusal import OPERATION_ENDED, OPERATION_UNKNOWN, Refusal


def sample(world, queue="orders", task_id="a", state="queued"):
    world.put(state, queue, task_id)
    world.put_operation()
    return {"id": task_id, "queue": queue, "state": state, "not_after": "", **NOTED}


REFUSALS = [
    Refusal("TASK_NOT_FOUND", "it has left", lambda world: world.raw.zrem("t:queued:orders", "a")),
    Refusal("TASK_NOT_FOUND", "it is in another state", values={"state": "scheduled"}),
    Refusal("TASK_NOT_FOUND", "it came after the cut-off", values={"not_after": 99.9}),
    OPERATION_ENDED,
    OPERATION_UNKNOWN,
]


@pytest.mark.parametrize("state", ["queued", "scheduled"])
def test_nothing_is_left_but_the_act(world, state):
    world.put(state)
    world.record_failures(count=2)
    world.raw.hset("t:x:recoveries", "a", 1)
    with world.published() as published:
        assert world.run("cancel", id="a", queue="orders", state=state, not_after="", **NOTED) == b"OK"
    assert world.dump() == {"t:x:audit": [NOTED["act"].decode()]}
    assert not published


def test_others_in_the_queue_stay(world):
    values = sample(world)
    payload = world.put("queued", task_id="b")
    world.run("cancel", **values)
    assert world.tasks() == {"t:queued": {"orders"}, "t:queued:orders": {"b": 100.0}, "t:task:b": payload}
    assert_sound(world.raw)


@pytest.mark.parametrize("other", sorted({"queued", "active", "scheduled"} - {"queued"}))
def test_a_unique_task_that_another_state_holds_keeps_its_payload(world, other):
    values = sample(world)
    payload = world.put(other, unique=True)
    world.run("cancel", **values)
    assert world.tasks() == {f"t:{other}": {"orders"}, f"t:{other}:orders": {"a": 100.0}, "t:task:a": payload}


def test_a_task_without_a_payload_can_be_removed(world):
    values = sample(world)
    world.raw.delete("t:task:a")
    world.run("cancel", **values)
    assert world.tasks() == {}


def test_as_part_of_an_operation_it_is_counted_there(world):
    values = sample(world) | {"operation_id": "op", "act": b"", "not_after": 100.0}
    before = world.acts()
    world.run("cancel", **values)
    assert world.raw.hget("t:x:operation:op", "done") == b"1"
    assert world.acts() == before


def test_a_task_with_a_twin_in_another_queue_leaves_it_the_payload(world):
    values = sample(world)
    payload = world.put("queued", "mail", unique=True)
    world.raw.zadd("t:x:twins", {"a": 5.5})
    world.run("cancel", **values)
    assert world.dump()["t:task:a"] == payload
    assert_sound(world.raw)
