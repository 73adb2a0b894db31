"""What others have left where no worker finds it."""

import pytest

from queue_core import Engine, Settings, states
from queue_core.orphans import Orphans
from tests.builders import HOSTILE_ID, HOSTILE_QUEUE


@pytest.fixture
def orphans(engine):
    return Orphans(engine.store)


def found_by(orphans):
    return sorted(filter(None, orphans.queues()))


@pytest.mark.parametrize("state", states.ALL)
@pytest.mark.parametrize("queue", ["orders", "a:b", HOSTILE_QUEUE])
def test_a_queue_that_holds_tasks_and_is_not_listed_is_found(world, orphans, state, queue):
    world.put("queued", "listed", "b")
    world.put(state, queue)
    world.raw.delete(f"t:{state}")
    assert (state, queue) in found_by(orphans)


def test_queues_that_are_listed_are_not_found(world, orphans):
    for state in states.ALL:
        world.put(state)
    world.raw.zadd("t:qslock:orders", {"w": 1})
    world.raw.zadd("t:x:twins", {"w": 1})
    world.raw.zadd("elsewhere:queued:orders", {"w": 1})
    world.raw.set("t:active:broken", "of another type")
    assert found_by(orphans) == []


def test_a_queue_is_listed_again_and_workers_are_told(world, orphans):
    world.put("queued")
    world.raw.delete("t:queued")
    with world.published() as published:
        assert orphans.list_queue("queued", "orders")
        assert not orphans.list_queue("queued", "orders")
    assert world.dump()["t:queued"] == {"orders"} and published == ["orders"]


def test_nobody_is_told_of_tasks_that_cannot_be_claimed(world, orphans):
    world.put("active")
    world.raw.delete("t:active")
    with world.published() as published:
        assert orphans.list_queue("active", "orders")
    assert not published


@pytest.mark.parametrize("task_id", ["a", "a:b", HOSTILE_ID])
def test_records_of_failed_runs_without_a_task_are_found(world, orphans, task_id):
    world.put("error", task_id="whole")
    world.record_failures("whole")
    world.record_failures(task_id)
    assert [one for some in orphans.records() for one in some] == [task_id]


def test_a_prefix_with_signs_of_a_pattern_finds_its_own_only(raw, redis_url):
    engine = Engine(redis_url, Settings(prefix="[t]*"))
    raw.zadd("[t]*:active:orders", {"a": 1})
    raw.zadd("t:active:orders", {"a": 1})
    assert found_by(Orphans(engine.store)) == [("active", "orders")]
    engine.close()
