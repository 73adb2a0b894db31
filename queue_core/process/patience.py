"""Waiting for a store that is away."""

import time

import structlog

from queue_core.errors import StoreFull, StoreUnavailable

_log = structlog.get_logger("signalbox")

_FIRST_SECONDS = 0.1
_LONGEST_SECONDS = 5.0
_LOOK_SECONDS = 0.1


class Patience:
    """Repeats what failed because Redis was away; says so once when it goes and once when it is back."""

    def __init__(self, log=_log):
        self._log = log
        self._away = False

    def until_done(self, act, may_wait=lambda: True):
        """What `act()` gives, sooner or later.  Raises StoreUnavailable or StoreFull when `may_wait()` is no more."""
        pause_seconds = _FIRST_SECONDS
        while True:
            try:
                result = act()
            except (StoreUnavailable, StoreFull) as error:
                self._note_away(error)
                if not self._wait(pause_seconds, may_wait):
                    raise
                pause_seconds = min(pause_seconds * 2, _LONGEST_SECONDS)
            else:
                self._note_back()
                return result

    def _wait(self, seconds, may_wait):
        # in short steps, so that a stop request does not wait for the longest pause
        until = time.monotonic() + seconds
        while may_wait() and time.monotonic() < until:
            time.sleep(_LOOK_SECONDS)
        return may_wait()

    def _note_away(self, error):
        if not self._away:
            self._log.error("store is away", error=str(error))
        self._away = True

    def _note_back(self):
        if self._away:
            self._log.info("store is back")
        self._away = False
