import pytest

from tests.builders import FOR_GOOD, NOTED, TO_TRASH, full_memory
from tests.checker import assert_sound
from tests.queue_core.scripts.refusal import OPERATION_ENDED, OPERATION_UNKNOWN, Refusal


def sample(world, queue="orders", task_id="a", state="error"):
    world.put(state, queue, task_id)
    world.put_operation()
    return {"id": task_id, "queue": queue, "state": state, "not_after": "", **NOTED, **FOR_GOOD}


REFUSALS = [
    Refusal("TASK_NOT_FOUND", "it has left", lambda world: world.raw.zrem("t:error:orders", "a")),
    Refusal("TASK_NOT_FOUND", "it is in another state", values={"state": "scheduled"}),
    Refusal("TASK_NOT_FOUND", "it came after the cut-off", values={"not_after": 99.9}),
    OPERATION_ENDED,
    OPERATION_UNKNOWN,
]


@pytest.mark.parametrize("state", ["error", "queued", "scheduled"])
def test_nothing_is_left_but_the_act(world, state):
    world.put(state)
    world.record_failures(count=2)
    world.raw.hset("t:x:recoveries", "a", 1)
    with world.published() as published:
        assert world.run("delete", id="a", queue="orders", state=state, not_after="", **NOTED, **FOR_GOOD) == b"OK"
    assert world.dump() == {"t:x:audit": [NOTED["act"].decode()]}
    assert not published


def test_others_in_the_queue_stay(world):
    values = sample(world)
    payload = world.put("error", task_id="b")
    world.run("delete", **values)
    assert world.tasks() == {"t:error": {"orders"}, "t:error:orders": {"b": 100.0}, "t:task:b": payload}
    assert_sound(world.raw)


@pytest.mark.parametrize("other", sorted({"queued", "active", "scheduled"} - {"error"}))
def test_a_unique_task_that_another_state_holds_keeps_its_payload(world, other):
    values = sample(world)
    payload = world.put(other, unique=True)
    world.run("delete", **values)
    assert world.tasks() == {f"t:{other}": {"orders"}, f"t:{other}:orders": {"a": 100.0}, "t:task:a": payload}


def test_a_task_without_a_payload_can_be_removed(world):
    values = sample(world)
    world.raw.delete("t:task:a")
    world.run("delete", **values)
    assert world.tasks() == {}


def test_as_part_of_an_operation_it_is_counted_there(world):
    values = sample(world) | {"operation_id": "op", "act": b"", "not_after": 100.0}
    before = world.acts()
    world.run("delete", **values)
    assert world.raw.hget("t:x:operation:op", "done") == b"1"
    assert world.acts() == before


def test_a_waiting_unique_task_keeps_the_failures_that_stand_in_error(world):
    world.put("error", unique=True)
    world.put("queued", unique=True)
    world.record_failures(count=2)
    world.run("delete", id="a", queue="orders", state="queued", not_after="", **NOTED, **FOR_GOOD)
    assert len(world.dump()["t:task:a:executions"]) == 2


def test_deleting_the_error_of_a_waiting_unique_task_lets_its_count_begin_again(world):
    world.put("error", unique=True)
    world.put("queued", unique=True)
    world.record_failures(count=2)
    world.run("delete", id="a", queue="orders", state="error", not_after="", **NOTED, **FOR_GOOD)
    assert {key for key in world.tasks() if "task" in key} == {"t:task:a"}


def test_a_task_with_a_twin_in_another_queue_leaves_it_the_payload(world):
    values = sample(world)
    payload = world.put("queued", "mail", unique=True)
    world.raw.zadd("t:x:twins", {"a": 5.5})
    world.run("delete", **values)
    assert world.dump()["t:task:a"] == payload
    assert_sound(world.raw)


@pytest.mark.parametrize("state", ["error", "queued", "scheduled"])
def test_it_goes_to_the_trash_with_all_that_it_had_and_does_not_stay_there_for_ever(world, state):
    payload = world.put(state)
    world.record_failures(count=2)
    values = {"id": "a", "queue": "orders", "state": state, "not_after": "", **NOTED, **TO_TRASH}
    assert world.run("delete", **values) == b"KEPT"
    tasks = world.tasks()
    size = int(tasks.pop("t:x:trash:bytes"))
    assert size > 300 and tasks == {
        "t:x:trash": {"e1": 500.0},
        "t:x:trash:index": {"e1": f"{size} - orders"},
        "t:x:trash:queue:orders": {"e1": 500.0},
        "t:x:trash:entry:e1": {
            "id": "a", "queue": "orders", "state": state, "score": "100", "count": "2", "at": "500.0",
            "record": '{"by": "anna"}',
        },
        "t:x:trash:payload:e1": payload,
        "t:x:trash:executions:e1": ['{"n": 1}', '{"n": 2}'],
    }  # fmt: skip
    assert world.expiring() == {*tasks, "t:x:trash:bytes"}
    assert_sound(world.raw)


def test_a_task_without_a_payload_does_not_go_to_the_trash(world):
    values = sample(world) | TO_TRASH
    world.raw.delete("t:task:a")
    assert world.run("delete", **values) == b"OK"
    assert world.tasks() == {}


def test_what_an_operation_deletes_can_be_found_by_it(world):
    values = sample(world) | TO_TRASH | {"operation_id": "op", "act": b""}
    world.run("delete", **values)
    assert world.dump()["t:x:trash:operation:op"] == {"e1": 500.0}
    assert_sound(world.raw)


@pytest.mark.parametrize(("state", "queue"), [("queued", "orders"), ("queued", "mail")])
def test_a_payload_that_is_needed_elsewhere_is_copied(world, state, queue):
    values = sample(world) | TO_TRASH
    payload = world.put("error", unique=True)
    world.put(state, queue, unique=True)
    if queue == "mail":
        world.raw.zadd("t:x:twins", {"a": 5.5})
    world.run("delete", **values)
    assert world.dump()["t:task:a"] == world.dump()["t:x:trash:payload:e1"] == payload
    assert_sound(world.raw)


def test_a_large_payload_that_is_needed_elsewhere_is_not_copied(world):
    values = sample(world) | TO_TRASH
    world.put("error", unique=True, args=["x" * 1_100_000])
    world.put("queued", unique=True, args=["x" * 1_100_000])
    assert world.run("delete", **values) == b"OK"
    assert not [key for key in world.dump() if key.startswith("t:x:trash")]
    assert_sound(world.raw)


def test_a_full_redis_lets_a_task_into_the_trash_whole(world):
    values = sample(world) | TO_TRASH
    with full_memory(world.raw):
        assert world.run("delete", **values) == b"KEPT"
    assert world.dump()["t:x:trash"] == {"e1": 500.0}
    assert_sound(world.raw)
