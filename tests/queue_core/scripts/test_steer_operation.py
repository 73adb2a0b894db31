from tests.builders import NOTED
from tests.checker import assert_sound
from tests.queue_core.scripts.refusal import Refusal


def sample(world, queue="orders", task_id="a"):
    world.put_operation(ids=["a", "b"])
    return {
        "operation_id": "op", "now": 70.0, "status": "paused", "because": "a look", "rate": "", "canary": "",
        "act": NOTED["act"], "max_audit_entries": 1000,
    }  # fmt: skip


REFUSALS = [
    Refusal("OPERATION_NOT_FOUND", "there is none", values={"operation_id": "other"}),
    Refusal(
        "OPERATION_ENDED", "it was cancelled", lambda world: world.raw.hset("t:x:operation:op", "status", "cancelled")
    ),
]


def record(world):
    return world.dump()["t:x:operation:op"]


def test_a_paused_operation_knows_since_when_and_why(world):
    assert world.run("steer_operation", **sample(world)) == b"OK"
    assert record(world) == {
        "record": "{}", "status": "paused", "matched": "3", "done": "0", "skipped": "0", "rate": "0",
        "paused_at": "70.0", "paused_because": "a look",
    }  # fmt: skip
    assert len(world.acts()) == 2
    assert_sound(world.raw)


def test_paused_again_it_keeps_its_first_moment(world):
    values = sample(world)
    world.run("steer_operation", **values)
    world.run("steer_operation", **values | {"now": 90.0, "because": "still"})
    assert (record(world)["paused_at"], record(world)["paused_because"]) == ("70.0", "still")


def test_a_resumed_one_knows_how_long_it_rested(world):
    values = sample(world)
    for now, status in ((70.0, "paused"), (80.0, "running"), (85.0, "running"), (90.0, "paused"), (95.5, "running")):
        world.run("steer_operation", **values | {"now": now, "status": status})
    assert record(world) == {
        "record": "{}", "status": "running", "matched": "3", "done": "0", "skipped": "0", "rate": "0",
        "rested_seconds": "15.5",
    }  # fmt: skip
    assert_sound(world.raw)


def test_a_rate_changes_nothing_else(world):
    values = sample(world)
    world.run("steer_operation", **values | {"status": "", "rate": 12.5})
    assert (record(world)["status"], record(world)["rate"]) == ("running", "12.5")
