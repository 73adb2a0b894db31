"""Which queues a worker leaves to others, since it was given what it may not run there."""

from queue_core.clock import monotonic
from queue_core.text import shown

REFUSALS_IN_A_ROW = 20
_REST_SECONDS = 60.0
_HEAD_START_SECONDS = 0.5


class Reluctance:
    """promote_seconds: how often due tasks are promoted, by this worker or another."""

    def __init__(self, promote_seconds: float, log):
        self._head_start_seconds = promote_seconds + _HEAD_START_SECONDS
        self._log = log
        self._in_a_row: dict[str, int] = {}
        self._resting: dict[str, float] = {}
        self._head_starts: dict[str, float] = {}

    @property
    def resting(self) -> list[str]:
        """The queues that are left alone for a minute, after many refusals in a row."""
        return sorted(self._resting)

    def note_refusal(self, queue: str, due_at: float) -> None:
        """A task of this queue was given back, to be tried again at this moment of the monotonic clock."""
        # who promotes a task stands nearest to it, and would refuse it again and again before another has looked
        self._head_starts.setdefault(queue, due_at)
        self._in_a_row[queue] = self._in_a_row.get(queue, 0) + 1
        if self._in_a_row[queue] >= REFUSALS_IN_A_ROW and queue not in self._resting:
            self._resting[queue] = monotonic() + _REST_SECONDS
            self._log.error("queue left alone", queue=shown(queue), reason="none of its functions may run here")

    def note_welcome(self, queue: str) -> None:
        """A task of this queue may run here."""
        self._in_a_row.pop(queue, None)

    def serves(self, queue: str) -> bool:
        """Whether the worker should look at this queue now."""
        return not self._rests(queue) and not self._gives_head_start(queue)

    def _rests(self, queue):
        rest_until = self._resting.get(queue)
        if rest_until is not None and monotonic() >= rest_until:
            # one more refusal, and it rests again
            del self._resting[queue]
            self._in_a_row[queue] = REFUSALS_IN_A_ROW - 1
        return queue in self._resting

    def _gives_head_start(self, queue):
        due_at = self._head_starts.get(queue)
        if due_at is None or monotonic() < due_at:
            return False
        if monotonic() < due_at + self._head_start_seconds:
            return True
        del self._head_starts[queue]
        return False
