"""Runs each call in a child of its own, made by fork.  All changes of state are the parent's."""

import contextlib
import os
import signal
import sys
import threading
import traceback

import structlog

from queue_core.clock import monotonic
from queue_core.outcome import Done, Killed, Outcome, Stopped, TimedOut
from queue_core.text import shown
from queue_core.worker.call import Call, perform
from queue_core.worker.executors import NoProcess, report
from queue_core.worker.executors.child import Child
from queue_core.worker.limits import Alarm, die_with_parent

log = structlog.get_logger("signalbox")

OUTSIDE_MARGIN_SECONDS = 7.0
LOST_LEASE_STATUS = 70


class ForkExecutor:
    """now: the engine's time in Unix seconds.  leave_connections: called in the child, closes inherited connections."""

    name = "fork"
    batches = False
    leaves_after_timeout = False

    def __init__(self, now, leave_connections, outside_margin_seconds=OUTSIDE_MARGIN_SECONDS):
        self._now = now
        self._leave_connections = leave_connections
        self._outside_margin_seconds = outside_margin_seconds

    def run(self, call: Call, pulse, started=lambda child_pid: None) -> Outcome:
        """Stopped: the lease could not be kept and the child was killed.  Raises NoProcess."""
        started_at = self._now()
        _flush()
        child = self._fork(call, pulse.lease_end)
        with child:
            started(child.pid)
            ended_by = self._attend(child, call, pulse)
        return self._outcome(child, ended_by, call, started_at, pulse.lease_end)

    def _fork(self, call, lease_end):
        parent_pid = os.getpid()
        try:
            reading_end, writing_end = os.pipe()
            pid = os.fork()
        except OSError as error:
            raise NoProcess(str(error)) from error
        if pid == 0:
            os.close(reading_end)
            self._live(call, lease_end, writing_end, parent_pid)  # does not return
        os.close(writing_end)
        return Child(pid, reading_end)

    # -- in the parent --

    def _attend(self, child, call, pulse):
        """Waits for the child's end; None, or the kind of outcome for which the parent had to kill it."""
        kill_at = monotonic() + call.hard_timeout_seconds + self._outside_margin_seconds
        while not child.wait(min(pulse.next_in_seconds, kill_at - monotonic())):
            pulse.beat_if_due()
            if pulse.over:
                child.kill()
                return Stopped
            if monotonic() >= kill_at:
                log.error("hard timeout elapsed in parent process", queue=shown(call.queue), child_pid=child.pid)
                child.kill()
                return TimedOut
        return None

    def _outcome(self, child, ended_by, call, started_at, lease_end):
        ended_at, told = self._now(), report.decode(child.said)
        # a task may leave with that status too, but it does so while the lease lasts
        ended_itself = child.exit_status == LOST_LEASE_STATUS and lease_end.left_seconds <= 0
        if ended_by is Stopped or (ended_itself and told is None):
            return Stopped(started_at, ended_at)
        if told is not None:
            return told
        overran = ended_at - started_at >= call.hard_timeout_seconds and child.signal is None
        if child.signal is not None:
            log.error("child killed", return_code=-child.signal, child_pid=child.pid)
        if ended_by is TimedOut or overran:
            return TimedOut(started_at, ended_at, call.hard_timeout_seconds)
        return Killed(started_at, ended_at, child.signal, child.exit_status)

    # -- in the child --

    def _live(self, call, lease_end, writing_end, parent_pid):
        # the one place beyond which nothing unwinds: a child must never return into the parent's loop
        status = 1
        try:
            die_with_parent(parent_pid)
            _settle_signals()
            self._leave_connections()
            outcome = perform(call, Alarm(call.hard_timeout_seconds, lease_end, _leave_at_once), self._now)
            _wait_for_threads()
            _write_all(writing_end, report.encode(outcome))
            status = 0 if isinstance(outcome, Done) else 1
        except BaseException:
            traceback.print_exc()
        finally:
            _flush()
            os._exit(status)


def _leave_at_once():
    os._exit(LOST_LEASE_STATUS)


def _settle_signals():
    """Ctrl-C and a stop request are the parent's business; the task runs on (wire §14)."""
    signal.set_wakeup_fd(-1)
    # a handler and not SIG_IGN, which programs that the task starts would inherit
    signal.signal(signal.SIGTERM, lambda *_: None)
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _wait_for_threads():
    for thread in threading.enumerate():
        if thread is not threading.current_thread() and not thread.daemon:
            thread.join()


def _write_all(descriptor, raw):
    while raw:
        raw = raw[os.write(descriptor, raw) :]


def _flush():
    for stream in (sys.stdout, sys.stderr):
        # a task may have closed or replaced them
        with contextlib.suppress(OSError, ValueError, AttributeError):
            stream.flush()
