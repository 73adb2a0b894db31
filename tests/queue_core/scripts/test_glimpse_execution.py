import pytest

REFUSALS = []


def sample(world, queue="orders", task_id="a"):
    world.put("error", queue, task_id)
    world.record_failures(task_id, count=2)
    return {"id": task_id, "position": -1, "execution_bytes": 100}


@pytest.mark.parametrize(("position", "wanted"), [(-1, b'{"n": 2}'), (-2, b'{"n": 1}'), (0, b'{"n": 1}'), (-3, b"")])
def test_a_short_entry_comes_whole(world, position, wanted):
    assert world.run("glimpse_execution", **sample(world) | {"position": position}) == [wanted, b""]


def test_of_a_long_entry_both_ends_come(world):
    world.raw.rpush("t:task:a:executions", b"begin" + b"-" * 100 + b"ended")
    assert world.run("glimpse_execution", id="a", position=-1, execution_bytes=5) == [b"begin", b"ended"]


def test_nothing_is_written(world):
    values = sample(world)
    before = world.dump()
    world.run("glimpse_execution", **values)
    assert world.dump() == before
