import pytest

from tests.builders import FOR_GOOD, NOTED, TO_TRASH, payload_text
from tests.checker import assert_sound
from tests.queue_core.scripts.refusal import OPERATION_ENDED, OPERATION_UNKNOWN, Refusal

RESTORED = {"entry_id": "e1", "not_after": "", "now": 900.0, "trash_prefix": FOR_GOOD["trash_prefix"], **NOTED}


def sample(world, queue="orders", task_id="a", state="error", **fields):
    world.put(state, queue, task_id, **fields)
    world.record_failures(task_id, count=2)
    world.put_operation()
    return thrown_away(world, queue, task_id, state)


def thrown_away(world, queue="orders", task_id="a", state="error"):
    place = {"id": task_id, "queue": queue, "state": state}
    assert world.run("delete", **place, not_after="", **NOTED | TO_TRASH) == b"KEPT"
    return place | RESTORED


def without_trash(world):
    return {key: value for key, value in world.tasks().items() if not key.startswith("t:x:trash")}


REFUSALS = [
    Refusal("ENTRY_NOT_FOUND", "its time is over", lambda world: world.raw.delete("t:x:trash:entry:e1")),
    Refusal("ENTRY_NOT_FOUND", "it is off the list", lambda world: world.raw.zrem("t:x:trash", "e1")),
    Refusal("ENTRY_NOT_FOUND", "the entry is of another task", values={"id": "b"}),
    Refusal("ENTRY_NOT_FOUND", "it came after the cut-off", values={"not_after": 499.0}),
    Refusal("PAYLOAD_MISSING", "there is nothing to run", lambda world: world.raw.delete("t:x:trash:payload:e1")),
    Refusal("ALREADY_THERE", "its queue holds the id again", lambda world: world.put("queued")),
    Refusal("PAYLOAD_DIFFERS", "it lives elsewhere", lambda world: world.put("queued", "mail", args=[1], unique=True)),
    OPERATION_ENDED,
    OPERATION_UNKNOWN,
]


@pytest.mark.parametrize("state", ["error", "queued", "scheduled"])
def test_it_comes_back_whole_with_its_old_score(world, state):
    world.put(state)
    world.record_failures(count=2)
    before = world.tasks()
    values = thrown_away(world, state=state)
    with world.published() as published:
        assert world.run("restore", **values, publish=state == "queued") == b"OK"
    assert world.tasks() == before
    assert not world.expiring()
    assert published == (["orders"] if state == "queued" else [])
    assert_sound(world.raw)


def test_others_in_the_trash_stay(world):
    values = sample(world)
    world.put("error", task_id="b")
    place = {"id": "b", "queue": "orders", "state": "error"}
    world.run("delete", **place, not_after="", **NOTED | TO_TRASH | {"entry_id": "e2"})
    world.run("restore", **values)
    assert world.scores("error").keys() == {"a"}
    assert world.dump()["t:x:trash"] == {"e2": 500.0}
    assert_sound(world.raw)


def test_a_unique_task_that_lives_in_another_queue_with_the_same_payload_gets_a_twin(world):
    values = sample(world, unique=True)
    world.put("queued", "mail", unique=True)
    world.run("restore", **values)
    assert world.scores("error") == {"a": 100.0} and world.dump()["t:x:twins"] == {"a": 900.0}
    assert not [key for key in world.dump() if key.startswith("t:x:trash")]
    assert_sound(world.raw)


def test_as_part_of_an_operation_it_is_counted_there(world):
    values = sample(world) | {"operation_id": "op", "act": b"", "not_after": 500.0}
    before = world.acts()
    world.run("restore", **values)
    assert world.raw.hget("t:x:operation:op", "done") == b"1"
    assert world.acts() == before


def test_a_payload_of_ten_megabytes_is_moved_and_not_copied(world):
    world.raw.config_set("slowlog-log-slower-than", 2000)
    world.raw.slowlog_reset()
    large = world.put("error", args=["x" * 10_000_000])
    world.raw.slowlog_reset()
    world.run("restore", **thrown_away(world))
    commands = [entry["command"].split()[0] for entry in world.raw.slowlog_get()]
    world.raw.config_set("slowlog-log-slower-than", 10_000)
    assert b"EVALSHA" not in commands
    assert world.raw.get("t:task:a").decode() == large


def test_what_was_there_comes_back_byte_for_byte(world):
    world.put("error")
    world.raw.set("t:task:a", b"\xff not json \x00")
    world.run("restore", **thrown_away(world))
    assert world.raw.get("t:task:a") == b"\xff not json \x00"
    assert payload_text("a") not in world.tasks().values()
