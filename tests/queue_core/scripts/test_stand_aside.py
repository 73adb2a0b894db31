from queue_core.hold import aside_score
from tests.checker import assert_sound
from tests.queue_core.scripts.refusal import LEASE_LOST, MISSING_CLAIM, Refusal


def sample(world, queue="orders", task_id="a"):
    return {
        "id": task_id, "queue": queue, "lease": world.put_claimed(queue, task_id, score=42.125), "hold_id": "h1",
    }  # fmt: skip


def break_the_claim(world):
    lease = world.raw.hget("t:x:claims:orders", "a").split()[0].decode()
    world.raw.hset("t:x:claims:orders", "a", f"{lease} somewhere 0 0 worker-1")


REFUSALS = [*LEASE_LOST, MISSING_CLAIM, Refusal("LEASE_LOST", "its claim record is broken", break_the_claim)]


def test_a_claimed_task_waits_where_nobody_takes_it_and_its_place_is_kept(world):
    values = sample(world)
    world.raw.hset("t:x:holds", "h1", "{}")
    assert world.run("stand_aside", **values) == b"OK"
    assert world.scores("scheduled") == {"a": aside_score(42.125)}
    dump = world.dump()
    assert dump["t:scheduled"] == {"orders"} and dump["t:x:holds:aside"] == {"h1": "1"}
    assert not {"t:active", "t:queued", "t:x:claims:orders"} & dump.keys()
    assert_sound(world.raw)


def test_it_has_used_no_attempt(world):
    values = sample(world)
    world.run("start", id="a", queue="orders", lease=values["lease"])
    world.run("stand_aside", **values)
    assert not [key for key in world.dump() if "executions" in key or "recoveries" in key]


def test_of_a_unique_task_that_is_scheduled_already_the_earlier_moment_stays(world):
    values = sample(world)
    world.put("scheduled", score=7.0, unique=True)
    world.run("stand_aside", **values)
    assert world.scores("scheduled") == {"a": aside_score(7.0)}


def test_a_unique_task_that_stands_aside_already_keeps_the_earlier_place(world):
    values = sample(world)
    world.put("scheduled", score=aside_score(50.0), unique=True)
    world.run("stand_aside", **values)
    assert world.scores("scheduled") == {"a": aside_score(42.125)}


def test_what_is_counted_for_a_hold_that_has_ended_is_not_counted(world):
    world.run("stand_aside", **sample(world))
    assert "t:x:holds:aside" not in world.dump()
    assert_sound(world.raw)


def test_holds_that_are_broken_keep_no_task_in_its_state(world):
    world.raw.set("t:x:holds", "rubbish")
    world.raw.set("t:x:holds:aside", "rubbish")
    assert world.run("stand_aside", **sample(world)) == b"OK"
    assert world.scores("scheduled") == {"a": aside_score(42.125)}
