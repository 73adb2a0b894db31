import pytest

REFUSALS = []


def sample(world, queue="orders", task_id="a"):
    key = world.keys.lock(task_id)
    world.raw.set(key, "me", px=1000)
    return {"lock": key, "token": "me", "seconds": 60.5}


def test_our_lock_lasts_longer(world):
    assert world.run("renew_lock", **sample(world)) == 1
    assert 60_000 < world.raw.pttl("t:lockv2:a") <= 60_500


@pytest.mark.parametrize("token", ["other", "", "m"])
def test_somebody_elses_lock_stays_as_it_is(world, token):
    assert world.run("renew_lock", **sample(world) | {"token": token}) == 0
    assert world.dump() == {"t:lockv2:a": "me"} and world.raw.pttl("t:lockv2:a") <= 1000


def test_a_lock_that_is_gone_is_not_taken_again(world):
    values = sample(world)
    world.raw.delete("t:lockv2:a")
    assert world.run("renew_lock", **values) == 0
    assert world.dump() == {}
