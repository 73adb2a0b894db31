"""What a worker counts of its runs: exactly what happened, on the clock of the server."""

import os
import signal
import time

import pytest

from queue_core import clock
from queue_core.errors import StoreCorrupt, StoreUnavailable
from queue_core.tiers import SPANS
from queue_core.worker import counting
from tests.checker import assert_sound
from tests.queue_core.worker import functions
from tests.queue_core.worker.seeds import MODULE, queue_task, wait_gone, worker_process
from tests.waiting import wait_until

BOTH = pytest.mark.parametrize("executor", ["fork", "sync"])
RETRIED_ONCE = {"retry": True, "retry_method": ["tasktiger.retry:_fixed", [3600, 1]]}


@BOTH
def test_the_numbers_of_a_worker_add_up_to_what_it_ran(raw, run_once, executor):
    for _ in range(7):
        queue_task(raw, functions.nothing)
    for _ in range(3):
        queue_task(raw, functions.fail)
    for _ in range(2):
        queue_task(raw, functions.fail, queue="mail", **RETRIED_ONCE)
    stats = run_once(executor).stats
    assert counts(stats, "all") == {"started": 12, "succeeded": 7, "failed": 3, "retried": 2}
    assert counts(stats, "queue", "orders") == {"started": 10, "succeeded": 7, "failed": 3}
    assert counts(stats, "queue", "mail") == {"started": 2, "retried": 2}
    assert counts(stats, "function", f"{MODULE}:fail") == {"started": 5, "failed": 3, "retried": 2}
    times = stats.series("all", "", SPANS["1h"]).times
    assert sum(sum(slot.runs.values()) for slot in times) == sum(sum(slot.waits.values()) for slot in times) == 12
    assert_sound(raw)


def test_a_run_whose_process_was_killed_is_counted_as_that_too(raw, run_once):
    queue_task(raw, functions.die)
    assert counts(run_once("fork").stats, "all") == {"started": 1, "failed": 1, "killed": 1}


@BOTH
def test_a_function_that_cannot_be_had_counts_as_a_failed_run(raw, run_once, executor):
    queue_task(raw, f"{MODULE}:no_such_function")
    assert counts(run_once(executor).stats, "all") == {"started": 1, "failed": 1}


def test_how_long_a_task_waited_is_told_from_when_it_was_runnable(raw, run_once):
    queue_task(raw, functions.nothing, score=time.time() - 1000)
    series = run_once("sync").stats.series("queue", "orders", SPANS["1h"])
    assert 740 < series.wait(0.5) < 1300 and series.run(0.5) < 10


def test_a_worker_whose_clock_is_off_counts_in_the_minute_of_the_server(raw, run_once, monkeypatch):
    queue_task(raw, functions.nothing, score=time.time() - 1)
    right, local = time.time, clock.local_now
    monkeypatch.setattr(time, "time", lambda: right() - 120)
    monkeypatch.setattr(clock, "local_now", lambda: local() - 120)
    engine = run_once("sync")
    assert engine.clock.applied_offset_seconds > 100
    slots = engine.stats.series("all", "", SPANS["1h"]).slots
    assert sum(slot.count("started") or 0 for slot in slots[-2:]) == 1
    assert engine.stats.series("all", "", SPANS["1h"]).wait(0.5) < 60


def test_nothing_is_counted_where_the_settings_say_so(raw, run_once):
    queue_task(raw, functions.nothing)
    run_once("sync", settings={"stats_flush_seconds": 0})
    assert not raw.exists("t:x:stats:totals")


def test_a_worker_that_goes_on_writes_every_few_seconds(raw, redis_url, engine):
    with worker_process(redis_url, stats_flush_seconds=0.1):
        wait_gone(raw, queue_task(raw, functions.nothing), 60)
        wait_until(lambda: counts(engine.stats, "all").get("succeeded") == 1, 60)


def test_a_worker_that_is_asked_to_stop_writes_what_it_has(raw, redis_url, engine):
    with worker_process(redis_url, stats_flush_seconds=3600.0) as worker:
        wait_gone(raw, queue_task(raw, functions.nothing), 60)
        os.kill(worker.pid, signal.SIGTERM)
        worker.wait(60)
    assert counts(engine.stats, "all") == {"started": 1, "succeeded": 1}


@pytest.mark.parametrize("key", ["t:x:stats:totals", "t:x:stats:names:queue", "t:x:stats:names:function"])
def test_a_broken_key_keeps_no_task_from_running(raw, run_once, key):
    raw.lpush(key, "somebody else's")
    task_id = queue_task(raw, functions.nothing)
    stats = run_once("sync").stats
    assert not raw.exists(f"t:task:{task_id}")
    assert counts(stats, "all") == {"started": 1, "succeeded": 1}


@pytest.mark.parametrize(("error", "kept"), [(StoreUnavailable(nothing_written=True), 1), (StoreCorrupt(), 0)])
def test_what_redis_certainly_did_not_take_is_written_the_next_time(engine, monkeypatch, error, kept):
    counted = counting.Counting(engine, engine.log)
    counted._tally.start("orders", "app:work", engine.store.now())
    write = engine.stats.write

    def refuse(tally):
        raise error

    monkeypatch.setattr(engine.stats, "write", refuse)
    counted.write()
    monkeypatch.setattr(engine.stats, "write", write)
    counted.write()
    assert counts(engine.stats, "all").get("started", 0) == kept


def counts(stats, kind, name=""):
    found = {}
    for slot in stats.series(kind, name, SPANS["1h"]).slots:
        for counter, number in (slot.counts or {}).items():
            found[counter] = found.get(counter, 0) + number
    return found
