import pytest

from tests.checker import assert_sound
from tests.queue_core.scripts.refusal import LEASE_LOST


def sample(world, queue="orders", task_id="a"):
    lease = world.put_claimed(queue, task_id)
    return {"id": task_id, "queue": queue, "lease": lease, "due_at": 200.5, "execution": b'{"x": 1}', "keep": 0}


REFUSALS = LEASE_LOST


def test_a_failed_task_waits_for_its_next_turn_with_the_failure_recorded(world):
    values = sample(world)
    payload = world.dump()["t:task:a"]
    with world.published() as published:
        assert world.run("retry_later", **values) == b"OK"
    assert world.dump() == {
        "t:scheduled": {"orders"},
        "t:scheduled:orders": {"a": 200.5},
        "t:task:a": payload,
        "t:task:a:executions": ['{"x": 1}'],
        "t:task:a:executions_count": "1",
    }
    assert not published
    assert_sound(world.raw)


def test_failures_are_counted_on(world):
    values = sample(world)
    world.record_failures(count=2)
    world.run("retry_later", **values)
    assert world.dump()["t:task:a:executions_count"] == "3"
    assert world.dump()["t:task:a:executions"] == ['{"n": 1}', '{"n": 2}', '{"x": 1}']


def test_only_the_newest_failures_are_kept_and_all_are_counted(world):
    values = sample(world)
    world.record_failures(count=3)
    world.run("retry_later", **values | {"keep": 2})
    assert world.dump()["t:task:a:executions"] == ['{"n": 3}', '{"x": 1}']
    assert world.dump()["t:task:a:executions_count"] == "4"


@pytest.mark.parametrize(("present", "wanted"), [(150.0, 150.0), (300.0, 200.5)])
def test_a_unique_task_that_is_scheduled_already_keeps_the_earlier_moment(world, present, wanted):
    values = sample(world)
    world.put("scheduled", score=present, unique=True)
    world.run("retry_later", **values)
    assert world.scores("scheduled") == {"a": wanted}


def test_no_failure_is_recorded_for_a_task_without_a_payload(world):
    values = sample(world)
    world.raw.delete("t:task:a")
    world.run("retry_later", **values)
    assert not [key for key in world.dump() if "task" in key]


@pytest.mark.parametrize("count", [b"many", b"", b"-"])
def test_a_count_that_is_no_number_begins_again(world, count):
    values = sample(world)
    world.raw.set("t:task:a:executions_count", count)
    world.run("retry_later", **values)
    assert world.dump()["t:task:a:executions_count"] == "1"


def test_the_recoveries_of_a_task_stay_until_it_has_ended(world):
    values = sample(world)
    world.raw.hset("t:x:recoveries", "a", 1)
    world.run("retry_later", **values)
    assert world.dump()["t:x:recoveries"] == {"a": "1"}


@pytest.mark.parametrize("foreign", ["1e400", "-1e400", "nan", "-7", "many"])
def test_a_count_that_is_none_begins_anew(world, foreign):
    values = sample(world)
    world.raw.set("t:task:a:executions_count", foreign)
    world.run("retry_later", **values)
    assert world.raw.get("t:task:a:executions_count") == b"1"
