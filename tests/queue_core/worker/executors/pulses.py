"""Workers and pulses for executors that are tested without a session."""

import time

import structlog

from queue_core.worker.limits import LeaseEnd


class NoWorker:
    now = staticmethod(time.time)
    log = structlog.get_logger()


class FreePulse:
    """A lease that nobody disturbs.  after: seconds after which it counts as over (None: never)."""

    over = False
    next_in_seconds = 0.05

    def __init__(self, lease_seconds=60.0):
        self.lease_end = LeaseEnd()
        self.lease_end.set_in(lease_seconds)
        self.beats = 0

    def beat_if_due(self):
        self.beats += 1


class EndingPulse(FreePulse):
    """A lease that turns out to be lost at the second beat."""

    @property
    def over(self):
        return self.beats >= 2
