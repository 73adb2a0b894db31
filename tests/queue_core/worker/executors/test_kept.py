"""One child for several calls: when it is kept, when it is made anew."""

import contextlib
import os
import signal

import pytest

from queue_core.outcome import Done, Failed, Killed, TimedOut
from queue_core.payload import Payload
from queue_core.worker.call import Call
from queue_core.worker.executors.fork import ForkExecutor
from tests.queue_core.worker import functions
from tests.queue_core.worker.executors.pulses import FreePulse, NoWorker
from tests.queue_core.worker.seeds import lines
from tests.waiting import wait_until


@pytest.fixture
def log(tmp_path):
    return str(tmp_path / "log")


@pytest.fixture
def executor():
    executor = ForkExecutor(NoWorker)
    yield executor
    executor.leave()


def call_of(log, text, what=None, *args, seconds=20.0):
    payload = Payload({"id": text, "func": "f", "args": [log, text, what, *args]})
    return Call("orders", (payload,), functions.note_and_maybe, seconds)


def run_all(executor, calls, between=lambda pid: None):
    """(outcomes, the process of each)."""
    pids, outcomes = [], []
    with executor.kept(calls) as run:
        for call in calls:
            outcomes.append(run(call, FreePulse(), pids.append))
            between(pids[-1])
    return outcomes, pids


def test_calls_that_return_or_raise_share_a_child(executor, log):
    outcomes, pids = run_all(executor, [call_of(log, "a"), call_of(log, "b", "fail"), call_of(log, "c")])
    assert [type(outcome) for outcome in outcomes] == [Done, Failed, Done] and len(set(pids)) == 1


def test_a_call_may_be_left_out(executor, log):
    calls = [call_of(log, text) for text in "abcd"]
    with executor.kept(calls) as run:
        for call in (calls[0], calls[2]):
            assert isinstance(run(call, FreePulse()), Done)
    assert lines(log) == ["a", "c"]


@pytest.mark.parametrize(("what", "kind"), [("die", Killed), ("last", TimedOut)])
def test_after_an_end_by_force_the_next_call_has_a_new_child(executor, log, what, kind):
    calls = [call_of(log, "a"), call_of(log, "b", what, *([30] if what == "last" else []), seconds=0.3)]
    outcomes, pids = run_all(executor, [*calls, call_of(log, "c")])
    assert [type(outcome) for outcome in outcomes] == [Done, kind, Done]
    assert pids[0] == pids[1] != pids[2]


def test_a_child_that_dies_before_it_hears_of_a_call_is_no_end_of_that_call(executor, log):
    def kill(pid):
        # the one that has made the last call leaves by itself, and may be gone by now
        with contextlib.suppress(ProcessLookupError, FileNotFoundError):
            os.kill(pid, signal.SIGKILL)
            wait_until(lambda: _is_dead(pid))

    outcomes, pids = run_all(executor, [call_of(log, text) for text in "abc"], between=kill)
    assert [type(outcome) for outcome in outcomes] == [Done] * 3 and len({*pids}) == 3
    assert lines(log) == ["a", "b", "c"]


def test_a_child_that_nobody_needs_any_more_ends(executor, log):
    calls = [call_of(log, text) for text in "ab"]
    with executor.kept(calls) as run:
        pids = []
        run(calls[0], FreePulse(), pids.append)
        assert not _is_dead(pids[0])
    wait_until(lambda: _is_dead(pids[0]))


def _is_dead(pid):
    with open(f"/proc/{pid}/stat") as file:
        return file.read().rpartition(")")[2].split()[0] in "ZX"
