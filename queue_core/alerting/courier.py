"""Delivers events to receivers: at most one to each at a time, in order, and never waits for one."""

import os
from typing import NamedTuple

from queue_core.alert_delivery import LONGEST_REST_SECONDS, Delivery, Receiver
from queue_core.alert_message import as_sent, headers
from queue_core.alerting.sending import Sending
from queue_core.alerts import Waiting
from queue_core.clock import monotonic

_LEAVE_SECONDS = 1.0
_MOST_PASSED_OVER = 50


class Courier:
    """engine: whose alerts.  Whoever has the duty has one of these."""

    def __init__(self, engine):
        self._engine = engine
        self._under_way: dict[str, _Errand] = {}

    @property
    def busy(self) -> bool:
        """Whether something is under way."""
        return bool(self._under_way)

    def step(self, receiver: Receiver, delivery: Delivery) -> None:
        """Takes the answer of the receiver, if there is one by now, and else sends it what it has not got yet."""
        errand = self._under_way.get(receiver.id)
        if errand is not None and errand.sending.has_ended():
            del self._under_way[receiver.id]
            errand, delivery = None, self._settle(errand)
        if errand is None and delivery is not None:
            self._begin(receiver, delivery)

    def leave(self) -> None:
        """Takes the answers that come at once; what is still under way may arrive, and is sent again by the next."""
        until = monotonic() + _LEAVE_SECONDS
        for errand in self._under_way.values():
            if errand.sending.wait(until - monotonic()):
                self._settle(errand)
        self._under_way.clear()

    def _begin(self, receiver, delivery):
        rest_seconds = delivery.next_at - self._engine.store.now()
        if 0 < rest_seconds <= LONGEST_REST_SECONDS:
            return
        delivery, event = self._next(delivery)
        if event is not None:
            now = self._engine.store.now()
            body = as_sent(event.body, event.at, now)
            sent = headers(body, now, self._engine.settings.alert_secret)
            self._under_way[receiver.id] = _Errand(receiver, delivery, event, Sending(receiver.url, body, sent))

    def _next(self, delivery):
        """(the state, the event that is sent now); what cannot be sent is given up on the way."""
        for _ in range(_MOST_PASSED_OVER):
            event = self._engine.alerts.waiting(delivery)
            if event is None or event.body is not None:
                return delivery, event
            delivery = self._engine.alerts.pass_over(delivery, event)
            if delivery is None:
                break
        return delivery, None

    def _settle(self, errand) -> Delivery | None:
        receiver, answer = errand.receiver, errand.sending.answer
        words = "" if answer.arrived else answer.in_words(receiver)
        after = self._engine.alerts.settle(errand.delivery, errand.event, answer, words)
        if after is not None and words:
            self._engine.log.bind(pid=os.getpid()).warning(
                "alert not delivered", host=receiver.host, problem=words, failures=after.failures, missed=after.missed
            )
        return after


class _Errand(NamedTuple):
    receiver: Receiver
    delivery: Delivery
    event: Waiting
    sending: Sending
