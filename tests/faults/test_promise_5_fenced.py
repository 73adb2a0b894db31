"""Fenced: who lost the lease changes nothing, and two runs of a task do not overlap."""

import contextlib
import datetime
import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from queue_core import Engine, Settings
from queue_core.clock import local_now
from tests.faults.ledger import WAKING_SECONDS, Ledger, Pen
from tests.queue_core.worker import functions, seeds
from tests.queue_core.worker.seeds import lines, members, queue_task, wait_gone
from tests.waiting import wait_until

ROOT = Path(__file__).parents[2]
BOTH = pytest.mark.parametrize("executor", ["fork", "sync"])
REPEATABLE = {"retry_on": ["builtins:BaseException"], "retry_method": ["tasktiger.retry:_fixed", [0, 9]]}
AHEAD_SECONDS = [120, -120]
LASTING = {"lease_seconds": 20.0}
"""Much shorter than two minutes, and long enough for a machine that is busy."""
SHIFTED = """
import time
real, wall = time.time, time.clock_gettime
time.time = lambda: real() + {seconds}
time.clock_gettime = lambda which: wall(which) + ({seconds} if which == time.CLOCK_REALTIME else 0)
from tests.queue_core.worker import process
process.{kind}()
"""


@contextlib.contextmanager
def shifted_process(url, kind, seconds, executor="sync", **settings):
    """A worker or sweeper on a machine whose clock is wrong."""
    facts = json.dumps({"url": url, "executor": executor, "settings": {**seeds.QUICK, **settings}})
    process = subprocess.Popen([sys.executable, "-c", SHIFTED.format(seconds=seconds, kind=kind), facts], cwd=ROOT)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


# -- a worker that was stopped --


@BOTH
def test_runs_of_a_worker_that_is_frozen_again_and_again_do_not_overlap_with_those_beside_it(
    raw, redis_url, executor, tmp_path
):
    path = str(tmp_path / "ledger")
    ids = [queue_task(raw, functions.signed, path, 0.6, score=number + 1, **REPEATABLE) for number in range(8)]
    pen = Pen(path)
    with seeds.worker_process(redis_url, executor) as frozen, seeds.worker_process(redis_url, executor):
        for _ in range(2):
            begun = len(Ledger.read(path).runs)
            wait_until(lambda begun=begun: len(Ledger.read(path).runs) > begun, 20, "a new run")
            frozen.send_signal(signal.SIGSTOP)
            wait_until(lambda: _nobody_is_behind(raw, redis_url, frozen), 20, "what it held went to the other")
            frozen.send_signal(signal.SIGCONT)
            if frozen.poll() is not None:
                break  # the sync executor leaves when it finds its lease over
        wait_until(lambda: not raw.exists("t:queued", "t:active", "t:scheduled:orders"), 40, "all should have run")
    pen.note_gone(frozen.pid)
    pen.close()
    ledger = Ledger.read(path)
    assert ledger.done == set(ids) and not ledger.overlaps(WAKING_SECONDS)
    assert not members(raw, "error")


def _nobody_is_behind(raw, url, frozen) -> bool:
    """Whether the frozen worker holds nothing any more."""
    with contextlib.closing(Engine(url)) as engine:
        ids = {one.id for one in engine.workers.alive() if one.facts.get("pid") == frozen.pid}
    claims = raw.hgetall("t:x:claims:orders").values()
    return not any(claim.decode().split(" ")[4] in ids for claim in claims)


# -- a machine whose clock is wrong --


@pytest.mark.parametrize("seconds", AHEAD_SECONDS)
@BOTH
def test_a_worker_two_minutes_off_steals_nothing_and_loses_nothing(raw, redis_url, executor, seconds, tmp_path):
    log = str(tmp_path / "log")
    long = queue_task(raw, functions.last_noted, log, 10.0)
    with seeds.worker_process(redis_url, executor, **LASTING):
        wait_until(lambda: lines(log) == ["begin"])
        with (
            shifted_process(redis_url, "worker", seconds, **LASTING),
            shifted_process(redis_url, "sweeper", seconds, **LASTING),
        ):
            short = queue_task(raw, functions.note, log, "short", queue="others")
            wait_gone(raw, short)
            wait_gone(raw, long)
    assert lines(log) == ["begin", "short", "end"] and not raw.exists("t:error")


@pytest.mark.parametrize("seconds", AHEAD_SECONDS)
def test_what_a_worker_two_minutes_off_runs_is_not_taken_from_it(raw, redis_url, seconds, tmp_path):
    log = str(tmp_path / "log")
    long = queue_task(raw, functions.last_noted, log, 4.0)
    with shifted_process(redis_url, "worker", seconds, executor="fork", **LASTING):
        wait_until(lambda: lines(log) == ["begin"])
        with seeds.worker_process(redis_url, **LASTING), seeds.worker_process(redis_url, kind="sweeper", **LASTING):
            wait_gone(raw, long)
    assert lines(log) == ["begin", "end"] and not raw.exists("t:error")


@pytest.mark.parametrize("seconds", AHEAD_SECONDS)
def test_a_retry_of_a_worker_two_minutes_off_is_due_when_it_should_be(raw, redis_url, seconds):
    retry = {"retry_on": ["builtins:ValueError"], "retry_method": ["tasktiger.retry:_fixed", [30, 1]]}
    failing = queue_task(raw, functions.fail, **retry)
    with shifted_process(redis_url, "worker", seconds):
        wait_until(lambda: members(raw, "scheduled") == [failing], 15)
    due_in = raw.zscore("t:scheduled:orders", failing) - local_now()
    assert 20 < due_in <= 31


@pytest.mark.parametrize("seconds", AHEAD_SECONDS)
def test_a_task_of_a_producer_two_minutes_off_runs_when_it_should(raw, redis_url, seconds, monkeypatch):
    monkeypatch.setattr("queue_core.clock.local_now", lambda: local_now() + seconds)
    monkeypatch.setattr("queue_core.clock.time.time", lambda now=local_now: now() + seconds)
    with contextlib.closing(Engine(redis_url, Settings())) as engine:
        task = engine.delay(functions.nothing, queue="orders", when=datetime.timedelta(seconds=30))
    due_in = raw.zscore("t:scheduled:orders", task.id) - local_now()
    assert 20 < due_in <= 31
