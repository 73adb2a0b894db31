"""What is held, as one worker knows it, and whether a claimed task has to wait for that."""

from queue_core.clock import monotonic
from queue_core.errors import StoreCorrupt

_LOOK_EVERY_SECONDS = 1.0


class Holding:
    """Read about once a second, so that it costs nothing for each task."""

    def __init__(self, engine, log):
        self._engine = engine
        self._log = log
        self._holds = []
        self._look_at = 0.0

    def look(self) -> None:
        """Reads the holds, if that is due.  Raises StoreUnavailable."""
        if monotonic() < self._look_at:
            return
        try:
            self._holds = self._engine.holds.all()
        except StoreCorrupt as error:  # what was known counts on
            self._log.error("holds cannot be read", error=str(error))
        self._look_at = monotonic() + _LOOK_EVERY_SECONDS

    def hold_of(self, claimed, payload):
        """The hold that keeps a claimed task from running now, or None."""
        if not self._holds:
            return None
        return self._engine.holds.covering(self._holds, payload.func, claimed.queue, claimed.id)
