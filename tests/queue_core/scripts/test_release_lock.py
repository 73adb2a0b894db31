import pytest

REFUSALS = []


def sample(world, queue="orders", task_id="a"):
    key = world.keys.lock(task_id)
    world.raw.set(key, "me", px=60_000)
    return {"lock": key, "token": "me"}


def test_our_lock_is_freed(world):
    assert world.run("release_lock", **sample(world)) == 1
    assert world.dump() == {}


@pytest.mark.parametrize("token", ["other", "", "m"])
def test_somebody_elses_lock_stays(world, token):
    assert world.run("release_lock", **sample(world) | {"token": token}) == 0
    assert world.dump() == {"t:lockv2:a": "me"}


def test_a_lock_that_is_gone_is_no_fault(world):
    values = sample(world)
    world.raw.delete("t:lockv2:a")
    assert world.run("release_lock", **values) == 0
