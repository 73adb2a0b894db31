"""The counts of a queue, or the sums of several, out of a snapshot.  Pure."""

from dataclasses import dataclass

from console.presenters import number
from queue_core import states


@dataclass(frozen=True)
class Counts:
    """Counts of one queue or sums of several.

    paused: how many queues among them are paused.  unknown: states where a count could not be taken; what stands there
    is the sum of the others."""

    queues: int
    error: int
    queued: int
    scheduled: int
    active: int
    paused: int
    oldest_queued_at: float | None
    newest_error_at: float | None
    next_due_at: float | None
    unknown: frozenset

    def text(self, state: str) -> str:
        """The count of `state` in words; never 0 for what is not known."""
        count = getattr(self, state)
        if state not in self.unknown:
            return number(count)
        return f"≥ {number(count)}" if count else "unknown"


def summed(queues, now: float) -> Counts:
    """The sums over `queues`, the values of a snapshot.  One pass per column: an overview sums 10,000 queues."""
    queues = list(queues)
    counts = {state: [getattr(each, state) for each in queues] for state in states.ALL}
    return Counts(
        queues=len(queues),
        paused=sum(is_paused(each, now) for each in queues),
        oldest_queued_at=min(_known(each.oldest_queued_at for each in queues), default=None),
        newest_error_at=max(_known(each.newest_error_at for each in queues), default=None),
        next_due_at=min(_known(each.next_due_at for each in queues), default=None),
        unknown=frozenset(state for state in states.ALL if None in counts[state]),
        **{state: sum(_known(counts[state])) for state in states.ALL},
    )


def is_paused(queue, now: float) -> bool:
    return queue.paused_until is not None and queue.paused_until > now


def _known(values):
    return [value for value in values if value is not None]
