REFUSALS = []


def sample(world, queue="orders", task_id="a"):
    return {"lease": world.keys.lease("sweeper"), "token": "me", "seconds": 30.5}


def test_a_free_duty_is_taken_for_a_while(world):
    assert world.run("hold", **sample(world)) == 1
    assert world.dump() == {"t:x:lease:sweeper": "me"}
    assert 30_000 < world.raw.pttl("t:x:lease:sweeper") <= 30_500


def test_the_holder_renews(world):
    world.run("hold", **sample(world) | {"seconds": 1})
    assert world.run("hold", **sample(world)) == 1
    assert world.raw.pttl("t:x:lease:sweeper") > 30_000


def test_somebody_elses_duty_stays_as_it_is(world):
    world.run("hold", **sample(world) | {"token": "other", "seconds": 5})
    assert world.run("hold", **sample(world)) == 0
    assert world.dump() == {"t:x:lease:sweeper": "other"}
    assert world.raw.pttl("t:x:lease:sweeper") <= 5_000


def test_something_else_in_its_place_holds_nothing(world):
    world.raw.zadd("t:x:lease:sweeper", {"foreign": 1})
    assert world.run("hold", **sample(world)) == 1
    assert world.dump() == {"t:x:lease:sweeper": "me"}
