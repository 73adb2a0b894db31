import pytest

from tests.builders import NOTED, payload_text
from tests.checker import assert_sound
from tests.queue_core.scripts.refusal import Refusal

GROWS = True


def sample(world, queue="orders", task_id="a"):
    world.put("error", queue, "original")
    return {
        "id": task_id, "original_id": "original", "queue": queue, "payload_json": payload_text(task_id), "now": 100.5,
        "max_queue_size": 0, "act": NOTED["act"], "max_audit_entries": 100,
    }  # fmt: skip


def without_original(world):
    world.raw.zrem("t:error:orders", "original")
    world.raw.srem("t:error", "orders")


REFUSALS = [
    Refusal("TASK_NOT_FOUND", "the original has left the queue", without_original),
    Refusal("ALREADY_THERE", "the new task is there", lambda world: world.put("scheduled", task_id="a")),
    Refusal(
        "QUEUE_FULL", "that many are queued", lambda world: world.put("queued", task_id="b"), {"max_queue_size": 1}
    ),
]


@pytest.mark.parametrize("state", ["queued", "active", "scheduled", "error"])
def test_the_copy_is_queued_announced_and_recorded_and_the_original_stays(world, state):
    values = sample(world)
    without_original(world)
    original = world.put(state, task_id="original", score=7.0)
    with world.published() as published:
        assert world.run("edit", **values) == b"OK"
    assert world.scores("queued")["a"] == 100.5
    assert world.scores(state)["original"] == 7.0
    assert world.dump()["t:task:a"] == payload_text("a")
    assert world.dump()["t:task:original"] == original
    assert world.dump()["t:x:audit"] == [NOTED["act"].decode()]
    assert published == ["orders"]
    assert_sound(world.raw)
