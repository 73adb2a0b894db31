"""All queues as one list that can be sorted, the one in trouble first.  Pure."""

import math
from dataclasses import dataclass
from operator import itemgetter

from console.counts import is_paused
from console.presenters import visible
from queue_core import states

ROWS = 100

_NAME = "name"
_MOMENTS = {"oldest": "oldest_queued_at", "newest": "newest_error_at", "next": "next_due_at"}
_TROUBLE = "trouble"
SORTS = (_TROUBLE, _NAME, states.ERROR, "newest", states.QUEUED, "oldest", states.SCHEDULED, "next", states.ACTIVE)

KINDS = {
    "errors": ("with errors", lambda queue, now: queue.error != 0),
    "waiting": ("with waiting tasks", lambda queue, now: queue.queued != 0),
    "paused": ("paused", lambda queue, now: is_paused(queue, now)),
}
"""Which queues to list: the word in the address -> the words of the link, and whether a queue belongs there."""


@dataclass(frozen=True)
class Choice:
    """What the address asks for.  wanted: part of the name; turned: the other way round than the column's own."""

    wanted: str = ""
    kind: str = ""
    sort: str = _TROUBLE
    turned: bool = False
    page: int = 1

    @classmethod
    def of(cls, arguments) -> "Choice":
        sort, kind = arguments.get("sort", _TROUBLE), arguments.get("only", "")
        return cls(
            wanted=arguments.get("q", "").strip(),
            kind=kind if kind in KINDS else "",
            sort=sort if sort in SORTS else _TROUBLE,
            turned="turned" in arguments,
            page=max(1, min(arguments.get("page", 1, type=int), 1_000_000)),
        )

    def order_of(self, sort: str) -> str:
        """How the column stands, for `aria-sort`; empty when the list is not sorted by it."""
        if sort != self.sort:
            return ""
        return "ascending" if (sort in (_NAME, "oldest", "next")) != self.turned else "descending"

    def turned_by(self, sort: str) -> str | None:
        """The parameter `turned` that the column's link has: a second press turns the order round."""
        return "yes" if sort == self.sort and not self.turned else None


@dataclass(frozen=True)
class Row:
    """One queue.  counts: its numbers as the snapshot has them; paused_until: None while it is not paused."""

    queue: str
    counts: object
    paused_until: float | None


@dataclass(frozen=True)
class QueueList:
    """One page of the list.  first: rank of its first row, from 1; found: how many queues match; known: how many there
    are.  kinds: (word, words, how many queues) of the links above the list."""

    rows: list[Row]
    first: int
    found: int
    known: int
    kinds: list[tuple[str, str, int]]
    page: int
    pages: int


def listed(snapshot, now: float, choice: Choice) -> QueueList:
    """The page of the queues of `snapshot` that `choice` asks for."""
    named = _named(snapshot.once(_by_name), choice.wanted.lower())
    kinds = [(word, words, sum(fits(one, now) for _, one in named)) for word, (words, fits) in KINDS.items()]
    fits = KINDS[choice.kind][1] if choice.kind else lambda queue, now: True
    found = [each for each in named if fits(each[1], now)]
    _sort(found, choice, now)
    pages = max(1, math.ceil(len(found) / ROWS))
    page = min(choice.page, pages)
    first = (page - 1) * ROWS
    rows = [Row(queue, one, one.paused_until if is_paused(one, now) else None) for queue, one in found[first:][:ROWS]]
    return QueueList(rows, first + 1 if rows else 0, len(found), len(snapshot.queues), kinds, page, pages)


def _by_name(queues):
    return sorted(queues.items(), key=itemgetter(0))


def _named(pairs, wanted):
    return [each for each in pairs if wanted in visible(each[0]).lower()] if wanted else pairs


def _sort(found, choice, now):
    """The largest number, the newest error, the oldest wait and the nearest due time stand first; unknown ones too,
    since somebody has to look at them, and queues without such a moment last, whichever way round."""
    if choice.sort == _NAME:
        found.sort(key=itemgetter(0), reverse=choice.turned)
    elif choice.sort == _TROUBLE:
        found.sort(key=lambda each: _trouble(each[1], now), reverse=choice.turned)
    elif choice.sort in _MOMENTS:
        _sort_by_moment(found, _MOMENTS[choice.sort], newest_first=(choice.sort == "newest") != choice.turned)
    else:
        found.sort(key=lambda each: _count(each[1], choice.sort), reverse=not choice.turned)


def _sort_by_moment(found, field, newest_first):
    def rank(each):
        moment = getattr(each[1], field)
        return moment is None, 0 if moment is None else -moment if newest_first else moment

    found.sort(key=rank)


def _count(queue, state):
    count = getattr(queue, state)
    return math.inf if count is None else count


def _trouble(queue, now):
    """Sorts by: what cannot be counted, errors, tasks behind a pause, the longest wait."""
    unknown = None in (queue.queued, queue.active, queue.scheduled, queue.error)
    waited = now - queue.oldest_queued_at if queue.oldest_queued_at is not None else -math.inf
    held = bool(queue.queued) and is_paused(queue, now)
    return not unknown, -(queue.error or 0), not held, -waited
