"""Runs in this process."""

import os
import signal
import subprocess
import sys

import pytest

from queue_core.outcome import Done, Failed, TimedOut
from queue_core.payload import Payload
from queue_core.worker.call import Call
from queue_core.worker.executors.sync import SyncExecutor
from tests.queue_core.worker import functions
from tests.queue_core.worker.executors.pulses import FreePulse, NoWorker
from tests.queue_core.worker.seeds import lines, queue_task, wait_gone, worker_process


def run(function, *args, pulse=None, hard_timeout_seconds=20.0, executor=None):
    payload = Payload({"id": "1", "func": f"{function.__module__}:{function.__name__}", "args": list(args)})
    executor = executor or SyncExecutor(NoWorker)
    try:
        return executor.run(Call("orders", (payload,), function, hard_timeout_seconds), pulse or FreePulse())
    finally:
        executor.leave()


def test_a_function_runs_in_this_process(tmp_path):
    assert isinstance(run(functions.note, str(tmp_path / "log")), Done)
    assert f"ran {os.getpid()}" in (tmp_path / "log").read_text()


@pytest.mark.parametrize("function", [functions.fail, functions.interrupt])
def test_whatever_it_raises_is_a_failure(function):
    assert isinstance(run(function), Failed)


def test_a_hard_timeout_interrupts_it():
    outcome = run(functions.last, 30, hard_timeout_seconds=0.2)
    assert isinstance(outcome, TimedOut) and "time.sleep" in outcome.traceback


def test_heartbeats_go_on_beside_it():
    pulse = FreePulse()
    run(functions.last, 0.5, pulse=pulse)
    assert pulse.beats >= 4


def test_heartbeats_go_on_when_the_same_worker_runs_again():
    executor, pulse = SyncExecutor(NoWorker), FreePulse()
    run(functions.nothing, pulse=pulse, executor=executor)
    before = pulse.beats
    run(functions.last, 0.5, pulse=pulse, executor=executor)
    assert pulse.beats >= before + 4


def test_the_timer_is_put_away_afterwards():
    run(functions.nothing, hard_timeout_seconds=0.2)
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


@pytest.mark.parametrize("pulse", ["EndingPulse()", "FreePulse(lease_seconds=0.3)"])
def test_the_process_leaves_hard_when_the_lease_cannot_be_kept(pulse):
    program = (
        "from tests.queue_core.worker.executors import test_sync, pulses\n"
        "from tests.queue_core.worker import functions\n"
        f"test_sync.run(functions.last, 30, pulse=pulses.{pulse})\n"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=20)
    assert ended.returncode == 70 and "lease" in ended.stderr


@pytest.mark.parametrize("ending", ["return", "exit", "raise"])
def test_a_process_that_the_task_forks_becomes_no_second_worker(raw, redis_url, tmp_path, ending):
    log = str(tmp_path / "log")
    first = queue_task(raw, functions.fork_and_return, log, ending, score=1)
    with worker_process(redis_url, "sync"):
        wait_gone(raw, first)
        wait_gone(raw, queue_task(raw, functions.note, log, "next"))
    assert lines(log) == ["forked", "task", "next"]
