"""Keeps what a worker holds: leases first, then what goes with them."""

import threading

from queue_core.clock import monotonic
from queue_core.worker.limits import LeaseEnd

_AGAIN_SECONDS = 0.5
_LONGEST_LOOK_SECONDS = 1.0


class Pulse:
    """The heartbeat of one worker.  Beaten by its main thread and, while a task runs in that, by a second one.

    companions: called after every beat; renews what goes with the leases.  on_look: called whenever somebody looks
    whether a beat is due.  steady: the last beat went well."""

    def __init__(self, session, engine, companions=lambda: None, on_look=lambda: None):
        self.lease_end = LeaseEnd()
        self.steady = True
        self._session = session
        self._engine = engine
        self._companions = companions
        self._on_look = on_look
        self._running = []
        self._lost = set()
        self._beaten_at = monotonic()
        self._again_at = None
        self._beating = threading.RLock()

    @property
    def next_in_seconds(self) -> float:
        """Until the next beat or the next look at the lease."""
        left = self._next_at - monotonic()
        if self._running:
            left = min(left, self._session.lease_left_seconds() - self._margin_seconds)
        return min(max(left, 0.01), _LONGEST_LOOK_SECONDS)

    @property
    def over(self) -> bool:
        """Whether what runs now must end: its lease is lost, or cannot be kept any longer.

        A batch goes on as long as one of its tasks is ours: for the others its outcome counts nothing."""
        running = self._running
        if not running:
            return False
        all_lost = all(_key(one) in self._lost for one in running)
        return all_lost or self._session.lease_left_seconds() <= self._margin_seconds

    def begin(self, claimed: list) -> list:
        """These are about to run.  Renews first when little of the lease is left; gives those that are still ours."""
        if self._session.lease_left_seconds() < self._lease_seconds / 2:
            self.beat()
        if self._session.lease_left_seconds() <= self._margin_seconds:
            return []
        self.lease_end.set_in(self._session.lease_left_seconds())
        self._running = [one for one in claimed if not self.has_lost(one)]
        return self._running

    def end(self) -> None:
        self._running = []

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
                self._notice_refused_starts()
                self._beaten_at, self._again_at = monotonic(), None
                self.lease_end.set_in(self._session.lease_left_seconds())
                self._companions()
                self.steady = True
            except Exception as error:  # whatever it is, the lease runs down and the run ends in time
                self._again_at = monotonic() + min(_AGAIN_SECONDS, self._every_seconds)
                self.steady = False
                self._engine.log.error("task heartbeat failed", error=f"{type(error).__name__}: {error}")

    @property
    def _next_at(self):
        return self._again_at or self._beaten_at + self._every_seconds

    @property
    def _every_seconds(self):
        # settings that TaskTiger accepts can ask for a beat when the lease is over already
        return min(self._engine.settings.heartbeat_seconds, self._lease_seconds / 2)

    @property
    def _lease_seconds(self):
        return self._engine.settings.lease_seconds

    @property
    def _margin_seconds(self):
        # a beat in progress can take as long as Redis may take to answer; it must end before the lease does
        return min(self._engine.settings.redis_timeout_seconds + 1.0, self._lease_seconds / 4)

    def _notice_refused_starts(self):
        # a start mark is not always awaited: when it is refused, the session has dropped the task by now
        self._lost.update(_key(one) for one in self._running if not self._session.holds(one))


def _key(claimed):
    return claimed.queue, claimed.id
