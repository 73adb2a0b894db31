from tests.builders import payload_text
from tests.checker import assert_sound
from tests.queue_core.scripts.refusal import Refusal

GROWS = True


def sample(world, queue="orders", task_id="a"):
    return {
        "id": task_id, "queue": queue, "payload_json": payload_text(task_id), "due_at": 200.25,
        "now": 90.5, "max_queue_size": 0, "unique": False, "once": False, "remember_seconds": 0,
    }  # fmt: skip


REFUSALS = [
    Refusal("QUEUE_FULL", f"that many are {state}", lambda world, state=state: world.put(state, task_id="b"),
            {"max_queue_size": 1})
    for state in ("queued", "active", "scheduled")
]  # fmt: skip


def test_a_task_is_scheduled_and_listed_and_not_announced(world):
    with world.published() as published:
        assert world.run("enqueue_later", **sample(world)) == b"OK"
    assert world.dump() == {
        "t:scheduled": {"orders"},
        "t:scheduled:orders": {"a": 200.25},
        "t:task:a": payload_text("a"),
    }
    assert not published
    assert_sound(world.raw)


def test_a_unique_task_that_is_scheduled_keeps_its_time(world):
    world.put("scheduled", score=50.0, unique=True)
    world.run("enqueue_later", **sample(world))
    assert world.scores("scheduled") == {"a": 50.0}


def test_a_full_queue_takes_a_unique_task_that_is_scheduled_already(world):
    world.put("scheduled", unique=True)
    assert world.run("enqueue_later", **sample(world) | {"max_queue_size": 1}) == b"OK"


def test_once_does_nothing_while_the_task_is_in_a_state(world):
    world.put("active", score=7.0)
    before = world.dump()
    assert world.run("enqueue_later", **sample(world) | {"once": True, "remember_seconds": 60}) == b"KNOWN"
    assert world.dump() == before


def test_a_remembered_task_is_known_after_it_has_gone(world):
    values = sample(world) | {"once": True, "remember_seconds": 60}
    world.run("enqueue_later", **values)
    world.raw.delete("t:scheduled:orders", "t:scheduled", "t:task:a")
    assert world.run("enqueue_later", **values) == b"KNOWN"


def test_a_unique_task_that_stands_in_another_queue_is_a_twin(world):
    world.put("queued", "mail", unique=True)
    world.run("enqueue_later", **sample(world) | {"unique": True, "payload_json": payload_text("a", unique=True)})
    assert world.dump()["t:x:twins"] == {"a": 90.5}
    assert_sound(world.raw)
