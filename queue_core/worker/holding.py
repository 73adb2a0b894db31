"""What is held, as one worker knows it, and whether a claimed task has to wait for that."""

from queue_core.clock import monotonic
from queue_core.errors import StoreCorrupt

_LOOK_EVERY_SECONDS = 1.0
_TELL_EVERY_SECONDS = 60.0


class Holding:
    """Read about once a second, so that it costs nothing for each task.

    While the records cannot be read, what was known before counts on; a worker that knew nothing yet goes by the ids of
    the holds, which stand elsewhere too.  So a broken key neither lets go what is held nor stops anything else."""

    def __init__(self, engine, log):
        self._engine = engine
        self._log = log
        self._holds = None
        self._ids = frozenset()
        self._look_at = self._tell_at = 0.0

    def look(self) -> None:
        """Reads the holds, if that is due.  Raises StoreUnavailable."""
        if monotonic() < self._look_at:
            return
        try:
            self._holds = self._engine.holds.all()
        except StoreCorrupt as error:
            self._go_without(error)
        self._look_at = monotonic() + _LOOK_EVERY_SECONDS

    def _go_without(self, error):
        if self._holds is None:
            self._ids = self._engine.holds.ids()
        if monotonic() >= self._tell_at:
            known = "what was read before" if self._holds is not None else f"the ids of {len(self._ids)} holds"
            self._log.error("holds cannot be read", error=str(error), goes_by=known)
            self._tell_at = monotonic() + _TELL_EVERY_SECONDS

    def hold_of(self, claimed, payload) -> str | None:
        """The id of the hold that keeps a claimed task from running now, or None."""
        holds = self._engine.holds
        if self._holds:
            found = holds.covering(self._holds, payload.func, claimed.queue, claimed.id)
            return found and found.id
        if self._holds is None and self._ids:
            return holds.covering_by_id(self._ids, payload.func, claimed.queue, claimed.id)
        return None
