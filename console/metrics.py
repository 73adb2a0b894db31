"""`/metrics`: the state of the system for Prometheus.

Whoever is logged in may look, whoever shows a token of the API, be it for this page alone, and whoever shows the one of
the setting `metrics_token`.
"""

import hmac
import time
from collections import Counter

from flask import Blueprint, Response, request
from werkzeug.exceptions import Unauthorized

from console import auth, exposition
from console.current import engine, now, settings
from console.exposition import COUNTER, GAUGE, Family, single
from queue_core import states
from queue_core.errors import StoreCorrupt

MAX_QUEUES = 1000
OTHERS = "(other queues)"
COUNTED = {
    "started": "Runs that began.",
    "succeeded": "Runs whose function returned.",
    "retried": "Runs that failed and will be repeated.",
    "failed": "Runs that failed for good.",
    "stopped": "Runs broken off since the lease of the task was over.",
    "killed": "Runs whose process died or overran its hard timeout.",
    "recovered": "Tasks of lost workers that were put where they belong.",
}
SEEN = {
    "ready": ("tasks_ready_at_least", "Tasks that became ready, as the queues showed: at least."),
    "taken": ("tasks_taken_at_least", "Tasks that were taken, as the queues showed: at least."),
    "errors": ("errors", "Tasks that came into error."),
}

blueprint = Blueprint("metrics", __name__)


@blueprint.get("/metrics")
@auth.public
def metrics():
    """The page as text.  Raises Unauthorized, and StoreError when Redis does not answer."""
    _let_in(request.headers.get("Authorization", ""))
    return Response(exposition.text(_families()), content_type=exposition.CONTENT_TYPE)


def _let_in(header: str) -> None:
    """Raises Unauthorized, or TooManyRequests after tokens that were not right."""
    if _shows_setting(header):
        return
    if header.lower().startswith("bearer ") and header[7:].strip():
        auth.identify_by_token()
    elif not (auth.identify() and auth.user_may("look")):
        raise Unauthorized("This needs a login, a token for metrics, or the token of the setting metrics_token.")


def _shows_setting(header: str) -> bool:
    """Whether a request shows the token that stands in the settings."""
    wanted, (kind, _, shown) = settings().metrics_token, header.partition(" ")
    return (
        bool(wanted)
        and kind.lower() == "bearer"
        and hmac.compare_digest(shown.strip().encode("utf-8", "replace"), wanted.encode())
    )


def _families():
    began = time.perf_counter()
    engine().store.client.ping()
    yield single(
        "signalbox_redis_latency_seconds", GAUGE, "How long Redis took to answer.", time.perf_counter() - began
    )
    yield from _of_snapshot(_as_far_as_sound(engine().snapshot.read))
    yield from _of_processes()
    yield from _of_runs()
    summary = _as_far_as_sound(engine().error_groups.summary)
    yield single(
        "signalbox_error_index_remaining",
        GAUGE,
        "Errors that are still to be read into their groups.",
        summary.remaining if summary else None,
    )
    running = _as_far_as_sound(engine().operations.running)
    told = "Operations under way."
    yield single("signalbox_operations_running", GAUGE, told, None if running is None else len(running))


def _as_far_as_sound(read):
    """What `read()` gives; None when its key holds something else, which takes away its own numbers only."""
    try:
        return read()
    except StoreCorrupt:
        return None


def _of_snapshot(snapshot):
    if snapshot is None:
        return
    at = now()
    yield single(
        "signalbox_counts_age_seconds", GAUGE, "Age of the counts of all queues.", max(0, at - snapshot.taken_at)
    )
    yield single("signalbox_queues", GAUGE, "Queues that hold a task or are paused.", len(snapshot.queues))
    rows = list(snapshot.queues.items())
    rows, rest = rows[:MAX_QUEUES], rows[MAX_QUEUES:]
    samples = [({"queue": name, "state": state}, getattr(one, state)) for name, one in rows for state in states.ALL]
    if rest:
        sums = {state: _sum(getattr(one, state) for _, one in rest) for state in states.ALL}
        samples += [({"queue": OTHERS, "state": state}, count) for state, count in sums.items()]
    yield Family("signalbox_tasks", GAUGE, "Tasks by queue and state.", tuple(samples))
    ages = [
        ({"queue": name}, max(0.0, snapshot.taken_at - one.oldest_queued_at))
        for name, one in rows
        if one.oldest_queued_at
    ]
    yield Family("signalbox_oldest_queued_seconds", GAUGE, "Age of the oldest queued task, by queue.", tuple(ages))
    paused = sum(one.paused_until is not None and one.paused_until > at for one in snapshot.queues.values())
    yield single("signalbox_queues_paused", GAUGE, "Paused queues.", paused)


def _sum(counts):
    known = [count for count in counts if count is not None]
    return sum(known) if known else None


def _of_processes():
    alive = _as_far_as_sound(engine().workers.alive)
    if alive is None:
        return
    kinds = Counter(str(one.facts.get("kind")) for one in alive)
    samples = tuple(({"kind": kind}, kinds[kind]) for kind in ("worker", "sweeper", "observer"))
    yield Family("signalbox_processes", GAUGE, "Processes of Signalbox that are alive, by kind.", samples)


def _of_runs():
    since, totals = _as_far_as_sound(engine().stats.totals) or (None, {})
    yield single("signalbox_runs_counted_since_seconds", GAUGE, "When the runs began to be counted, Unix time.", since)
    places = [
        ({"queue": name if kind == "queue" else OTHERS}, counts)
        for (kind, name), counts in totals.items()
        if kind in ("queue", "other-queues")
    ]
    places.sort(key=lambda one: one[0]["queue"])
    for counter, told in COUNTED.items():
        samples = _samples(places, counter, COUNTED)
        yield Family(f"signalbox_runs_{counter}_total", COUNTER, f"{told} By Signalbox workers, by queue.", samples)
    for flow, (name, told) in SEEN.items():
        samples = _samples(places, flow, SEEN)
        yield Family(f"signalbox_{name}_total", COUNTER, f"{told} By all workers, by queue.", samples)


def _samples(places, counter, beside):
    """Of the queues of which any of `beside` is known: of the others this one is unknown, and not 0."""
    return tuple((labels, counts.get(counter, 0)) for labels, counts in places if counts.keys() & beside.keys())
