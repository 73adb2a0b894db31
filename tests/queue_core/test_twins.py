"""Unique tasks that stand in two queues."""

import itertools

import pytest

from queue_core.twins import Twins
from tests.builders import ANNA, HOSTILE_ID, HOSTILE_QUEUE
from tests.checker import assert_sound


@pytest.fixture
def twins(engine):
    return Twins(engine.store)


def put_twin(world, *places, task_id="a"):
    for state, queue in places:
        world.put(state, queue, task_id, unique=True)
    world.raw.set(f"t:task:{task_id}", "{}")
    world.raw.zadd("t:x:twins", {task_id: 5.5})


def test_one_that_stands_in_two_queues_stays_marked(world, twins):
    put_twin(world, ("queued", "orders"), ("error", "mail"))
    before = world.dump()
    list(twins.part())
    assert world.dump() == before


@pytest.mark.parametrize("state", ["queued", "active", "scheduled", "error"])
def test_one_that_stands_in_one_queue_loses_only_its_mark(world, twins, state):
    put_twin(world, (state, "orders"), ("queued", "orders"))
    world.record_failures()
    before = world.dump()
    list(twins.part())
    assert world.dump() == {key: value for key, value in before.items() if key != "t:x:twins"}


def test_one_that_stands_in_none_leaves_nothing(world, twins):
    put_twin(world)
    world.record_failures()
    world.put("queued", task_id="another")
    list(twins.part())
    assert world.dump().keys() == {"t:queued", "t:queued:orders", "t:task:another"}
    assert_sound(world.raw)


def test_many_of_them_in_many_queues_are_told_apart(world, twins):
    for number in range(45):
        put_twin(world, ("queued", f"q{number}"), ("scheduled", f"q{number + 200}"), task_id=f"two{number}")
        put_twin(world, ("active", f"q{number + 100}"), task_id=f"one{number}")
        put_twin(world, task_id=f"none{number}")
    list(twins.part())
    marked = world.dump()["t:x:twins"]
    assert marked.keys() == {f"two{number}" for number in range(45)}
    assert not world.raw.keys("t:task:none*") and len(world.raw.keys("t:task:one*")) == 45


def after(steps, generator):
    return list(itertools.islice(generator, steps))


@pytest.mark.parametrize("steps", range(4))
def test_one_that_is_enqueued_while_the_look_is_under_way_keeps_its_payload(world, engine, twins, steps):
    put_twin(world)
    looking = twins.part()
    after(steps, looking)
    payload = world.put("queued", "new", "a", unique=True)  # as TaskTiger does
    list(looking)
    assert world.dump()["t:task:a"] == payload


@pytest.mark.parametrize("steps", range(6))
@pytest.mark.parametrize(("queue", "to_queue"), [("orders", "mail"), ("mail", "orders")])
def test_one_that_is_moved_while_the_look_is_under_way_keeps_its_payload(
    world, engine, twins, monkeypatch, steps, queue, to_queue
):
    """The worst: from a queue that the look has not reached to one that it has passed."""
    monkeypatch.setattr("queue_core.twins._QUEUES_AT_ONCE", 1)
    put_twin(world, ("queued", queue))
    world.put("queued", to_queue, "another")
    looking = twins.part()
    after(steps, looking)
    engine.control.move(queue, "queued", "a", to_queue=to_queue, actor=ANNA)
    list(looking)
    assert world.raw.exists("t:task:a")


@pytest.mark.parametrize("steps", range(6))
def test_one_that_is_removed_while_the_look_is_under_way_leaves_nothing(world, engine, twins, monkeypatch, steps):
    monkeypatch.setattr("queue_core.twins._QUEUES_AT_ONCE", 1)
    put_twin(world, ("queued", "orders"))
    world.put("queued", "mail", "another")
    looking = twins.part()
    after(steps, looking)
    engine.control.cancel("orders", "queued", "a", actor=ANNA)
    list(looking)
    list(twins.part())
    assert not world.raw.exists("t:task:a", "t:x:twins")


def test_one_whose_payload_is_of_a_wrong_type_is_cleared_too(world, twins):
    put_twin(world)
    world.raw.delete("t:task:a")
    world.raw.hset("t:task:a", "some", "thing")
    list(twins.part())
    assert world.dump() == {}


def test_hostile_names(world, twins):
    world.put("queued", HOSTILE_QUEUE, HOSTILE_ID, unique=True)
    twins.mark([HOSTILE_ID, "gone"])
    list(twins.part())
    assert "t:x:twins" not in world.dump() and world.scores("queued", HOSTILE_QUEUE)


def test_names_that_are_too_many_for_one_step_are_read_bit_by_bit(world, twins, monkeypatch):
    monkeypatch.setattr("queue_core.twins._READ_WHOLE", 1)
    put_twin(world, ("queued", "orders"), ("error", "mail"))
    put_twin(world, ("queued", "orders"), task_id="one")
    list(twins.part())
    assert world.dump()["t:x:twins"].keys() == {"a"}


def test_marks_that_are_too_many_for_one_round_have_their_turn_in_the_next(world, twins, monkeypatch):
    monkeypatch.setattr("queue_core.twins._LOOKUPS_PER_ROUND", 1)
    for number in range(20):
        put_twin(world, ("queued", "orders"), ("error", "mail"), task_id=f"two{number:02}")
    put_twin(world, task_id="zero")
    list(twins.part())
    assert "zero" in world.dump()["t:x:twins"]
    list(twins.part())
    assert "zero" not in world.dump()["t:x:twins"]
    list(twins.part())  # from the beginning again
    assert len(world.dump()["t:x:twins"]) == 20


def test_a_mark_that_stands_already_is_not_written_anew(world, twins):
    put_twin(world)
    twins.mark(["a"])
    assert world.dump()["t:x:twins"] == {"a": 5.5}
