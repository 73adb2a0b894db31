import pytest

from tests.builders import NOTED
from tests.checker import assert_sound
from tests.queue_core.scripts.refusal import Refusal


def sample(world, queue="orders", task_id="a", state="queued"):
    payload = world.put(state, queue, task_id)
    return {
        "id": task_id, "queue": queue, "state": state, "seen_score": 100.0, "seen_payload": payload,
        "act": NOTED["act"], "max_audit_entries": 1000,
    }  # fmt: skip


REFUSALS = [
    Refusal("TASK_NOT_FOUND", "it has left", lambda world: world.raw.zrem("t:queued:orders", "a")),
    Refusal("TASK_NOT_FOUND", "it is in another state", values={"state": "error"}),
    Refusal("TASK_NOT_FOUND", "it has another score", lambda world: world.raw.zadd("t:queued:orders", {"a": 101})),
    Refusal("TASK_NOT_FOUND", "it was enqueued anew", lambda world: world.raw.set("t:task:a", "{}")),
]


@pytest.mark.parametrize("state", ["queued", "scheduled", "error"])
def test_nothing_is_left_but_the_act(world, state):
    values = sample(world, state=state)
    world.record_failures()
    world.raw.hset("t:x:recoveries", "a", 1)
    assert world.run("hand_over", **values) == b"OK"
    assert world.dump() == {"t:x:audit": [NOTED["act"].decode()]}


def test_a_unique_task_that_another_state_holds_keeps_its_payload(world):
    values = sample(world)
    payload = world.put("active", unique=True)
    world.run("hand_over", **values | {"seen_payload": payload})
    assert world.dump()["t:task:a"] == payload
    assert_sound(world.raw)
