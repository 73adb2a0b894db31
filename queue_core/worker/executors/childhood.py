"""The life of a forked child: it runs one call, reports, and waits for the next order as long as there can be one."""

import contextlib
import math
import os
import signal
import sys
import threading
import traceback

from queue_core.crash_points import at
from queue_core.worker.executors import NoProcess, report
from queue_core.worker.executors.child import Child
from queue_core.worker.limits import Alarm, die_with_parent

LOST_LEASE_STATUS = 70


class Childhood:
    """perform: see Executor.  calls: all that the child may be told to run; it is told by their positions."""

    def __init__(self, perform, calls, lease_end):
        self._perform = perform
        self._calls = calls
        self._lease_end = lease_end

    def begin(self, position: int) -> Child:
        """Forks a child that begins with the call at `position`.  Raises NoProcess."""
        flush()
        parent_pid = os.getpid()
        try:
            reports_out, reports_in = os.pipe()
            orders_out, orders_in = os.pipe()
            at("before_fork")
            pid = os.fork()
        except OSError as error:
            raise NoProcess(str(error)) from error
        if pid == 0:
            os.close(reports_out)
            os.close(orders_in)
            self._live(position, orders_out, reports_in, parent_pid)  # does not return
        at("after_fork")
        os.close(reports_in)
        os.close(orders_out)
        return Child(pid, reports_out, orders_in)

    def _live(self, position, orders, reports, parent_pid):
        # The one place beyond which nothing unwinds: a child must never return into the parent's loop.
        # Of inherited connections nobody makes use: the parent's own are out of reach for a task, and pools make new
        # ones when they find themselves in another process.
        status = 1
        try:
            at("child_begins")
            die_with_parent(parent_pid)
            _settle_signals()
            self._pipes = {descriptor: _identity(descriptor) for descriptor in (orders, reports)}
            self._report(position, reports)
            while position < len(self._calls) - 1 and (order := os.read(orders, 32)):
                position = int(order)
                os.write(reports, b"\n")
                self._report(position, reports)
            status = 0
        except BaseException:
            traceback.print_exc()
        finally:
            flush()
            os._exit(status)

    def _report(self, position, reports):
        call = self._calls[position]
        outcome = self._perform(call, Alarm(call.hard_timeout_seconds, self._lease_end, _leave_at_once))
        self._wait_for_threads()
        self._look_at_the_pipes()
        flush()
        at("before_report")
        _write_all(reports, report.encode(outcome) + b"\n")
        at("after_report")

    def _look_at_the_pipes(self):
        # a task may have closed all descriptors that it found; then their numbers belong to what it opened since
        if any(_identity(descriptor) != was for descriptor, was in self._pipes.items()):
            raise OSError("The task has closed the descriptors by which its process speaks with its worker.")

    def _wait_for_threads(self):
        left = [one for one in threading.enumerate() if one is not threading.current_thread() and not one.daemon]
        if left:
            with Alarm(math.inf, self._lease_end, _leave_at_once):
                for thread in left:
                    thread.join()


def _leave_at_once():
    os._exit(LOST_LEASE_STATUS)


def _settle_signals():
    """Ctrl-C and a stop request are the parent's business; the task runs on (wire §14)."""
    signal.set_wakeup_fd(-1)
    # a handler and not SIG_IGN, which programs that the task starts would inherit
    signal.signal(signal.SIGTERM, lambda *_: None)
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _identity(descriptor):
    found = os.fstat(descriptor)
    return found.st_dev, found.st_ino


def _write_all(descriptor, raw):
    while raw:
        raw = raw[os.write(descriptor, raw) :]


def flush():
    for stream in (sys.stdout, sys.stderr):
        # a task may have closed or replaced them
        with contextlib.suppress(OSError, ValueError, AttributeError):
            stream.flush()
