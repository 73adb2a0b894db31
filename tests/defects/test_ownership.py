"""D4, D8, D9, D12: who holds a task, and what those who do not can do to it."""

import time

import pytest

from queue_core.duties import Duties
from queue_core.errors import LeaseLost
from tests.queue_core.worker import functions, seeds
from tests.queue_core.worker.seeds import lines, members, queue_task
from tests.waiting import wait_until

TIMEOUT = "tasktiger.exceptions:JobTimeoutException"
HEARTBEAT = "Worker(tiger).heartbeat('orders', ['a']); tell(connection.zscore('t:active:orders', 'a'))"


@pytest.fixture
def session(engine):
    session = engine.leases.session("worker-1")
    yield session
    session.close()


@pytest.mark.parametrize("executor", ["fork", "sync"])
def test_d04_a_worker_whose_task_was_taken_away_goes_on_with_the_next(raw, redis_url, executor, tmp_path):
    note, gate = tmp_path / "log", tmp_path / "gate"
    taken = queue_task(raw, functions.wait_for_file, str(gate), score=1)
    with seeds.worker_process(redis_url, executor) as process:
        wait_until(lambda: members(raw, "active") == [taken])
        raw.zrem("t:active:orders", taken)
        raw.srem("t:active", "orders")
        gate.touch()
        queue_task(raw, functions.note, str(note))
        wait_until(lambda: lines(note) == ["ran"] and not members(raw, "active"), 30)
        assert process.poll() is None
    assert raw.exists(f"t:task:{taken}"), "its payload is nobody's to delete"


def test_d08_a_heartbeat_never_brings_a_task_back(world, session):
    world.put("queued")
    (claimed,) = session.claim("orders")
    world.raw.delete("t:active:orders", "t:active")
    assert session.heartbeat() == [claimed]
    assert "t:active:orders" not in world.dump()


@pytest.mark.interop
def test_d08_in_tasktiger_it_does_and_our_sweeper_mends_it_when_told_to(world, make_engine, tasktiger):
    _, score = tasktiger(HEARTBEAT)
    assert score and "t:active" not in world.dump(), "a phantom that no expiry scan finds"
    world.raw.zadd("t:active:orders", {"a": 1.0})
    engine = make_engine(repair_orphans=True)
    list(Duties(engine).look_for_orphans())
    assert world.dump()["t:active"] == {"orders"}
    list(Duties(engine).recover())
    assert world.scores("error").keys() == {"a"} and "t:active:orders" not in world.dump()


def test_d09_a_heartbeat_after_the_look_saves_the_task(world):
    world.put("active", score=1000.5)
    seen = {
        "id": "a", "queue": "orders", "seen_lease": "1000.5", "lease_seconds": 60.0, "repeatable": False,
        "max_recoveries": 3, "lost_execution": b"{}", "poison_execution": b"{}", "keep": 0,
    }  # fmt: skip
    world.raw.zadd("t:active:orders", {"a": time.time()})
    with pytest.raises(LeaseLost):
        world.run("recover", **seen)
    assert "t:error" not in world.dump()


def test_d09_bad_entries_in_one_queue_keep_no_other_queue_waiting(world, make_engine):
    for number in range(30):
        world.put("active", "a-first", f"bad{number}", score=number)
        world.raw.set(f"t:task:bad{number}", "no JSON")
    world.put("active", "z-last", "good", score=5.0)
    engine = make_engine(recover_batch=10)
    list(Duties(engine).recover())
    assert world.scores("error", "z-last").keys() == {"good"} and len(world.scores("error", "a-first")) == 30


def test_d09_nothing_is_imported_to_decide_whether_a_task_may_be_repeated(world, engine):
    world.put("active", score=1.0, retry_on=["no.such.module:Error", TIMEOUT])
    assert [one.verb for one in engine.leases.recover_expired("orders")] == ["requeued"]


def test_d12_who_lost_a_task_can_neither_finish_nor_fail_nor_retry_it(world, engine, session):
    world.put("queued", retry_on=[TIMEOUT])
    (old,) = session.claim("orders")
    session.start(old)
    session.drain()
    world.raw.zadd("t:active:orders", {"a": 1.000001})
    assert [one.verb for one in engine.leases.recover_expired("orders")] == ["requeued"]
    second = engine.leases.session("worker-2")
    (new,) = second.claim("orders")
    before = world.dump()
    session.finish(old)
    session.retry_later(old, 5.0, b"{}")
    session.give_up(old, b"{}")
    assert all(isinstance(step.error, LeaseLost) for step in session.drain())
    assert world.dump() == before
    second.finish(new)
    assert second.drain()[-1].error is None
    second.close()
