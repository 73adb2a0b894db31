import pytest

from tests.checker import assert_sound
from tests.queue_core.scripts.refusal import LEASE_LOST


def sample(world, queue="orders", task_id="a"):
    return {"id": task_id, "queue": queue, "lease": world.put_claimed(queue, task_id), "due_at": 200.5}


REFUSALS = LEASE_LOST


def test_a_task_whose_lock_is_taken_waits_uncounted(world):
    values = sample(world)
    payload = world.dump()["t:task:a"]
    with world.published() as published:
        assert world.run("defer", **values) == b"OK"
    assert world.dump() == {"t:scheduled": {"orders"}, "t:scheduled:orders": {"a": 200.5}, "t:task:a": payload}
    assert not published
    assert_sound(world.raw)


@pytest.mark.parametrize(("present", "then"), [(150.0, 150.0), (300.0, 200.5)])
def test_the_earlier_of_two_times_holds(world, present, then):
    values = sample(world)
    world.put("scheduled", score=present, unique=True)
    world.run("defer", **values)
    assert world.scores("scheduled") == {"a": then}
