"""A plausible past of the shop: tasks in every state, made of calls that end well and of failures that really happened.

Pure: nothing is written here.  A failed call stands for many like it, at other times and, for webhooks, of other
orders.
"""

import random
from dataclasses import dataclass, field, replace
from functools import cache

from queue_core import payload as payloads
from queue_core import states
from queue_core.names import AllowList
from queue_core.outcome import Failed
from queue_core.payload import Payload
from queue_core.retry import RetryLater, next_step
from samples import catalogue
from samples.drafts import SETTINGS, payload_of
from samples.failures import Failure, Wanted
from samples.shop import invoices, partners, reminders, webhooks

DAY_SECONDS = 86_400
OLDEST_ERROR_SECONDS = 14 * DAY_SECONDS
OLDEST_QUEUED_SECONDS = 15 * 60
LATEST_DUE_SECONDS = 2 * DAY_SECONDS
SHARES = {states.ERROR: 35, states.QUEUED: 40, states.SCHEDULED: 25}
"""Percent of the tasks; those in `active` are claimed from the queued ones afterwards."""
KINDS = {"webhooks": 40, "images": 25, "orders": 18, "partners": 10, "invoices": 7}
"""Percent of the failures, by the first part of the queue's name."""


@dataclass(frozen=True)
class Entry:
    """One task as it will stand in Redis.  executions: its failed runs, encoded, oldest first."""

    state: str
    queue: str
    score: float
    payload: Payload
    executions: list[bytes] = field(default_factory=list)


class History:
    """The same seed gives the same tasks, apart from their random ids.  now: Unix seconds, the end of the past."""

    def __init__(self, failures: list[Failure], good: list[Wanted], *, seed: int, now: float):
        self._random = random.Random(seed)
        self._now = now
        self._good = good
        self._by_kind = {}
        for failure in failures:
            self._by_kind.setdefault(failure.wanted.queue.partition(".")[0], []).append(failure)
        self._taken = set()
        self._make = {states.ERROR: self._error, states.QUEUED: self._queued, states.SCHEDULED: self._scheduled}

    def entries(self, count: int):
        """Yields `count` entries; no unique task comes twice."""
        while count:
            state = self._random.choices(list(SHARES), weights=SHARES.values())[0]
            entry = self._make[state]()
            if entry.payload.id not in self._taken:
                self._taken.add(entry.payload.id)
                count -= 1
                yield entry

    # -- each state --

    def _error(self):
        failure = self._failure()
        failed_at = self._now - OLDEST_ERROR_SECONDS * self._random.random() ** 3 - 1
        queued_at, executions = self._runs(failure, failed_at, len(retry_delays(failure)) + 1)
        payload = payload_of(failure.wanted, queued_at, queued_at)
        return Entry(states.ERROR, failure.wanted.queue, _rounded(failed_at + 0.002), payload, executions)

    def _queued(self):
        wanted = self._any_good_call()
        queued_at = _rounded(self._now - OLDEST_QUEUED_SECONDS * self._random.random())
        return Entry(states.QUEUED, wanted.queue, queued_at, payload_of(wanted, queued_at, queued_at))

    def _scheduled(self):
        if self._random.random() < 0.2:
            return self._waiting_for_its_retry()
        wanted = self._reminder() if self._random.random() < 0.1 else self._any_good_call()
        queued_at = _rounded(self._now - DAY_SECONDS * self._random.random())
        due_at = _rounded(self._now + 60 + LATEST_DUE_SECONDS * self._random.random() ** 2)
        return Entry(states.SCHEDULED, wanted.queue, due_at, payload_of(wanted, queued_at, due_at))

    def _waiting_for_its_retry(self):
        failure = self._failure("webhooks")
        delays = retry_delays(failure)
        runs = self._random.randint(1, len(delays))
        failed_at = self._now - self._random.random()
        queued_at, executions = self._runs(failure, failed_at, runs)
        payload = payload_of(failure.wanted, queued_at, queued_at)
        return Entry(
            states.SCHEDULED, failure.wanted.queue, _rounded(failed_at + delays[runs - 1]), payload, executions
        )

    # -- what to choose from --

    def _failure(self, kind=None):
        kind = kind or self._random.choices(list(KINDS), weights=KINDS.values())[0]
        failure = self._random.choice(self._by_kind[kind])
        return self._of_another_order(failure) if kind == "webhooks" else failure

    def _of_another_order(self, failure):
        customer, event, order_id = failure.wanted.args
        other_id = self._random.choice(_orders_of(customer))
        wanted = replace(failure.wanted, args=(customer, event, other_id))
        told = failure.outcome.traceback.replace(order_id, other_id)
        return Failure(wanted, replace(failure.outcome, traceback=told))

    def _any_good_call(self):
        chance = self._random.random()
        if chance < 0.45:
            return self._delivery()
        if chance < 0.55:
            return self._parcel()
        if chance < 0.60:
            return self._of_an_order("invoices", invoices.build_invoice)
        return self._random.choice(self._good)

    def _delivery(self):
        customer, order_id = self._random.choice(catalogue.orders())
        event = self._random.choice(("invoice.ready", "order.packed", "order.sent"))
        return Wanted(f"webhooks.{customer}", webhooks.deliver, (customer, event, order_id))

    def _parcel(self):
        partner, weight_grams = self._random.choice(catalogue.PARTNERS), self._random.randrange(200, 9000)
        order_id = self._random.choice(catalogue.orders())[1]
        return Wanted(f"partners.{partner}", partners.announce_parcel, (partner, order_id, weight_grams))

    def _reminder(self):
        return self._of_an_order("reminders", reminders.remind)

    def _of_an_order(self, queue, function):
        customer, order_id = self._random.choice(catalogue.orders())
        return Wanted(f"{queue}.{customer}", function, kwargs=(("customer", customer), ("order_id", order_id)))

    # -- failed runs --

    def _runs(self, failure, failed_at, count):
        """(when it was queued, `count` executions): the last run fails at `failed_at`, those before by its retries."""
        delays, executions = retry_delays(failure), []
        lasted_seconds = failure.outcome.ended_at - failure.outcome.started_at
        for number in range(count, 0, -1):
            started_at = failed_at - lasted_seconds
            times = {"started_at": _rounded(started_at), "ended_at": _rounded(failed_at)}
            executions.insert(0, payloads.encode_execution(payloads.execution(replace(failure.outcome, **times))))
            waited_seconds = 0.05 + 2 * self._random.random()
            failed_at = started_at - waited_seconds - (delays[number - 2] if number > 1 else 0)
        return _rounded(started_at - waited_seconds), executions


def retry_delays(failure: Failure) -> tuple[float, ...]:
    """Seconds before each retry of the call, as the engine would decide; empty when it is not retried."""
    return _delays(failure.wanted.function, failure.outcome.lineage)


@cache
def _delays(function, lineage):
    payload, delays = payload_of(Wanted("any", function), 0.0, 0.0), []
    failed = Failed(0.0, 0.0, lineage[0], lineage)
    while isinstance(step := _step(payload, failed, len(delays) + 1), RetryLater):
        delays.append(step.delay_seconds)
    return tuple(delays)


def _step(payload, outcome, failures):
    default_method, resolve = SETTINGS.default_retry_method, AllowList().resolve
    return next_step(payload, outcome, failures, default_method=default_method, resolve=resolve)


@cache
def _orders_of(customer):
    return [order_id for whose, order_id in catalogue.orders() if whose == customer]


def _rounded(moment):
    return round(moment, 6)
