import pytest

from tests.builders import ANNA, NOTED
from tests.checker import assert_sound
from tests.queue_core.scripts.refusal import OPERATION_ENDED, OPERATION_UNKNOWN, Refusal


def sample(world, queue="orders", task_id="a"):
    world.put("error", queue, task_id)
    world.put_operation()
    return {"id": task_id, "queue": queue, "now": 500.5, "fresh_budget": False, "not_after": "", **NOTED}


REFUSALS = [
    Refusal("TASK_NOT_FOUND", "it is not in error", lambda world: world.raw.zrem("t:error:orders", "a")),
    Refusal("TASK_NOT_FOUND", "it failed after the cut-off", values={"not_after": 99.9}),
    Refusal("PAYLOAD_MISSING", "there is nothing to run", lambda world: world.raw.delete("t:task:a")),
    OPERATION_ENDED,
    OPERATION_UNKNOWN,
]


def test_a_failed_task_is_queued_and_the_act_recorded(world):
    payload = world.put("error")
    world.record_failures(count=2)
    world.raw.hset("t:x:recoveries", "a", 1)
    values = {"id": "a", "queue": "orders", "now": 500.5, "fresh_budget": False, "not_after": "", **NOTED}
    with world.published() as published:
        assert world.run("retry", **values) == b"OK"
    assert world.dump() == {
        "t:queued": {"orders"},
        "t:queued:orders": {"a": 500.5},
        "t:task:a": payload,
        "t:task:a:executions": ['{"n": 1}', '{"n": 2}'],
        "t:task:a:executions_count": "2",
        "t:x:audit": [NOTED["act"].decode()],
    }
    assert world.acts()[0]["actor"] == ANNA.name
    assert published == ["orders"]
    assert_sound(world.raw)


def test_a_fresh_budget_forgets_the_count_and_keeps_the_tracebacks(world):
    values = sample(world)
    world.record_failures(count=2)
    world.run("retry", **values | {"fresh_budget": True})
    assert "t:task:a:executions_count" not in world.dump()
    assert len(world.dump()["t:task:a:executions"]) == 2


@pytest.mark.parametrize("not_after", ["100", 100.0, "+inf"])
def test_what_failed_up_to_the_cut_off_is_retried(world, not_after):
    world.run("retry", **sample(world) | {"not_after": not_after})
    assert world.scores("queued") == {"a": 500.5}


def test_a_unique_task_that_is_queued_already_goes_to_the_end(world):
    values = sample(world)
    world.put("queued", score=1.0, unique=True)
    world.run("retry", **values)
    assert world.scores("queued") == {"a": 500.5}


def test_as_part_of_an_operation_it_is_counted_there(world):
    values = sample(world) | {"operation_id": "op", "act": b""}
    before = world.acts()
    world.raw.rpush("t:x:operation:op:ids", "b", "a")
    world.run("retry", **values)
    assert world.raw.hget("t:x:operation:op", "done") == b"1"
    assert world.dump()["t:x:operation:op:ids"] == ["b"]
    assert world.acts() == before


def test_a_canary_goes_before_all_that_wait_and_is_remembered(world):
    values = sample(world)
    world.put("queued", task_id="b", score=90.0)
    world.raw.hset("t:x:operation:op", "canary", "waiting")
    world.run("retry", **values | {"operation_id": "op", "act": b""})
    assert world.scores("queued") == {"a": 89.0, "b": 90.0}
    assert world.dump()["t:x:operation:op:released"] == {"a": 500.5}
    assert_sound(world.raw)


def test_as_part_of_an_operation_it_is_followed(world):
    values = sample(world)
    world.run("retry", **values | {"operation_id": "op", "act": b""})
    assert world.dump()["t:x:followed"] == {"6:ordersa": "op 500.5"}
    assert world.raw.hget("t:x:operation:op", "followed") == b"1" and world.raw.ttl("t:x:followed") > 86_400
    assert_sound(world.raw)


@pytest.mark.parametrize("operation_id", ["", "op2"])
def test_a_second_retry_says_that_the_first_one_failed_again(world, operation_id):
    values = sample(world)
    world.put_operation("op2")
    world.run("retry", **values | {"operation_id": "op", "act": b""})
    world.raw.zrem("t:queued:orders", "a")
    world.put("error", score=600.0)
    world.run("retry", **values | {"operation_id": operation_id})
    assert world.raw.hget("t:x:operation:op", "failed_unknown") == b"1"
    assert world.raw.hget("t:x:operation:op2", "followed") == (b"1" if operation_id else None)


def test_something_else_in_the_place_of_what_is_followed_keeps_no_task_in_error(world):
    values = sample(world)
    world.raw.set("t:x:followed", "foreign")
    world.run("retry", **values | {"operation_id": "op", "act": b""})
    assert world.scores("queued") == {"a": 500.5}
    assert world.raw.hget("t:x:operation:op", "followed") is None
