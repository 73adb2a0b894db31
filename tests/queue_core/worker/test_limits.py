"""Timers around a run."""

import contextlib
import os
import signal
import subprocess
import sys

import pytest

from queue_core.errors import JobTimeoutException
from queue_core.worker import limits
from queue_core.worker.limits import Alarm, LeaseEnd
from tests.queue_core.worker import functions


@pytest.fixture
def lease_end():
    end = LeaseEnd()
    end.set_in(60)
    return end


def alarm(seconds, lease_end):
    return Alarm(seconds, lease_end, on_lease_over=lambda: None)


def test_a_task_that_swallows_its_timeout_is_interrupted_again(monkeypatch, lease_end):
    monkeypatch.setattr(limits, "REPEAT_SECONDS", 0.1)
    ringing = alarm(0.1, lease_end)
    with ringing:
        functions.swallow_timeouts(0.25)
    assert ringing.interrupts == 2


def test_the_fourth_time_the_process_leaves():
    program = (
        "from queue_core.worker import limits\n"
        "from tests.queue_core.worker import functions\n"
        "limits.REPEAT_SECONDS = 0.05\n"
        "end = limits.LeaseEnd(); end.set_in(60)\n"
        "with limits.Alarm(0.05, end, None): functions.swallow_timeouts(20)\n"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=15)
    assert ended.returncode == 1 and "again and again" in ended.stderr


def test_the_exception_is_no_ordinary_one(lease_end):
    with pytest.raises(JobTimeoutException) as caught, alarm(0.05, lease_end), contextlib.suppress(Exception):
        functions.last(20)
    assert str(caught.value) == "Job exceeded maximum timeout value (0 seconds)."


def test_what_has_lost_its_lease_before_it_began_does_not_begin(lease_end):
    lease_end.set_in(-0.001)
    with pytest.raises(LeaseOver), Alarm(5, lease_end, on_lease_over=_leave):
        pytest.fail("it has begun")


class LeaseOver(BaseException):
    """Stands for the end of the process."""


def _leave():
    raise LeaseOver


def test_the_former_handler_comes_back(lease_end):
    former = signal.signal(signal.SIGALRM, signal.SIG_IGN)
    with alarm(5, lease_end):
        pass
    assert signal.signal(signal.SIGALRM, former) is signal.SIG_IGN


def test_the_end_of_the_lease_is_seen_by_a_forked_child(lease_end):
    pid = os.fork()
    if pid == 0:
        lease_end.set_in(1000)
        os._exit(0)
    os.waitpid(pid, 0)
    assert lease_end.left_seconds > 900
