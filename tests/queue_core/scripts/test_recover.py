import time

import pytest

from tests.checker import assert_sound
from tests.queue_core.scripts.refusal import Refusal, renew_elsewhere

OVER = 1000.5  # a lease that ended long ago


def sample(world, queue="orders", task_id="a"):
    world.put("active", queue, task_id, score=OVER)
    return {
        "id": task_id, "queue": queue, "seen_lease": repr(OVER), "lease_seconds": 60.0, "repeatable": False,
        "max_recoveries": 3, "lost_execution": b'{"lost": 1}', "poison_execution": b'{"poison": 1}', "keep": 0,
    }  # fmt: skip


def renew_in_time(world):
    world.raw.zadd("t:active:orders", {"a": time.time() - 59})


REFUSALS = [
    Refusal("LEASE_LOST", "it was renewed meanwhile", renew_elsewhere),
    Refusal("LEASE_LOST", "it was finished meanwhile", lambda world: world.raw.zrem("t:active:orders", "a")),
    Refusal("LEASE_LOST", "the lease is not over", values={"lease_seconds": 1e10}),
]


def claimed_long_ago(world, started_at="0", lease=OVER):
    """The sample, held by a worker of ours that has fallen silent."""
    values = sample(world)
    world.raw.hset("t:x:claims:orders", "a", f"{lease!r} 42.125 {started_at} 0 worker-1")
    return values


def test_a_task_that_never_started_is_back_at_its_old_place_uncounted(world):
    values = claimed_long_ago(world)
    payload = world.dump()["t:task:a"]
    with world.published() as published:
        assert world.run("recover", **values) == b"released"
    assert world.dump() == {"t:queued": {"orders"}, "t:queued:orders": {"a": 42.125}, "t:task:a": payload}
    assert published == ["orders"]
    assert_sound(world.raw)


def test_a_started_task_that_may_be_repeated_is_back_at_its_old_place_and_counted(world):
    values = claimed_long_ago(world, started_at="999.5")
    with world.published() as published:
        assert world.run("recover", **values | {"repeatable": True}) == b"requeued"
    assert world.scores("queued") == {"a": 42.125}
    assert world.dump()["t:x:recoveries"] == {"a": "1"}
    assert "t:task:a:executions" not in world.dump() and "t:x:claims:orders" not in world.dump()
    assert published == ["orders"]
    assert_sound(world.raw)


def test_a_started_task_that_may_not_be_repeated_is_in_error_with_an_explanation(world):
    values = claimed_long_ago(world, started_at="999.5")
    with world.published() as published:
        assert world.run("recover", **values) == b"failed"
    assert abs(world.scores("error")["a"] - time.time()) < 5
    assert world.dump()["t:task:a:executions"] == ['{"lost": 1}']
    assert world.dump()["t:task:a:executions_count"] == "1"
    assert "t:active" not in world.dump() and "t:x:claims:orders" not in world.dump()
    assert not published
    assert_sound(world.raw)


def test_one_whose_old_place_nobody_knows_is_queued_as_of_now(world):
    assert world.run("recover", **sample(world) | {"repeatable": True}) == b"requeued"
    assert abs(world.scores("queued")["a"] - time.time()) < 5


def test_a_task_of_a_stock_worker_counts_as_started(world):
    assert world.run("recover", **sample(world)) == b"failed"


def test_a_claim_that_a_stock_worker_has_renewed_since_counts_as_started(world):
    assert world.run("recover", **claimed_long_ago(world, lease=OVER - 30)) == b"failed"


@pytest.mark.parametrize("repeatable", [True, False])
def test_a_task_that_took_down_its_third_worker_is_quarantined(world, repeatable):
    values = claimed_long_ago(world, started_at="999.5") | {"repeatable": repeatable}
    world.raw.hset("t:x:recoveries", "a", 2)
    assert world.run("recover", **values) == b"quarantined"
    assert world.dump()["t:task:a:executions"] == ['{"poison": 1}']
    assert "t:x:recoveries" not in world.dump()
    assert_sound(world.raw)


@pytest.mark.parametrize("started_at", ["0", "950.0"])
def test_a_task_without_a_payload_is_put_aside_where_people_see_it(world, started_at):
    values = claimed_long_ago(world, started_at)
    world.raw.hset("t:x:recoveries", "a", 1)
    world.raw.delete("t:task:a")
    assert world.run("recover", **values | {"repeatable": True}) == b"failed"
    assert world.scores("error").keys() == {"a"} and "t:active" not in world.dump()
    assert world.dump()["t:task:a:executions"] == ['{"lost": 1}'] and "t:x:recoveries" not in world.dump()


@pytest.mark.parametrize("key", ["", ":executions", ":executions_count"])
def test_a_key_of_the_task_of_a_wrong_type_does_not_keep_it_active(world, key):
    values = sample(world)
    world.raw.delete(f"t:task:a{key}")
    world.raw.hset(f"t:task:a{key}", "some", "thing")
    assert world.run("recover", **values) == b"failed"
    assert world.scores("error").keys() == {"a"} and world.dump()[f"t:task:a{key}"] == {"some": "thing"}


def test_a_unique_task_that_is_queued_again_keeps_that_place(world):
    values = claimed_long_ago(world)
    world.put("queued", score=7.0, unique=True)
    world.run("recover", **values)
    assert world.scores("queued") == {"a": 7.0}


def test_an_unreadable_claim_counts_as_started(world):
    values = sample(world)
    world.raw.hset("t:x:claims:orders", "a", "nonsense")
    assert world.run("recover", **values) == b"failed"


def test_it_cannot_happen_twice(world):
    from queue_core.errors import LeaseLost

    values = sample(world)
    world.run("recover", **values)
    with pytest.raises(LeaseLost):
        world.run("recover", **values)


def test_counts_of_lost_workers_that_nobody_clears_end_after_a_week(world):
    assert world.run("recover", **(claimed_long_ago(world, started_at="1.0") | {"repeatable": True})) == b"requeued"
    assert 604_000 < world.raw.ttl("t:x:recoveries") <= 604_800


def test_a_poisonous_task_is_counted_also_where_something_else_lay_in_the_place_of_the_counts(world):
    values = claimed_long_ago(world, started_at="1000.0") | {"repeatable": True}
    world.raw.set("t:x:recoveries", "foreign")
    assert world.run("recover", **values) == b"requeued"
    assert world.raw.hget("t:x:recoveries", "a") == b"1"


@pytest.mark.parametrize("place", ["somewhere", "nan", "1e"])
def test_a_task_whose_claim_record_is_broken_is_not_lost(world, place):
    values = sample(world)
    world.raw.hset("t:x:claims:orders", "a", f"{OVER!r} {place} 0 0 worker-1")
    assert world.run("recover", **values) == b"failed"
    assert "a" in world.scores("error")
    assert_sound(world.raw)
