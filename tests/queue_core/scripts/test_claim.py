import time

import pytest

from queue_core.errors import QueuePaused
from tests.builders import WORKER, payload_text
from tests.checker import assert_sound
from tests.queue_core.scripts.refusal import Refusal


def sample(world, queue="orders", task_id="a"):
    world.put("queued", queue, task_id)
    return {
        "queue": queue, "limit": 10, "worker": WORKER, "lock_retry_seconds": 1.0, "payload_budget": 1000,
        "task_prefix": world.keys.task_prefix(),
    }  # fmt: skip


def later():
    return time.time() + 60


REFUSALS = [
    Refusal(
        "QUEUE_PAUSED", "it is paused for a while", lambda world: world.raw.zadd("t:x:paused", {"orders": later()})
    ),
    Refusal(
        "QUEUE_PAUSED", "it is paused until resumed", lambda world: world.raw.zadd("t:x:paused", {"orders": "+inf"})
    ),
    Refusal(
        "QUEUE_PAUSED",
        "an application has set a lock",
        lambda world: world.raw.zadd("t:qslock:orders", {"SYSTEM_LOCK": later()}),
    ),
]


def test_the_lowest_scores_become_active_with_their_payloads(world):
    payloads = {
        name: world.put("queued", task_id=name, score=score) for name, score in zip("abc", (3, 1, 2), strict=True)
    }
    began_at = time.time()
    lease, *rows = world.claim(limit=2)
    assert began_at - 1 < float(lease) < time.time() + 1
    assert rows == [[b"b", b"1", 0, payloads["b"].encode()], [b"c", b"2", 0, payloads["c"].encode()]]
    assert world.dump() == {
        "t:active": {"orders"},
        "t:active:orders": {"b": float(lease), "c": float(lease)},
        "t:queued": {"orders"},
        "t:queued:orders": {"a": 3.0},
        "t:x:claims:orders": {"b": f"{lease.decode()} 1 0 0 {WORKER}", "c": f"{lease.decode()} 2 0 0 {WORKER}"},
        **{f"t:task:{name}": text for name, text in payloads.items()},
    }
    assert_sound(world.raw)


def test_the_last_task_takes_the_queue_off_the_list(world):
    world.put("queued")
    world.claim()
    assert "t:queued" not in world.dump()


def test_an_empty_queue_gives_nothing_and_writes_nothing(world):
    assert world.claim()[1:] == []
    assert world.dump() == {}


def test_a_task_that_is_running_waits_in_scheduled(world):
    world.put("queued", unique=True)
    world.put("active", score=5.0, unique=True)
    lease, *rows = world.claim(lock_retry_seconds=2.5)
    assert not rows
    assert world.scores("active") == {"a": 5.0}
    assert world.scores("scheduled") == {"a": pytest.approx(float(lease) + 2.5, abs=1e-5)}
    assert "t:queued" not in world.dump() and world.dump()["t:scheduled"] == {"orders"}
    assert_sound(world.raw)


@pytest.mark.parametrize(("present", "kept"), [(5.0, True), (9e9, False)])
def test_a_running_task_that_is_scheduled_too_waits_for_the_earlier_time(world, present, kept):
    for state in ("queued", "active"):
        world.put(state, unique=True)
    world.put("scheduled", score=present, unique=True)
    world.claim()
    assert (world.scores("scheduled")["a"] == present) is kept


def test_a_lock_that_is_over_stops_nobody(world):
    values = sample(world)
    world.raw.zadd("t:x:paused", {"orders": time.time() - 1})
    world.raw.zadd("t:qslock:orders", {"SYSTEM_LOCK": time.time() - 1})
    assert len(world.run("claim", **values)) == 2


def test_the_pause_of_another_queue_stops_nobody(world):
    values = sample(world)
    world.raw.zadd("t:x:paused", {"orders.eu": later()})
    assert len(world.run("claim", **values)) == 2


def test_payloads_beyond_the_first_have_a_common_budget(world):
    for number in range(4):
        world.put("queued", task_id=str(number), score=number, args=["x" * 300])
    size = len(payload_text("0", args=["x" * 300]))
    assert [row[0] for row in world.claim(limit=4, payload_budget=2 * size)[1:]] == [b"0", b"1", b"2"]
    assert list(world.scores("queued")) == ["3"]


def test_a_first_payload_over_the_budget_is_taken_alone(world):
    world.put("queued", task_id="large", score=1, args=["x" * 5000])
    world.put("queued", task_id="small", score=2)
    assert [row[0] for row in world.claim(limit=4, payload_budget=10)[1:]] == [b"large"]


def test_a_task_that_has_taken_down_a_worker_is_claimed_alone(world):
    for number in range(3):
        world.put("queued", task_id=str(number), score=number)
    world.raw.hset("t:x:recoveries", "1", 2)
    claims = [[row[0] for row in world.claim(limit=3)[1:]] for _ in range(3)]
    assert claims == [[b"0"], [b"1"], [b"2"]]


def test_the_number_of_workers_it_took_down_comes_along(world):
    world.put("queued")
    world.raw.hset("t:x:recoveries", "a", 2)
    assert world.claim()[1][2] == 2


def test_a_task_without_a_payload_or_with_a_foreign_one_is_claimed_and_says_so(world):
    for number, name in enumerate("ab"):
        world.put("queued", task_id=name, score=number)
    world.raw.delete("t:task:a", "t:task:b")
    world.raw.sadd("t:task:b", "foreign")
    assert [row[3] for row in world.claim(limit=2)[1:]] == [None, None]


def test_a_paused_queue_is_named(world):
    values = sample(world)
    REFUSALS[0].spoil(world)
    with pytest.raises(QueuePaused, match="orders"):
        world.run("claim", **values)


def test_claim_records_that_nobody_clears_end_a_day_after_the_newest_claim(world):
    world.run("claim", **sample(world))
    assert 86_000 < world.raw.ttl("t:x:claims:orders") <= 86_400


def test_what_all_queues_have_in_common_stops_none_when_it_is_broken(world):
    values = sample(world)
    world.raw.set("t:x:recoveries", "foreign")
    world.raw.set("t:x:paused", "foreign")
    assert world.run("claim", **values)[1][:3] == [b"a", b"100", 0]


def test_a_paused_queue_stays_so_when_the_list_of_pauses_is_broken(world):
    values = sample(world)
    world.raw.set("t:x:paused", "foreign")
    world.raw.zadd("t:qslock:orders", {"SYSTEM_LOCK": later()})
    with pytest.raises(QueuePaused):
        world.run("claim", **values)
