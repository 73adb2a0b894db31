from tests.checker import assert_sound
from tests.queue_core.scripts.refusal import LEASE_LOST, MISSING_CLAIM, Refusal


def sample(world, queue="orders", task_id="a"):
    return {"id": task_id, "queue": queue, "lease": world.put_claimed(queue, task_id, score=42.125)}


def break_the_claim(world):
    lease = world.raw.hget("t:x:claims:orders", "a").split()[0].decode()
    world.raw.hset("t:x:claims:orders", "a", f"{lease} somewhere 0 0 worker-1")


REFUSALS = [*LEASE_LOST, MISSING_CLAIM, Refusal("LEASE_LOST", "its claim record is broken", break_the_claim)]


def test_a_claimed_task_is_back_at_its_old_place_as_if_nothing_had_been(world):
    world.put("queued", task_id="b", score=50.0)
    before = world.dump()
    world.put("queued", score=42.125)
    lease = world.claim()[0]
    with world.published() as published:
        assert world.run("release", id="a", queue="orders", lease=lease) == b"OK"
    after = world.dump()
    assert after.pop("t:queued:orders") == {"a": 42.125, "b": 50.0}
    del before["t:queued:orders"], after["t:task:a"]
    assert after == before
    assert published == ["orders"]
    assert_sound(world.raw)


def test_the_last_task_of_a_queue_is_listed_again(world):
    world.run("release", **sample(world))
    assert world.dump()["t:queued"] == {"orders"} and "t:active" not in world.dump()


def test_the_old_place_survives_a_heartbeat(world):
    values = sample(world)
    lease = world.run("heartbeat", queue="orders", ids_and_leases=["a", values["lease"]])[0]
    world.run("release", **values | {"lease": lease})
    assert world.scores("queued") == {"a": 42.125}


def test_a_unique_task_that_was_queued_meanwhile_keeps_that_place(world):
    values = sample(world)
    world.put("queued", score=7.0, unique=True)
    world.run("release", **values)
    assert world.scores("queued") == {"a": 7.0}
