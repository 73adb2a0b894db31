import pytest

from tests.checker import assert_sound

REFUSALS = []


def sample(world, queue="orders", task_id="a"):
    followed(world, queue, task_id)
    world.put("error", queue, task_id, score=700.25)
    return values(task_id, "700.25", "same", queue=queue)


def followed(world, queue="orders", *task_ids):
    """Tasks that an operation has retried: they were in error, and are in no state now."""
    if not world.raw.exists("t:x:operation:op"):
        world.put_operation()
    for task_id in task_ids:
        world.put("error", queue, task_id)
        world.run(
            "retry", id=task_id, queue=queue, now=500.5, fresh_budget=False, not_after="", operation_id="op", act=b"",
            max_audit_entries=1000,
        )  # fmt: skip
        world.raw.zrem(world.keys.state("queued", queue), task_id.encode("utf-8", "surrogateescape"))
    if not world.raw.exists(world.keys.state("queued", queue)):
        world.raw.srem("t:queued", queue.encode("utf-8", "surrogateescape"))


def values(*looks, queue="orders", **more):
    return {
        "operation_id": "op", "queue": queue, "task_prefix": b"t:task:", "most_failed": 10, "keep_seconds": 600,
        "looks": list(looks), **more,
    }  # fmt: skip


def counted(world):
    numbers = world.dump()["t:x:operation:op"]
    plain = ("record", "status", "matched", "done", "skipped", "rate", "followed")
    return {name: int(number) for name, number in numbers.items() if name not in plain}


@pytest.mark.parametrize(
    ("verdict", "outcome"),
    [
        ("same", {"failed_same": 1}),
        ("unknown", {"failed_unknown": 1}),
        ("other KeyError", {"failed_other": 1, "error_classes": 1, "error:KeyError": 1}),
    ],
)
def test_a_task_that_failed_again_is_counted_and_kept_for_another_retry(world, verdict, outcome):
    sample(world)
    assert world.run("settle_followed", **values("a", "700.25", verdict)) == []
    assert counted(world) == outcome
    assert world.dump()["t:x:operation:op:failed"] == {"a": 700.25}
    assert "t:x:followed" not in world.dump()
    assert 0 < world.raw.ttl("t:x:operation:op:failed") <= 600
    assert_sound(world.raw)


@pytest.mark.parametrize("seen", ["", "699.0"])
def test_a_failure_that_nobody_has_read_is_told_and_not_counted(world, seen):
    sample(world)
    before = world.dump()
    assert world.run("settle_followed", **values("a", seen, "same")) == [b"a", b"700.25"]
    assert world.dump() == before


@pytest.mark.parametrize("state", ["queued", "active", "scheduled"])
def test_what_waits_or_runs_is_followed_on(world, state):
    followed(world, "orders", "a")
    world.put(state)
    before = world.dump()
    assert world.run("settle_followed", **values("a", "", "")) == []
    assert world.dump() == before


def test_what_stands_nowhere_is_gone_and_what_has_a_payload_has_moved_on(world):
    followed(world, "orders", "a", "b")
    world.raw.delete("t:task:a")
    assert world.run("settle_followed", **values("a", "", "", "b", "", "")) == []
    assert counted(world) == {"gone": 1, "moved_on": 1}
    assert "t:x:followed" not in world.dump()


def test_each_is_counted_once_however_often_it_is_sent(world):
    call = sample(world)
    for _ in range(3):
        world.run("settle_followed", **call)
    assert counted(world) == {"failed_same": 1}


def test_what_another_operation_has_retried_since_is_left_to_that_one(world):
    call = sample(world)
    world.raw.hset("t:x:followed", "6:ordersa", "other 600")
    before = world.dump()
    assert world.run("settle_followed", **call) == []
    assert world.dump() == before


def test_a_record_that_is_gone_does_not_come_back(world):
    call = sample(world)
    world.raw.delete("t:x:operation:op")
    world.raw.zrem("t:x:operations", "op")
    world.run("settle_followed", **call)
    assert not any(key.startswith(("t:x:operation:", "t:x:followed")) for key in world.dump())


def test_of_many_classes_twenty_have_a_name(world):
    ids = [f"{number:02}" for number in range(30)]
    followed(world, "orders", *ids)
    looks = []
    for one in ids:
        world.put("error", task_id=one, score=700.25)
        looks += [one, "700.25", f"other Error{one}"]
    world.run("settle_followed", **values(*looks))
    named = [name for name in counted(world) if name.startswith("error:")]
    assert len(named) == 20 and counted(world)["more_errors"] == 10 and counted(world)["failed_other"] == 30
    assert len(world.dump()["t:x:operation:op:failed"]) == 10, "only the newest are kept"
