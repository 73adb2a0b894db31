import pytest

from tests.builders import NOTED
from tests.checker import assert_sound
from tests.queue_core.scripts.refusal import Refusal


def pause(world, queue="orders", ends_at=500.0):
    world.run(
        "pause", queue=queue, ends_at=ends_at, lock_ends_at=9e9, expire_at=9_000_000_010, pause_record="{}", **NOTED
    )


def sample(world, queue="orders", task_id="a"):
    pause(world, queue)
    return {"queue": queue, "ended_by": "+inf", **NOTED}


def only_an_application(world):
    world.raw.delete("t:x:paused", "t:x:pauses")


REFUSALS = [
    Refusal("NOT_PAUSED", "nobody has paused it", lambda world: world.raw.delete("t:x:paused", "t:qslock:orders")),
    Refusal("NOT_PAUSED", "the pause has not ended by then", values={"ended_by": 499.9}),
    Refusal("NOT_PAUSED", "only an application has locked it and it should end by itself", only_an_application,
            {"ended_by": 1e12}),
]  # fmt: skip


@pytest.mark.parametrize("ended_by", ["+inf", 500.0, 501])
def test_a_pause_is_lifted_recorded_and_announced(world, ended_by):
    values = sample(world)
    pause(world, "mail")
    with world.published() as published:
        assert world.run("resume", **values | {"ended_by": ended_by}) == b"OK"
    assert world.dump()["t:x:paused"] == {"mail": 500.0}
    assert world.dump()["t:x:pauses"] == {"mail": "{}"}
    assert "t:qslock:orders" not in world.dump()
    assert len(world.acts()) == 3
    assert published == ["orders"]
    assert_sound(world.raw)


def test_the_lock_of_an_application_can_be_lifted(world):
    world.raw.zadd("t:qslock:orders", {"SYSTEM_LOCK": 9e9, "worker-1": 5.0})
    world.run("resume", queue="orders", ended_by="+inf", **NOTED)
    assert world.dump()["t:qslock:orders"] == {"worker-1": 5.0}
