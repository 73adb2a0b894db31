"""D13, D14, D17, D18, D19, D20, D21: clocks, lost messages, locks, an absent Redis, order, and who is there."""

import signal
import time

import pytest

from tests.queue_core.worker import functions, seeds
from tests.queue_core.worker.seeds import MODULE, lines, queue_task, wait_gone
from tests.waiting import wait_until

AHEAD_SECONDS = 120.0


def findings_of(engine):
    return [finding.what for finding in engine.examine() if finding is not None]


def test_d13_a_worker_whose_clock_is_ahead_steals_nothing(world, engine, make_engine, monkeypatch):
    world.put("queued")
    engine.leases.session("worker-1").claim("orders")
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() + AHEAD_SECONDS)
    other = make_engine()
    other.clock.offset_seconds = -AHEAD_SECONDS
    assert other.leases.recover_expired("orders") == []
    assert other.leases.session("worker-2").claim("orders") == []


def test_d13_a_producer_whose_clock_is_ahead_takes_its_place_in_the_queue(raw, make_engine):
    ahead = make_engine()
    # its own clock, seen from here, is two minutes ahead
    ahead.clock.measure(lambda: (int(time.time() - AHEAD_SECONDS), 0))
    ahead.delay(functions.nothing, queue="orders")
    assert raw.zcount("t:queued:orders", 0, time.time() - AHEAD_SECONDS + 5) == 1


def test_d13_a_worker_tells_by_how_much_its_clock_differs(engine, make_engine):
    ahead = make_engine()
    ahead.clock.offset_seconds = -AHEAD_SECONDS
    ahead.workers.beat("w1", {"kind": "worker", "host": "w3"})
    assert "The clock of w3 is 120 s ahead of Redis'." in findings_of(engine)


def test_d13_the_doctor_tells_of_clocks_that_differ(engine, monkeypatch):
    monkeypatch.setattr("queue_core.clock.local_now", lambda: time.time() + AHEAD_SECONDS)
    assert any("ahead of Redis" in what for what in findings_of(engine))


def test_d14_a_queue_whose_message_was_lost_is_served(raw, redis_url, tmp_path):
    with seeds.worker_process(redis_url, reread_seconds=0.2):
        wait_until(lambda: raw.pubsub_numsub("t:activity")[0][1])
        task_id = "a" * 64
        raw.set(f"t:task:{task_id}", f'{{"id": "{task_id}", "func": "{MODULE}:nothing"}}')
        raw.zadd("t:queued:quiet", {task_id: 1})
        raw.sadd("t:queued", "quiet")  # and nobody says so
        wait_gone(raw, task_id)


@pytest.mark.parametrize("seconds", [60, 0.75])
def test_d17_every_worker_respects_the_lock_of_a_queue(raw, engine, run_once, seconds, tmp_path):
    queue_task(raw, functions.note, str(tmp_path / "log"))
    engine.set_queue_system_lock("orders", seconds)
    assert abs(engine.get_queue_system_lock("orders") - time.time() - seconds) < 5
    assert raw.ttl("t:qslock:orders") > 0
    run_once()
    assert not lines(tmp_path / "log")


def test_d17_a_lock_that_has_ended_is_none(raw, engine, run_once, tmp_path):
    raw.zadd("t:qslock:orders", {"SYSTEM_LOCK": time.time() - 1})
    assert engine.get_queue_system_lock("orders") is None and engine.control.pause_of("orders") is None
    queue_task(raw, functions.note, str(tmp_path / "log"))
    run_once()
    assert lines(tmp_path / "log") == ["ran"]


def test_d18_no_semaphore_stays_for_ever(raw, engine):
    assert engine.locks.semaphore_acquire("orders", "worker-1", 1, 60)
    assert 0 < raw.ttl("t:qslock:orders") <= 120


@pytest.mark.interop
def test_d18_in_tasktiger_that_of_the_first_holder_does(raw, tasktiger):
    tasktiger("""
from tasktiger.redis_semaphore import Semaphore
Semaphore(connection, "t:qslock:orders", "worker-1", 60).acquire()
""")
    assert raw.ttl("t:qslock:orders") == -1


def test_d19_a_worker_outlives_a_restart_of_redis(own_server, tmp_path):
    import redis

    with redis.Redis.from_url(own_server.url) as raw, seeds.worker_process(own_server.url) as process:
        wait_until(lambda: raw.zcard("t:x:workers"))
        own_server.kill()
        own_server.start()
        queue_task(raw, functions.note, str(tmp_path / "log"))
        wait_until(lambda: lines(tmp_path / "log") == ["ran"])
        assert process.poll() is None


def test_d20_a_promoted_task_keeps_the_moment_at_which_it_was_due(world, engine):
    world.put("scheduled", task_id="late", score=20.5)
    world.put("scheduled", task_id="early", score=10.5)
    world.put("queued", task_id="between", score=15.0)
    engine.leases.promote("orders")
    assert list(world.scores("queued").items()) == [("early", 10.5), ("between", 15.0), ("late", 20.5)]


@pytest.mark.parametrize("started", [True, False])
def test_d20_a_task_whose_worker_was_lost_keeps_its_place(world, engine, started):
    world.put("queued", task_id="first", score=10.5, retry_on=["tasktiger.exceptions:JobTimeoutException"])
    world.put("queued", task_id="second", score=20.5)
    session = engine.leases.session("worker-1")
    (claimed,) = session.claim("orders")
    if started:
        session.start(claimed)
        session.drain()
    record = world.raw.hget("t:x:claims:orders", "first").split(b" ", 1)[1]
    world.raw.zadd("t:active:orders", {"first": 1000.5})
    world.raw.hset("t:x:claims:orders", "first", b"1000.5 " + record)
    engine.leases.recover_expired("orders")
    assert list(world.scores("queued").items()) == [("first", 10.5), ("second", 20.5)]
    session.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_d21_an_idle_worker_is_seen_and_takes_its_leave(raw, redis_url, engine, number, capfd):
    with seeds.worker_process(redis_url) as process:
        (seen,) = wait_until(lambda: [one for one in engine.workers.alive() if one.facts.get("kind") == "worker"])
        assert seen.facts["pid"] == process.pid and seen.facts["host"]
        wait_until(lambda: raw.pubsub_numsub("t:activity")[0][1])
        process.send_signal(number)
        assert process.wait(10) == 0
    assert engine.workers.alive() == [] and not raw.exists("t:x:lease:sweeper")
    assert "done" in capfd.readouterr().out
