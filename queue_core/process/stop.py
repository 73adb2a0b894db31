"""A request to stop, by signal or by a call."""

import signal
import threading
import time

import structlog

from queue_core.crash_points import at

_log = structlog.get_logger("signalbox")

_SIGNALS = (signal.SIGTERM, signal.SIGINT)
_LOOK_SECONDS = 0.1


class Stop:
    """A context in which SIGTERM and SIGINT ask the process to stop; asking again changes nothing."""

    def __init__(self, log=_log):
        self._log = log
        self.requested = False
        self._told = False
        self._previous = {}

    def __enter__(self):
        if threading.current_thread() is threading.main_thread():
            self._previous = {number: signal.signal(number, self.request) for number in _SIGNALS}
        return self

    def __exit__(self, *_):
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    def request(self, *_) -> None:
        at("stop_signal")
        # only a flag: a handler that writes to a log can meet that log in the middle of a line
        self.requested = True

    def wait(self, seconds: float) -> None:
        """Sleeps for so long; after a request hardly any longer."""
        until = time.monotonic() + seconds
        while not self.requested and (left := until - time.monotonic()) > 0:
            time.sleep(min(left, _LOOK_SECONDS))

    def tell_once(self) -> None:
        """Writes the request to the log, the first time that somebody looks after it was made."""
        if self.requested and not self._told:
            self._told = True
            self._log.info("stop requested, waiting for task to finish")
