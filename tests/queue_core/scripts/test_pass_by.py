from tests.checker import assert_sound
from tests.queue_core.scripts.refusal import OPERATION_ENDED, OPERATION_UNKNOWN


def sample(world, queue="orders", task_id="a"):
    world.put("error", queue, task_id)
    world.put_operation()
    return {
        "operation_id": "op", "queue": queue, "state": "error", "passed_by": 3, "last_id": task_id, "last_score": 100.0,
        "refused": [],
    }  # fmt: skip


REFUSALS = [OPERATION_ENDED, OPERATION_UNKNOWN]


def counted(world):
    numbers = world.dump()["t:x:operation:op"]
    names = ("done", "skipped", "stayed", "passed_by", "passed_id", "passed_score")
    return {name: numbers[name] for name in names if name in numbers}


def test_they_are_counted_and_the_next_look_begins_behind_them(world):
    assert world.run("pass_by", **sample(world)) == b"OK"
    assert counted(world) == {"done": "0", "skipped": "0", "passed_by": "3", "passed_id": "a", "passed_score": "100.0"}
    assert_sound(world.raw)


def test_what_was_meant_and_refused_is_skipped_and_some_of_it_is_still_there(world):
    world.run("pass_by", **sample(world) | {"refused": ["a", "gone"]})
    assert counted(world) | {"skipped": "2", "stayed": "1", "passed_by": "3"} == counted(world)


def test_with_nothing_left_there_the_place_stays(world):
    world.run("pass_by", **sample(world) | {"last_id": "", "last_score": ""})
    assert "passed_id" not in counted(world)


def test_what_is_frozen_is_taken_off_up_to_the_last_one(world):
    values = sample(world)
    world.raw.zadd("t:x:operation:op:frozen", {"0": 99.0, "a": 100.0, "b": 101.0})
    world.run("pass_by", **values)
    assert world.dump()["t:x:operation:op:frozen"] == {"b": 101.0}
