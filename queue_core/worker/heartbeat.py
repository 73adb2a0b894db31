"""Keeps what a worker holds: leases first, then what goes with them."""

import threading

import structlog

from queue_core.clock import monotonic
from queue_core.worker.limits import LeaseEnd

log = structlog.get_logger("signalbox")

_AGAIN_SECONDS = 0.5
_LONGEST_LOOK_SECONDS = 1.0


class Pulse:
    """The heartbeat of one worker.  Beaten by its main thread and, while a task runs in that, by a second one.

    companions: called after every beat; renews what goes with the leases.  on_look: called whenever somebody looks
    whether a beat is due.  steady: the last beat went well."""

    def __init__(self, session, settings, companions=lambda: None, on_look=lambda: None):
        self.lease_end = LeaseEnd()
        self.steady = True
        self.closed = False
        self._session = session
        self._settings = settings
        self._companions = companions
        self._on_look = on_look
        self._running = None
        self._lost = set()
        self._next_at = monotonic() + settings.heartbeat_seconds
        self._beating = threading.RLock()
        # a beat in progress can take as long as Redis may take to answer; it must end before the lease does
        self._margin_seconds = min(settings.redis_timeout_seconds + 1.0, settings.lease_seconds / 4)

    @property
    def next_in_seconds(self) -> float:
        """Until the next beat or the next look at the lease."""
        left = self._next_at - monotonic()
        if self._running:
            left = min(left, self._session.lease_left_seconds() - self._margin_seconds)
        return min(max(left, 0.01), _LONGEST_LOOK_SECONDS)

    @property
    def over(self) -> bool:
        """Whether the task that runs now must end: its lease is lost, or cannot be kept any longer."""
        running = self._running
        if running is None:
            return False
        return _key(running) in self._lost or self._session.lease_left_seconds() <= self._margin_seconds

    def begin(self, claimed) -> bool:
        """`claimed` is about to run.  Renews first when little of the lease is left; False when it is not ours."""
        if self._session.lease_left_seconds() < self._settings.lease_seconds / 2:
            self.beat()
        if self.has_lost(claimed) or self._session.lease_left_seconds() <= self._margin_seconds:
            return False
        self.lease_end.set_in(self._session.lease_left_seconds())
        self._running = claimed
        return True

    def end(self) -> None:
        self._running = None

    def has_lost(self, claimed) -> bool:
        return _key(claimed) in self._lost

    def forget_lost(self) -> None:
        """After a batch: the losses that were found have had their effect."""
        self._lost.clear()

    def beat_if_due(self) -> None:
        self._on_look()
        if monotonic() >= self._next_at:
            self.beat()

    def beat(self) -> None:
        """One heartbeat.  Redis out of reach is no error here: the lease then runs down, and `over` says so."""
        with self._beating:
            try:
                self._lost.update(_key(claimed) for claimed in self._session.heartbeat())
                self._notice_refused_start()
                self._next_at = monotonic() + self._settings.heartbeat_seconds
                self.lease_end.set_in(self._session.lease_left_seconds())
                self._companions()
                self.steady = True
            except Exception as error:  # whatever it is, the lease runs down and the run ends in time
                self._next_at = monotonic() + min(_AGAIN_SECONDS, self._settings.heartbeat_seconds)
                self.steady = False
                log.error("task heartbeat failed", error=f"{type(error).__name__}: {error}")

    def _notice_refused_start(self):
        # the start mark is not awaited: when it is refused, the session has dropped the task by now
        running = self._running
        if running is not None and _key(running) not in map(_key, self._session.held):
            self._lost.add(_key(running))


def _key(claimed):
    return claimed.queue, claimed.id
