"""What a worker counts of its runs, and when it writes that down."""

from queue_core.clock import monotonic
from queue_core.errors import StoreError
from queue_core.outcome import Killed, Outcome, Stopped, TimedOut
from queue_core.tally import STOPPED, Tally
from queue_core.worker.admission import Ready


class Counting:
    """Nobody waits for it, and what is wrong with it disturbs no task.  Killed, a worker loses what it has not written:
    the runs of `stats_flush_seconds`."""

    def __init__(self, engine, log):
        self._engine = engine
        self._log = log
        self._tally = Tally()
        self._written_at = monotonic()
        self._failing = False

    def start(self, ready: Ready, count: int = 1) -> None:
        """A run begins; count -1: it did not come to it."""
        if self._every_seconds:
            self._tally.start(ready.claimed.queue, ready.payload.func, self._engine.clock.now(), count)

    def end(self, ready: Ready, outcome: Outcome, ending: str = STOPPED) -> None:
        if not self._every_seconds:
            return
        queue, function, at = ready.claimed.queue, ready.payload.func, outcome.ended_at
        self._tally.end(queue, function, at, ending, killed=isinstance(outcome, Killed | TimedOut))
        if not isinstance(outcome, Stopped):
            waited = outcome.started_at - ready.claimed.score_before
            self._tally.time(queue, function, at, wait_seconds=waited, run_seconds=at - outcome.started_at)

    def write_if_due(self) -> None:
        if self._tally and monotonic() - self._written_at >= self._every_seconds:
            self.write()

    def write(self) -> None:
        """Writes what there is.  What Redis certainly did not take is kept for the next time; else it is lost."""
        if not self._tally:
            return
        tally, self._tally, self._written_at = self._tally, Tally(), monotonic()
        try:
            self._engine.stats.write(tally)
        except StoreError as error:
            if getattr(error, "nothing_written", False):
                self._tally.add(tally)
            self._tell(error)
        else:
            self._failing = False

    @property
    def _every_seconds(self):
        return self._engine.settings.stats_flush_seconds

    def _tell(self, error):
        if not self._failing:
            self._log.warning("stats not written", error=str(error))
        self._failing = True
