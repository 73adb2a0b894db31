from tests.checker import assert_sound
from tests.queue_core.scripts.refusal import LEASE_LOST


def sample(world, queue="orders", task_id="a"):
    lease = world.put_claimed(queue, task_id)
    return {"id": task_id, "queue": queue, "lease": lease, "failed_at": 300.5, "execution": b'{"x": 1}', "keep": 0}


REFUSALS = LEASE_LOST


def test_a_task_that_failed_for_good_is_in_error_with_the_failure(world):
    values = sample(world)
    world.raw.hset("t:x:recoveries", "a", 1)
    payload = world.dump()["t:task:a"]
    with world.published() as published:
        assert world.run("give_up", **values) == b"OK"
    assert world.dump() == {
        "t:error": {"orders"},
        "t:error:orders": {"a": 300.5},
        "t:task:a": payload,
        "t:task:a:executions": ['{"x": 1}'],
        "t:task:a:executions_count": "1",
    }
    assert not published
    assert_sound(world.raw)


def test_a_unique_task_that_is_in_error_already_moves_to_its_newest_failure(world):
    values = sample(world)
    world.put("error", score=1.0, unique=True)
    world.record_failures()
    world.run("give_up", **values)
    assert world.scores("error") == {"a": 300.5}
    assert world.dump()["t:task:a:executions_count"] == "2"


def test_a_failure_without_a_record_is_not_counted(world):
    values = sample(world)
    world.run("give_up", **values | {"execution": b""})
    assert world.scores("error") == {"a": 300.5}
    assert "t:task:a:executions" not in world.dump() and "t:task:a:executions_count" not in world.dump()


def test_only_the_newest_failures_are_kept(world):
    values = sample(world)
    world.record_failures(count=3)
    world.run("give_up", **values | {"keep": 1})
    assert world.dump()["t:task:a:executions"] == ['{"x": 1}']


def test_a_number_of_kept_failures_beyond_all_reason_keeps_all_and_the_failure_counts(world):
    values = sample(world)
    world.record_failures(count=3)
    world.run("give_up", **values | {"keep": 10**20})
    assert len(world.dump()["t:task:a:executions"]) == 4 and world.dump()["t:task:a:executions_count"] == "4"
