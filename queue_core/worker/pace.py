"""How many tasks one claim may take, judged by how long their functions took lately."""

from collections import OrderedDict

from queue_core.clock import monotonic

_REMEMBERED = 100
_RECENT_SECONDS = 60.0
_NEWEST_WEIGHT = 0.2


class Pace:
    """Sizes claims so that the work in one stays under `claim_batch_seconds`: a held task waits for those before it."""

    def __init__(self, engine, now=monotonic):
        self._engine = engine
        self._now = now
        self._measured: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def note(self, func: str, seconds: float) -> None:
        """A run of `func` took so long."""
        average, _ = self._measured.pop(func, (seconds, 0.0))
        # a slow run counts at once, a fast one by and by
        average = max(seconds, average + (seconds - average) * _NEWEST_WEIGHT)
        self._measured[func] = (average, self._now())
        if len(self._measured) > _REMEMBERED:
            self._measured.popitem(last=False)

    def size(self) -> int:
        """Tasks for the next claim: 1 as long as nothing has been measured."""
        slowest = max(
            (average for average, seen_at in self._measured.values() if self._is_recent(seen_at)), default=None
        )
        if slowest is None:
            return 1
        return max(1, min(self._engine.settings.claim_batch, int(self._budget_seconds / max(slowest, 1e-6))))

    def fits(self, func: str) -> bool:
        """Whether others may wait behind a run of `func`; not before it has been measured."""
        average, _ = self._measured.get(func, (None, 0.0))
        return average is not None and average <= self._budget_seconds

    @property
    def _budget_seconds(self):
        return self._engine.settings.claim_batch_seconds

    def _is_recent(self, seen_at):
        return self._now() - seen_at < _RECENT_SECONDS
