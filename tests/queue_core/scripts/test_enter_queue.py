import time

import pytest

REFUSALS = []


def sample(world, queue="orders", task_id="a"):
    return {"queue": queue, "worker": "worker-1", "limit": 1, "seconds": 60.0}


def test_a_worker_enters_and_leaves_a_key_that_expires(world):
    assert world.run("enter_queue", **sample(world)) == [1, 1]
    assert abs(world.dump()["t:qslock:orders"]["worker-1"] - time.time() - 60) < 5
    assert 60 < world.raw.ttl("t:qslock:orders") <= 120


def test_no_more_than_the_limit_enter(world):
    entered = [world.run("enter_queue", **sample(world) | {"worker": name, "limit": 2}) for name in "abc"]
    assert entered == [[1, 1], [1, 2], [0, 2]]
    assert sorted(world.dump()["t:qslock:orders"]) == ["a", "b"]


def test_who_is_in_renews_although_it_is_full(world):
    assert [world.run("enter_queue", **sample(world)) for _ in range(2)] == [[1, 1], [1, 1]]


def test_who_has_been_silent_for_too_long_makes_room(world):
    world.raw.zadd("t:qslock:orders", {"lost": time.time() - 1})
    assert world.run("enter_queue", **sample(world)) == [1, 1]
    assert list(world.dump()["t:qslock:orders"]) == ["worker-1"]


@pytest.mark.parametrize("inside", [True, False])
def test_a_locked_queue_lets_nobody_in(world, inside):
    if inside:
        world.run("enter_queue", **sample(world))
    world.raw.zadd("t:qslock:orders", {"SYSTEM_LOCK": time.time() + 60})
    before = world.dump()
    assert world.run("enter_queue", **sample(world)) == [0, -1]
    assert world.dump() == before


def test_a_lock_that_is_over_is_swept_away(world):
    world.raw.zadd("t:qslock:orders", {"SYSTEM_LOCK": time.time() - 1})
    assert world.run("enter_queue", **sample(world)) == [1, 1]
