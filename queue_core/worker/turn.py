"""One turn at a queue: claim, run what was claimed, give back what was not begun."""

from dataclasses import dataclass

from queue_core import states
from queue_core.clock import monotonic
from queue_core.errors import QueuePaused, StoreError
from queue_core.process.patience import Patience
from queue_core.process.stop import Stop
from queue_core.text import shown
from queue_core.worker import batches
from queue_core.worker.admission import Admission
from queue_core.worker.heartbeat import Pulse
from queue_core.worker.orders import Orders
from queue_core.worker.pace import Pace
from queue_core.worker.runs import Runs
from queue_core.worker.settlement import Settlement

_STALE_SECONDS = 1.0
MOST_AT_ONCE = 250
"""Tasks in one script: it serves nobody else meanwhile.  A larger batch is claimed in several steps."""

_BATCH_BUDGET_BYTES = 4 * 1024 * 1024
"""What the payloads of one batch may weigh together, the first one apart."""


@dataclass(eq=False)
class Turn:
    """The parts of a worker that one turn needs; made once, used for every turn."""

    session: object
    runs: Runs
    pulse: Pulse
    admission: Admission
    settlement: Settlement
    pace: Pace
    patience: Patience
    stop: Stop
    orders: Orders
    log: object

    def take(self, queue: str, limit: int) -> int:
        """Runs up to `limit` tasks of `queue`, each for itself; how many were claimed.

        Raises QueuePaused, StoreError, LeaveProcess."""
        self.admission.look_around()
        return self._take(queue, self.session.claim(queue, limit), self._run_each)

    def take_batch(self, queue: str, size: int) -> int:
        """The same for a batch queue: what has one function runs together."""
        self.admission.look_around()
        return self._take(queue, self._claim_batch(queue, size), self._run_in_groups)

    def finish_up(self) -> None:
        """Gives back everything that is still held and reads the last replies."""
        self._give_back(self.session.held)
        self._read_replies()

    def may_wait(self) -> bool:
        """Whether to wait on for a store that is away; after a stop request only as long as the lease lasts."""
        return not self.stop.requested or self.session.lease_left_seconds() > 0

    def _claim_batch(self, queue, size) -> list:
        claimed = self.session.claim(queue, min(size, MOST_AT_ONCE), payload_budget_bytes=_BATCH_BUDGET_BYTES)
        is_whole = len(claimed) < MOST_AT_ONCE
        while not is_whole and len(claimed) < size:
            some = self._claim_more(queue, min(size - len(claimed), MOST_AT_ONCE), claimed)
            is_whole = len(some) < MOST_AT_ONCE
            claimed += some
        return claimed

    def _claim_more(self, queue, limit, claimed) -> list:
        left_bytes = _BATCH_BUDGET_BYTES - sum(len(one.raw or b"") for one in claimed)
        if left_bytes <= 0:
            return []
        try:
            some = self.session.claim(queue, limit, payload_budget_bytes=left_bytes)
        except (QueuePaused, StoreError):
            return []  # what has been claimed can run all the same
        if some and some[0].recoveries:
            self.session.release(some[0])  # it runs alone, and so in the next turn
            return []
        return some

    def _take(self, queue, claimed, run) -> int:
        # what waits longer than meant goes back, so that a pause, or another worker that is idle, has its effect
        stale_at = monotonic() + _STALE_SECONDS
        if claimed:
            moved = {"src_queue": states.QUEUED, "dest_queue": states.ACTIVE, "qty": len(claimed)}
            self.log.debug("moved tasks", queue=shown(queue), **moved)
        try:
            run(claimed, lambda: not (self.stop.requested or self.orders.quiet) and monotonic() < stale_at)
        finally:
            left = self.session.held
            self._give_back(left)
            self._read_replies()
        if claimed:
            processed = len(claimed) - len(left)
            self.log.debug("processed", queue=shown(queue), attempted=len(claimed), processed=processed)
        return len(claimed)

    def _run_each(self, claimed, may_go_on):
        for one in claimed:
            if not may_go_on():
                return
            # given back since: a slow one came before it
            ready = self.admission.read(one) if self.session.holds(one) else None
            if ready is not None:
                if len(claimed) > 1 and not self.pace.fits(ready.payload.func):
                    self._give_back(other for other in self.session.held if other is not one)
                self.runs.of([ready])

    def _run_in_groups(self, claimed, may_go_on):
        ready = [one for one in map(self.admission.read, claimed) if one is not None]
        for group in batches.by_function(ready):
            if not may_go_on():
                return
            self.runs.of(group, may_go_on)

    def _give_back(self, claimed):
        for one in claimed:
            self.session.release(one)

    def _read_replies(self):
        settled = self.patience.until_done(self.session.drain, self.may_wait)
        self.settlement.note_replies(settled)
        self.pulse.forget_lost()
