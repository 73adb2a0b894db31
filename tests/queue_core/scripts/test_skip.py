from queue_core.text import to_bytes
from tests.checker import assert_sound
from tests.queue_core.scripts.refusal import Refusal


def sample(world, queue="orders", task_id="a"):
    world.put("error", queue, task_id)
    world.put_operation(ids=[to_bytes(task_id), b"b"])
    return {"operation_id": "op", "id": task_id, "queue": queue, "state": "error"}


REFUSALS = [
    Refusal(
        "OPERATION_ENDED", "it was cancelled", lambda world: world.raw.hset("t:x:operation:op", "status", "cancelled")
    ),
    Refusal("OPERATION_ENDED", "there is none", values={"operation_id": "other"}),
]


def test_a_task_that_stays_is_counted_and_passed(world):
    tasks = (values := sample(world)) and world.tasks()
    assert world.run("skip", **values) == b"OK"
    record = world.dump()["t:x:operation:op"]
    assert (record["skipped"], record["passed_id"], record["passed_score"]) == ("1", "a", "100")
    assert record["stayed"] == "1"
    assert world.dump()["t:x:operation:op:ids"] == ["b"]
    assert world.tasks() == tasks
    assert_sound(world.raw)


def test_a_task_that_has_left_is_counted_only(world):
    values = sample(world)
    world.raw.delete("t:error:orders")
    world.run("skip", **values)
    record = world.dump()["t:x:operation:op"]
    assert record["skipped"] == "1" and not {"passed_id", "stayed"} & record.keys()


def test_what_is_frozen_is_counted_once(world):
    values = sample(world)
    world.raw.zadd("t:x:operation:op:frozen", {"a": 100.0, "b": 101.0})
    for _ in range(2):
        world.run("skip", **values)
    assert world.dump()["t:x:operation:op"]["skipped"] == "1"
    assert world.dump()["t:x:operation:op:frozen"] == {"b": 101.0}
