import pytest

from tests.checker import assert_sound
from tests.queue_core.scripts.refusal import Refusal


def sample(world, queue="orders", task_id="a"):
    world.put_operation(matched=500)
    world.raw.hset("t:x:operation:op", "rate", 20)
    return {"operation_id": "op", "now": 1000.0, "most": 200}


REFUSALS = [
    Refusal("OPERATION_ENDED", "it is paused", lambda world: world.raw.hset("t:x:operation:op", "status", "paused")),
    Refusal("OPERATION_ENDED", "there is none", values={"operation_id": "other"}),
]


def test_without_a_rate_all_may_be_done(world):
    values = sample(world)
    world.raw.hset("t:x:operation:op", "rate", 0)
    before = world.dump()
    assert world.run("pace", **values) == 200
    assert world.dump() == before


@pytest.mark.parametrize("rate", [0.5, 7, 20, 1000])
def test_over_a_while_it_is_the_rate(world, rate):
    values = sample(world)
    world.raw.hset("t:x:operation:op", "rate", rate)
    moments = [1000.0 + step / 4 for step in range(401)]  # 100 seconds
    allowed = sum(world.run("pace", **values | {"now": now, "most": 100_000}) for now in moments)
    assert abs(allowed - 100 * rate) <= 1.5
    assert_sound(world.raw)


def test_the_first_may_go_at_once_and_the_next_has_to_wait(world):
    values = sample(world)
    assert [world.run("pace", **values | {"now": now}) for now in (1000.0, 1000.01, 1000.05, 1000.1)] == [1, 0, 1, 1]


def test_what_was_missed_for_long_is_not_made_up_for(world):
    values = sample(world)
    world.run("pace", **values)
    assert world.run("pace", **values | {"now": 2000.0}) == 20


def test_no_more_than_asked_for_are_allowed(world):
    values = sample(world)
    world.run("pace", **values)
    assert world.run("pace", **values | {"now": 1001.0, "most": 3}) == 3
    assert world.run("pace", **values | {"now": 1001.0}) == 17
