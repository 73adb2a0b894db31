"""One child per run: how each way of ending arrives at the parent."""

import os
import signal
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from queue_core.outcome import Done, Failed, Killed, Stopped, TimedOut
from queue_core.payload import Payload
from queue_core.worker import running
from queue_core.worker.call import Call
from queue_core.worker.executors.fork import ForkExecutor
from tests.queue_core.worker import functions
from tests.queue_core.worker.executors.pulses import EndingPulse, FreePulse, NoWorker
from tests.queue_core.worker.seeds import lines
from tests.waiting import wait_until

THE_TASK = SimpleNamespace(id="1", serialized_func="app:f")


def call_of(function, *args, hard_timeout_seconds=20.0):
    payload = Payload({"id": "1", "func": f"{function.__module__}:{function.__name__}", "args": list(args)})
    return Call("orders", (payload,), function, hard_timeout_seconds, tasks=(THE_TASK,))


def run(function, *args, pulse=None, margin=7.0, started=lambda child_pid: None, **more):
    executor = ForkExecutor(NoWorker, outside_margin_seconds=margin)
    try:
        return executor.run(call_of(function, *args, **more), pulse or FreePulse(), started)
    finally:
        executor.leave()


def test_a_function_that_returns_is_done_and_ran_in_a_child(tmp_path):
    outcome = run(functions.note, str(tmp_path / "log"))
    assert isinstance(outcome, Done) and outcome.ended_at >= outcome.started_at
    assert str(os.getpid()) not in (tmp_path / "log").read_text()


def test_an_exception_arrives_with_its_traceback():
    outcome = run(functions.fail_chained)
    assert isinstance(outcome, Failed) and outcome.exception_name == "builtins:ValueError"
    assert "sku-1" in outcome.traceback


def test_a_long_report_does_not_block_the_child():
    assert len(run(functions.fail_long).traceback) > 60_000


def test_a_child_killed_by_a_signal_is_killed():
    outcome = run(functions.die)
    assert isinstance(outcome, Killed) and outcome.signal == signal.SIGKILL and outcome.exit_status is None


@pytest.mark.parametrize("status", [0, 3, 70])
def test_a_child_that_leaves_without_a_report_is_killed_whatever_its_status(status):
    outcome = run(functions.leave, status)
    assert isinstance(outcome, Killed) and outcome.exit_status == status and outcome.signal is None


@pytest.mark.parametrize(
    ("function", "args", "name"),
    [
        (functions.exit_politely, [0], "builtins:SystemExit"),
        (functions.exit_politely, [1], "builtins:SystemExit"),
        (functions.interrupt, [], "builtins:KeyboardInterrupt"),
    ],
)
def test_leaving_by_an_exception_is_a_failure_and_stays_in_the_child(function, args, name):
    parent = os.getpid()
    outcome = run(function, *args)
    assert os.getpid() == parent
    assert isinstance(outcome, Failed) and outcome.exception_name == name


def test_a_hard_timeout_interrupts_the_task_inside():
    outcome = run(functions.last, 30, hard_timeout_seconds=0.2)
    assert isinstance(outcome, TimedOut) and outcome.hard_timeout_seconds == 0.2
    assert "time.sleep" in outcome.traceback and "Job exceeded maximum timeout value (0 seconds)." in outcome.traceback


def test_a_task_that_holds_its_signals_is_killed_from_outside():
    began = time.monotonic()
    outcome = run(functions.hold_signals, 30, hard_timeout_seconds=0.2, margin=0.3)
    assert isinstance(outcome, TimedOut) and outcome.traceback is None
    assert time.monotonic() - began < 10


def test_a_task_whose_lease_is_over_is_killed():
    pids = []
    outcome = run(functions.last, 30, pulse=EndingPulse(), started=pids.append)
    assert isinstance(outcome, Stopped)
    with pytest.raises(ProcessLookupError):
        os.kill(pids[0], 0)


def test_a_child_ends_itself_when_nobody_renews_its_lease():
    pulse = FreePulse(lease_seconds=0.3)
    assert isinstance(run(functions.last, 30, pulse=pulse), Stopped)


def test_a_lease_renewed_by_the_parent_lets_the_child_run_on():
    class RenewingPulse(FreePulse):
        def beat_if_due(self):
            self.lease_end.set_in(0.3)

    assert isinstance(run(functions.last, 1, pulse=RenewingPulse(lease_seconds=0.3)), Done)


def test_heartbeats_go_on_while_the_child_runs():
    pulse = FreePulse()
    run(functions.last, 0.5, pulse=pulse)
    assert pulse.beats >= 4


def test_threads_that_the_task_left_behind_are_waited_for(tmp_path):
    assert isinstance(run(functions.leave_a_thread_behind, str(tmp_path / "log")), Done)
    assert "thread" in (tmp_path / "log").read_text()


def test_a_child_that_waits_for_its_threads_watches_its_lease():
    assert isinstance(run(functions.leave_a_long_thread_behind, pulse=FreePulse(lease_seconds=0.3)), Stopped)


def test_a_stop_request_to_the_child_lets_the_task_run_on():
    def stop(pid):
        os.kill(pid, signal.SIGINT)
        os.kill(pid, signal.SIGTERM)

    def stop_when_it_listens(pid):
        wait_until(lambda: _ignores_interrupts(pid))  # the last that it sets
        stop(pid)

    assert isinstance(run(functions.last, 1, started=stop_when_it_listens), Done)


def _ignores_interrupts(pid):
    status = Path(f"/proc/{pid}/status").read_text()
    mask = next(line for line in status.splitlines() if line.startswith("SigIgn")).split()[1]
    return int(mask, 16) & (1 << (signal.SIGINT - 1))


def test_no_descriptor_and_no_child_is_left_behind():
    pids = []
    run(functions.nothing)
    before = len(os.listdir("/proc/self/fd"))
    for function in (functions.nothing, functions.die, functions.fail):
        run(function, started=pids.append)
    assert len(os.listdir("/proc/self/fd")) == before
    for pid in pids:
        with pytest.raises(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)


def test_the_task_that_runs_is_known_in_the_child_only():
    assert isinstance(run(_check_current), Done)
    with pytest.raises(RuntimeError):
        running.current()


def _check_current():
    assert running.current().tasks == (THE_TASK,)


def test_what_the_task_prints_is_not_lost(capfd):
    run(print, "printed in the child")
    assert "printed in the child" in capfd.readouterr().out


@pytest.mark.parametrize("ending", ["return", "exit", "raise"])
def test_a_process_that_the_task_forks_does_not_report_in_its_stead(tmp_path, ending):
    assert isinstance(run(functions.fork_and_return, str(tmp_path / "log"), ending), Done)
    assert lines(tmp_path / "log") == ["forked", "task"]


def test_nothing_is_written_to_what_a_task_has_opened_in_the_place_of_our_pipes(tmp_path):
    outcome = run(functions.take_over_all_descriptors, str(tmp_path / "log"))
    assert isinstance(outcome, Killed) and outcome.exit_status == 1
    assert "Done" not in (tmp_path / "log").read_text()
