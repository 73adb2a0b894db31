import pytest

REFUSALS = []


def sample(world, queue="orders", task_id="a", state="queued"):
    world.put(state, queue, task_id)
    world.raw.srem(f"t:{state}", queue.encode("utf-8", "surrogateescape"))
    return {"queue": queue, "state": state}


@pytest.mark.parametrize("state", ["queued", "active", "scheduled", "error"])
def test_a_queue_that_has_tasks_is_listed_and_announced(world, state):
    values = sample(world, state=state)
    with world.published() as published:
        assert world.run("list_queue", **values) == 1
    assert world.dump()[f"t:{state}"] == {"orders"}
    assert published == ["orders"]


def test_one_that_is_listed_or_has_none_is_left_alone(world):
    world.put("queued")
    before = world.dump()
    with world.published() as published:
        assert world.run("list_queue", queue="orders", state="queued") == 0
        assert world.run("list_queue", queue="mail", state="queued") == 0
    assert world.dump() == before and not published
