"""The counts of a queue, or the sums of several, out of a snapshot.  Pure."""

from dataclasses import dataclass
from operator import attrgetter

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


_FIELDS = (*states.ALL, "oldest_queued_at", "newest_error_at", "next_due_at", "paused_until")
_read = attrgetter(*_FIELDS)


def summed(queues, now: float) -> Counts:
    """The sums over `queues`, the values of a snapshot.  By columns: an overview sums 10,000 queues."""
    rows = [_read(each) for each in queues]
    columns = dict(zip(_FIELDS, zip(*rows, strict=True) if rows else ((),) * len(_FIELDS), strict=True))
    known = {name: [value for value in column if value is not None] for name, column in columns.items()}
    return Counts(
        queues=len(rows),
        paused=sum(until > now for until in known["paused_until"]),
        oldest_queued_at=min(known["oldest_queued_at"], default=None),
        newest_error_at=max(known["newest_error_at"], default=None),
        next_due_at=min(known["next_due_at"], default=None),
        unknown=frozenset(state for state in states.ALL if len(known[state]) < len(rows)),
        **{state: sum(known[state]) for state in states.ALL},
    )


def totals(queues: dict) -> dict[str, int]:
    """{state: tasks in it}, of all that could be counted."""
    return {state: sum(filter(None, map(attrgetter(state), queues.values()))) for state in states.ALL}


def next_due_at(queues: dict) -> float | None:
    """When the first of all scheduled tasks is due."""
    return min((one.next_due_at for one in queues.values() if one.next_due_at is not None), default=None)


def active_queues(queues: dict) -> list[str]:
    """The queues of which a worker holds a task."""
    return [queue for queue, one in queues.items() if one.active]


def is_paused(queue, now: float) -> bool:
    return queue.paused_until is not None and queue.paused_until > now
