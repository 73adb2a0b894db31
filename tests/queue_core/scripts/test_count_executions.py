import pytest

REFUSALS = []


def sample(world, queue="orders", task_id="a"):
    world.put("error", queue, task_id)
    world.record_failures(task_id, 3)
    return {"id": task_id}


@pytest.mark.parametrize("count", [None, "2", "not a number"])
def test_a_count_that_is_too_low_becomes_the_length_of_the_list(world, count):
    values = sample(world)
    world.raw.delete("t:task:a:executions_count")
    if count is not None:
        world.raw.set("t:task:a:executions_count", count)
    assert world.run("count_executions", **values) == 1
    assert world.dump()["t:task:a:executions_count"] == "3"


@pytest.mark.parametrize("count", ["3", "7"])
def test_a_count_that_is_high_enough_stays(world, count):
    values = sample(world)
    world.raw.set("t:task:a:executions_count", count)
    before = world.dump()
    assert world.run("count_executions", **values) == 0
    assert world.dump() == before


def test_no_failed_runs_make_no_count(world):
    assert world.run("count_executions", id="a") == 0
    assert world.dump() == {}
