import hashlib

import pytest

REFUSALS = []


def sample(world, queue="orders", task_id="a"):
    payload = world.put("queued", queue, task_id, unique=True)
    world.raw.zadd("t:x:twins", {task_id.encode("utf-8", "surrogateescape"): 5.5})
    return {
        "id": task_id,
        "seen_score": 5.5,
        "seen_digest": hashlib.sha1(payload.encode()).hexdigest(),
        "is_gone": False,
    }


def gone(world):
    values = sample(world)
    world.raw.delete("t:queued", "t:queued:orders")
    return values | {"is_gone": True}


def test_one_that_another_queue_holds_keeps_all_but_the_mark(world):
    values = sample(world)
    world.record_failures()
    before = world.dump()
    assert world.run("part_twin", **values) == b"OK"
    assert world.dump() == {key: value for key, value in before.items() if key != "t:x:twins"}


def test_one_that_no_queue_holds_leaves_nothing(world):
    values = gone(world)
    world.record_failures()
    assert world.run("part_twin", **values) == b"OK"
    assert world.dump() == {}


@pytest.mark.parametrize("changed", ["payload", "mark", "no mark"])
def test_nothing_is_written_when_it_was_enqueued_moved_or_removed_meanwhile(world, changed):
    values = gone(world)
    if changed == "payload":
        world.raw.set("t:task:a", "{}")
    elif changed == "mark":
        world.raw.zadd("t:x:twins", {"a": 6.5})
    else:
        world.raw.delete("t:x:twins")
    before = world.dump()
    assert world.run("part_twin", **values) == b"CHANGED"
    assert world.dump() == before


def test_one_whose_payload_tasktiger_has_deleted_is_forgotten(world):
    values = gone(world) | {"seen_digest": ""}
    world.raw.delete("t:task:a")
    assert world.run("part_twin", **values) == b"OK"
    assert world.dump() == {}
