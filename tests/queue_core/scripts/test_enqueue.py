import pytest

from tests.builders import payload_text
from tests.checker import assert_sound
from tests.queue_core.scripts.refusal import Refusal

GROWS = True


def sample(world, queue="orders", task_id="a"):
    return {
        "id": task_id, "queue": queue, "payload_json": payload_text(task_id), "runnable_at": 100.5,
        "max_queue_size": 0, "unique": False, "once": False, "remember_seconds": 0,
    }  # fmt: skip


REFUSALS = [
    Refusal(
        "QUEUE_FULL", "that many are queued", lambda world: world.put("queued", task_id="b"), {"max_queue_size": 1}
    ),
    Refusal(
        "QUEUE_FULL", "that many are active", lambda world: world.put("active", task_id="b"), {"max_queue_size": 1}
    ),
    Refusal(
        "QUEUE_FULL",
        "that many are scheduled",
        lambda world: world.put("scheduled", task_id="b"),
        {"max_queue_size": 1},
    ),
    Refusal(
        "QUEUE_FULL",
        "they are that many together",
        lambda world: [world.put(state, task_id=state) for state in ("queued", "active", "scheduled")],
        {"max_queue_size": 3},
    ),
]


def test_a_task_is_queued_listed_and_announced(world):
    with world.published() as published:
        assert world.run("enqueue", **sample(world)) == b"OK"
    assert world.dump() == {
        "t:queued": {"orders"},
        "t:queued:orders": {"a": 100.5},
        "t:task:a": payload_text("a"),
    }
    assert published == ["orders"]
    assert_sound(world.raw)


def test_a_unique_task_that_waits_keeps_its_place_and_takes_the_new_payload(world):
    world.put("queued", score=50.0, unique=True)
    new = payload_text("a", unique=True, args=[2])
    with world.published() as published:
        world.run("enqueue", **sample(world) | {"payload_json": new})
    assert world.scores("queued") == {"a": 50.0}
    assert world.dump()["t:task:a"] == new
    assert published == ["orders"]


@pytest.mark.parametrize("state", ["active", "scheduled", "error"])
def test_a_unique_task_in_another_state_is_queued_too(world, state):
    world.put(state, unique=True)
    world.run("enqueue", **sample(world) | {"payload_json": payload_text("a", unique=True)})
    assert world.scores(state) == {"a": 100.0}
    assert world.scores("queued") == {"a": 100.5}


def test_a_full_queue_takes_a_unique_task_that_waits_in_it_already(world):
    world.put("queued", unique=True)
    assert world.run("enqueue", **sample(world) | {"max_queue_size": 1}) == b"OK"


def test_errors_do_not_count_for_the_size_of_a_queue(world):
    world.put("error", task_id="b")
    assert world.run("enqueue", **sample(world) | {"max_queue_size": 1}) == b"OK"


@pytest.mark.parametrize("state", ["queued", "active", "scheduled", "error"])
def test_once_does_nothing_while_the_task_is_in_any_state(world, state):
    world.put(state, score=7.0, args=[1])
    before = world.dump()
    with world.published() as published:
        assert world.run("enqueue", **sample(world) | {"once": True}) == b"KNOWN"
    assert world.dump() == before
    assert not published


def test_once_enqueues_a_task_that_is_nowhere(world):
    assert world.run("enqueue", **sample(world) | {"once": True}) == b"OK"
    assert world.scores("queued") == {"a": 100.5}


def test_once_goes_before_the_limit_of_the_queue(world):
    world.put("queued")
    assert world.run("enqueue", **sample(world) | {"once": True, "max_queue_size": 1}) == b"KNOWN"


def test_a_remembered_task_is_known_after_it_has_gone(world):
    values = sample(world) | {"once": True, "remember_seconds": 60}
    world.run("enqueue", **values)
    assert world.expiring() == {"t:x:remembered:a"}
    assert 0 < world.raw.ttl("t:x:remembered:a") <= 60
    world.raw.delete("t:queued:orders", "t:queued", "t:task:a")
    before = world.dump()
    assert world.run("enqueue", **values) == b"KNOWN"
    assert world.dump() == before


def test_nobody_is_told_where_publishing_is_off(world):
    with world.published() as published:
        world.run("enqueue", **sample(world), publish=False)
    assert not published and world.scores("queued") == {"a": 100.5}


# -- the same unique task in two queues --

UNIQUE = {"unique": True, "payload_json": payload_text("a", unique=True)}


@pytest.mark.parametrize("state", ["queued", "active", "scheduled", "error"])
def test_a_unique_task_that_stands_in_another_queue_is_a_twin(world, state):
    world.put(state, "mail", unique=True)
    world.run("enqueue", **sample(world) | UNIQUE)
    assert world.dump()["t:x:twins"] == {"a": 100.5}
    assert_sound(world.raw)


@pytest.mark.parametrize("state", ["queued", "active", "scheduled", "error"])
def test_one_that_stands_in_another_state_of_its_queue_is_none(world, state):
    world.put(state, unique=True)
    world.run("enqueue", **sample(world) | UNIQUE)
    assert "t:x:twins" not in world.dump()


def test_the_first_of_a_unique_task_is_no_twin(world):
    world.run("enqueue", **sample(world) | UNIQUE)
    assert "t:x:twins" not in world.dump()


def test_once_enqueues_a_unique_task_that_stands_in_another_queue_only(world):
    world.put("queued", "mail", unique=True)
    assert world.run("enqueue", **sample(world) | UNIQUE | {"once": True}) == b"OK"
    assert world.run("enqueue", **sample(world) | UNIQUE | {"once": True}) == b"KNOWN"


def test_something_else_in_the_place_of_the_twins_keeps_no_task_out(world):
    world.put("queued", "mail", unique=True)
    world.raw.set("t:x:twins", "foreign")
    assert world.run("enqueue", **sample(world) | UNIQUE) == b"OK"
