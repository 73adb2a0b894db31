"""Runs each call in this process, in its main thread, while a second thread keeps the leases."""

import contextlib
import os
import signal
import sys
import threading
from dataclasses import replace

from queue_core.outcome import Outcome, TimedOut
from queue_core.worker.call import Call
from queue_core.worker.executors import Executor
from queue_core.worker.limits import Alarm

LOST_LEASE_STATUS = 70


class SyncExecutor(Executor):
    """The fast one.  A task that overruns its hard timeout costs the process, and so does a lease that cannot be kept:
    there is no other way to stop code that runs here."""

    name = "sync"
    batches = True
    leaves_after_timeout = True

    def __init__(self, worker):
        super().__init__(worker)
        self._pulse = None
        self._left = None
        self._running = False
        self._now = None

    def run(self, call: Call, pulse, started=lambda child_pid: None) -> Outcome:
        if self._pulse is not pulse:
            self._keep(pulse)
        alarm = Alarm(call.hard_timeout_seconds, pulse.lease_end, leave_at_once)
        _let_late_alarms_pass()
        self.spare()
        started(None)
        self._running, self._now = True, (call, alarm)
        try:
            outcome = self.perform(call, alarm)
        finally:
            self._running, self._now = False, None
        return replace(outcome, by=self.ended_by(call)) if isinstance(outcome, TimedOut) else outcome

    def kill(self, order) -> bool:
        super().kill(order)
        now = self._now
        if now is None or self.ended_by(now[0]) is None:
            return False
        # that of this very call: should it have ended by now, the alarm of the next one is not due
        now[1].ring()
        return True

    def kept(self, calls: list):
        return contextlib.nullcontext(self.run)

    def leave(self) -> None:
        if self._left is not None:
            self._left.set()
        self._pulse = None

    def _keep(self, pulse):
        self._pulse, self._left = pulse, threading.Event()
        threading.Thread(target=self._beat_on, args=(pulse, self._left), name="heartbeat", daemon=True).start()

    def _beat_on(self, pulse, left):
        while not left.wait(pulse.next_in_seconds):
            pulse.beat_if_due()
            if self._running and pulse.over:
                leave_at_once()


def _let_late_alarms_pass():
    """Between two calls nobody waits for the alarm, and by default it would end the process."""
    if signal.getsignal(signal.SIGALRM) in (signal.SIG_DFL, None):
        signal.signal(signal.SIGALRM, _let_pass)


def _let_pass(_signal, _frame):
    pass


def leave_at_once():
    sys.stderr.write("exiting worker: the lease of its task could not be kept\n")
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(LOST_LEASE_STATUS)
