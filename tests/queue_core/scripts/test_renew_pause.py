import pytest

from tests.builders import NOTED
from tests.checker import assert_sound
from tests.queue_core.scripts.refusal import Refusal


def sample(world, queue="orders", task_id="a"):
    world.run(
        "pause", queue=queue, ends_at="+inf", lock_ends_at=8e9, expire_at=8_000_000_010, pause_record="{}", **NOTED
    )
    return {"queue": queue, "lock_ends_at": 9e9, "expire_at": 9_000_000_010}


REFUSALS = [Refusal("NOT_PAUSED", "it was resumed", lambda world: world.raw.delete("t:x:paused"))]


@pytest.mark.parametrize(("present", "then"), [(5.0, 9e9), (9.5e9, 9.5e9), (None, 9e9)])
def test_the_lock_of_the_wire_ends_no_earlier_than_the_pause(world, present, then):
    values = sample(world)
    world.raw.delete("t:qslock:orders")
    if present:
        world.raw.zadd("t:qslock:orders", {"SYSTEM_LOCK": present})
    assert world.run("renew_pause", **values) == b"OK"
    assert world.dump()["t:qslock:orders"] == {"SYSTEM_LOCK": then}
    assert "t:qslock:orders" in world.expiring()
    assert_sound(world.raw)
