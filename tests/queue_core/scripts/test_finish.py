import pytest

from tests.checker import assert_sound
from tests.queue_core.scripts.refusal import LEASE_LOST


def sample(world, queue="orders", task_id="a"):
    return {"id": task_id, "queue": queue, "lease": world.put_claimed(queue, task_id)}


REFUSALS = LEASE_LOST


def test_a_finished_task_leaves_nothing_behind(world):
    values = sample(world)
    world.record_failures(count=2)
    world.raw.hset("t:x:recoveries", "a", 1)
    with world.published() as published:
        assert world.run("finish", **values) == b"OK"
    assert world.dump() == {}
    assert not published


def test_others_in_the_queue_stay_as_they_are(world):
    values = sample(world)
    world.put("active", task_id="b", score=5.0)
    world.raw.hset("t:x:claims:orders", "b", "5 1 0 0 w")
    other = world.put("queued", task_id="c")
    world.run("finish", **values)
    assert world.scores("active") == {"b": 5.0}
    assert world.dump()["t:active"] == {"orders"} and world.dump()["t:task:c"] == other
    assert_sound(world.raw)


@pytest.mark.parametrize("state", ["queued", "scheduled"])
def test_a_unique_task_that_waits_again_keeps_its_payload_and_not_its_failures(world, state):
    values = sample(world)
    payload = world.put(state, unique=True)
    world.record_failures()
    world.run("finish", **values)
    assert world.dump() == {f"t:{state}": {"orders"}, f"t:{state}:orders": {"a": 100.0}, "t:task:a": payload}


def test_a_unique_task_that_failed_before_keeps_payload_and_failures(world):
    values = sample(world)
    world.put("error", unique=True)
    world.record_failures(count=2)
    world.run("finish", **values)
    assert {key for key in world.dump() if "task" in key} == {
        "t:task:a", "t:task:a:executions", "t:task:a:executions_count",
    }  # fmt: skip


def test_it_cannot_happen_twice(world):
    from queue_core.errors import LeaseLost

    values = sample(world)
    world.run("finish", **values)
    with pytest.raises(LeaseLost):
        world.run("finish", **values)


def test_a_task_with_a_twin_in_another_queue_leaves_it_payload_and_failures(world):
    values = sample(world)
    payload = world.put("queued", "mail", unique=True)
    world.record_failures()
    world.raw.zadd("t:x:twins", {"a": 5.5})
    world.run("finish", **values)
    assert world.dump() == {
        "t:queued": {"mail"},
        "t:queued:mail": {"a": 100.0},
        "t:task:a": payload,
        "t:task:a:executions": ['{"n": 1}'],
        "t:task:a:executions_count": "1",
        "t:x:twins": {"a": 5.501},
    }


def test_something_else_in_the_place_of_the_twins_keeps_no_task_active(world):
    values = sample(world)
    world.raw.set("t:x:twins", "foreign")
    assert world.run("finish", **values) == b"OK"
    assert world.dump() == {"t:x:twins": "foreign"}


def retried(world):
    world.put_operation()
    world.put("error")
    world.run(
        "retry", id="a", queue="orders", now=500.5, fresh_budget=False, not_after="", operation_id="op", act=b"",
        max_audit_entries=1000,
    )  # fmt: skip
    return {"id": "a", "queue": "orders", "lease": world.claim()[0]}


def test_what_an_operation_has_retried_is_counted_there_as_succeeded(world):
    world.run("finish", **retried(world))
    assert world.raw.hget("t:x:operation:op", "succeeded") == b"1"
    assert "t:x:followed" not in world.dump()
    assert_sound(world.raw)


def test_it_is_followed_on_while_it_waits_for_another_run(world):
    values = retried(world)
    world.put("scheduled", unique=True)
    world.run("finish", **values)
    assert world.raw.hget("t:x:operation:op", "succeeded") is None
    assert world.dump()["t:x:followed"] == {"6:ordersa": "op 500.5"}


def test_a_record_of_an_operation_that_has_expired_does_not_come_back(world):
    values = retried(world)
    world.raw.delete("t:x:operation:op")
    assert world.run("finish", **values) == b"OK"
    assert not world.raw.exists("t:x:operation:op", "t:x:followed")


def test_something_else_in_the_place_of_what_is_followed_keeps_no_task_active(world):
    values = retried(world)
    world.raw.set("t:x:followed", "foreign")
    assert world.run("finish", **values) == b"OK"
    assert world.scores("active") == {}
