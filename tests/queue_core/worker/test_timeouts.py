"""Time limits that a runner sets for itself."""

import contextlib
import signal

import pytest

from queue_core.errors import JobTimeoutException
from queue_core.worker.limits import Alarm, LeaseEnd
from queue_core.worker.timeouts import BaseDeathPenalty, UnixSignalDeathPenalty
from tests.queue_core.worker import functions


class LeaseOver(BaseException):
    """Stands for the end of the process."""


@pytest.fixture
def lease_end():
    end = LeaseEnd()
    end.set_in(60)
    return end


def alarm(seconds, lease_end):
    def leave():
        raise LeaseOver

    return Alarm(seconds, lease_end, leave)


def test_it_ends_what_runs_inside_and_puts_its_timer_away():
    with pytest.raises(JobTimeoutException, match=r"maximum timeout value \(0 seconds\)"), UnixSignalDeathPenalty(0.05):
        functions.last(20)
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_a_longer_one_counts_instead_of_the_limit_of_the_worker(lease_end):
    outer = alarm(0.05, lease_end)
    with outer:
        with UnixSignalDeathPenalty(20):
            functions.last(0.2)
            assert not outer.interrupts
        with contextlib.suppress(JobTimeoutException):
            functions.last(20)
    assert outer.interrupts == 1


def test_a_shorter_one_is_told_to_the_limit_of_the_worker(lease_end):
    outer = alarm(20, lease_end)
    with outer, pytest.raises(JobTimeoutException), UnixSignalDeathPenalty(0.05):
        functions.last(20)
    assert outer.rang and not outer.interrupts


def test_the_lease_is_watched_inside_it_too(lease_end):
    lease_end.set_in(0.05)
    with pytest.raises(LeaseOver), alarm(20, lease_end), UnixSignalDeathPenalty(20), UnixSignalDeathPenalty(20):
        functions.last(20)


def test_the_base_says_that_it_sets_no_limit():
    with pytest.raises(NotImplementedError), BaseDeathPenalty(1):
        pass
