"""The duty that tells people what is wrong: it looks, lets the room of alerts compare, and has the news delivered."""

import contextlib
import math
from collections.abc import Iterator

from queue_core.alert_conditions import Facts, Limits, look
from queue_core.alert_delivery import Receiver
from queue_core.alerting.courier import Courier
from queue_core.clock import monotonic
from queue_core.errors import StoreCorrupt, StoreUnavailable

LOOK_EVERY_SECONDS = 10.0
OLD_COUNTS_SECONDS = 60.0
OLD_GROUPS_SECONDS = 180.0
"""Counts and error groups that are older say nothing about now."""

_REST_SECONDS = 1.0
_BUSY_REST_SECONDS = 0.2


class Alerting:
    """engine: whose queues.  Nothing is done where the settings name no receiver."""

    def __init__(self, engine):
        self._engine = engine
        self._courier = Courier(engine)
        self._look_at = 0.0

    def tell(self) -> Iterator:
        """One step of everything; each part of it is bounded, and waits for no receiver."""
        receivers = [Receiver(url) for url in self._engine.settings.alert_webhooks]
        if not receivers:
            return
        # before anything is noticed, so that a new receiver gets it
        deliveries = self._engine.alerts.enlist(receivers)
        yield
        if monotonic() >= self._look_at:
            self._look_at = monotonic() + LOOK_EVERY_SECONDS
            yield from self._look()
        yield from self._deliver(receivers, deliveries)

    def rest_seconds(self) -> float:
        """How long to wait before the next step."""
        return _BUSY_REST_SECONDS if self._courier.busy else _REST_SECONDS

    def leave(self) -> None:
        """Before another process takes over."""
        self._courier.leave()

    def _deliver(self, receivers, deliveries) -> Iterator:
        faults = []
        for receiver in receivers:
            try:
                self._courier.step(receiver, deliveries[receiver.id])
            except StoreUnavailable:
                raise
            except Exception as fault:  # it must not keep the others waiting
                faults.append(fault)
            yield
        for fault in faults[:1]:
            raise fault

    def _look(self) -> Iterator:
        facts = {"now": self._engine.store.now()}
        for name, read in self._readings(facts["now"]).items():
            facts[name] = None
            with contextlib.suppress(StoreCorrupt):  # one that cannot be read is unknown; the others are not
                facts[name] = read()
            yield
        for event in self._engine.alerts.note(look(Facts(**facts), self._limits())):
            self._engine.log.info("alert", alert=event["alert"], event_kind=event["event"], title=event["title"])
        yield

    def _readings(self, now) -> dict:
        engine = self._engine
        return {
            "counts": lambda: self._fresh(engine.snapshot.read(), now, OLD_COUNTS_SECONDS, "queues"),
            "groups": lambda: self._groups(now),
            "notes": engine.error_groups.notes,
            "deployed_at": lambda: max((one.at for one in engine.error_groups.deploys()), default=-math.inf),
            "operations": engine.operations.running,
            "pauses": engine.control.pauses,
            "holds": engine.holds.all,
            "ran_lately": self._ran_lately,
            "unserved": lambda: self._unserved,
            "unserved_before": self._unserved_before,
        }

    def _groups(self, now):
        groups = self._fresh(self._engine.error_groups.summary(), now, OLD_GROUPS_SECONDS, "groups")
        return None if groups is None else {one.id: one for one in groups}

    def _fresh(self, found, now, seconds, what):
        return getattr(found, what) if found is not None and abs(now - found.taken_at) < seconds else None

    def _ran_lately(self):
        recent = self._engine.recents.read()
        if recent is None:
            return None

        def ran_lately(queue):
            pace = recent.of(queue)
            return pace is not None and any(pace.by_hour("ended"))

        return ran_lately

    def _unserved(self, queues):
        try:
            return self._engine.workers.unserved(queues)
        except StoreCorrupt:
            return None

    def _unserved_before(self):
        return frozenset(one.key for one in self._engine.alerts.open() if one.sight.kind == "unserved")

    def _limits(self) -> Limits:
        settings = self._engine.settings
        return Limits(settings.alert_waiting_seconds, settings.alert_ending_seconds, settings.alert_messages)
