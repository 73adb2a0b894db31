"""The queues that want attention, and why.  Pure."""

import heapq
import math
from dataclasses import dataclass

from console.counts import is_paused
from console.presenters import duration, number, plural
from queue_core import states

LONG_WAIT_SECONDS = 300
MAX_TROUBLED = 5


@dataclass(frozen=True)
class Troubled:
    """A queue that wants attention, and why in words."""

    queue: str
    reasons: tuple[str, ...]
    newest_error_at: float | None
    error: int | None


@dataclass(frozen=True)
class Attention:
    """worst: at most MAX_TROUBLED queues; more: how many others want attention too."""

    worst: list[Troubled]
    more: int


def wanted(snapshot, now: float) -> Attention:
    """The queues that want attention: failures first, the newest on top, then long waits."""
    found = [each for each in snapshot.queues.items() if _is_troubled(each[1], now)]
    worst = heapq.nsmallest(MAX_TROUBLED, found, key=lambda each: _rank(each[1]))
    drawn = [Troubled(queue, tuple(_reasons(one, now)), one.newest_error_at, one.error) for queue, one in worst]
    return Attention(drawn, len(found) - len(drawn))


def _is_troubled(queue, now):
    return bool(
        queue.error
        or _waits_long(queue, now)
        or (queue.queued and is_paused(queue, now))
        or None in (queue.error, queue.queued, queue.scheduled, queue.active)
    )


def _rank(queue):
    return not queue.error, -(queue.newest_error_at or 0), queue.oldest_queued_at or math.inf


def _waits_long(queue, now):
    return queue.oldest_queued_at is not None and now - queue.oldest_queued_at > LONG_WAIT_SECONDS


def _unreadable(queue):
    return [state for state in states.ALL if getattr(queue, state) is None]


def _reasons(queue, now):
    if unreadable := _unreadable(queue):
        yield f"what Redis holds as {', '.join(unreadable)} cannot be counted"
    if queue.error:
        yield plural(queue.error, "error")
    if queue.queued and is_paused(queue, now):
        yield f"paused, {number(queue.queued)} queued behind it"
    elif _waits_long(queue, now):
        yield f"oldest task has waited {duration(now - queue.oldest_queued_at)}"
