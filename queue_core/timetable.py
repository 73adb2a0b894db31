"""What is due when: the scheduled tasks of many queues as one list, and how many fall into each stretch of time.

Nothing here goes over all tasks: numbers are counted by score, lists begin at a score, and only some queues are looked
at.  Which ones, the caller says, from the snapshot.
"""

import heapq
import math
from dataclasses import dataclass
from itertools import pairwise

from queue_core import states
from queue_core.errors import InvalidRequest
from queue_core.store import Store
from queue_core.text import to_text

MOST_LISTED = 200
MOST_COUNTED = 40
MOST_ROWS = 200
_PER_TRIP = 200


@dataclass(frozen=True)
class Place:
    """Where a scheduled task stands.  due_at: Unix seconds."""

    queue: str
    id: str
    due_at: float


@dataclass(frozen=True)
class Due:
    """places: the next due first.  next_cursor: None at the end."""

    places: list[Place]
    next_cursor: str | None


class Timetable:
    """The room of those who ask what is due when."""

    def __init__(self, store: Store):
        self._store = store

    def histogram(self, queues: list[str], edges: list[float]) -> list[int | None]:
        """How many tasks of up to 40 queues are due between each two neighbours of `edges`, the later one left out.

        edges: Unix seconds, rising.  None for all of them where a key of a queue cannot be counted."""
        rising = [*edges[:-1], f"({edges[-1]!r}"]
        key = self._store.keys.state
        counted = self._replies(
            ("ZCOUNT", key(states.SCHEDULED, queue), first, f"({last!r}" if isinstance(last, float) else last)
            for queue in queues[:MOST_COUNTED]
            for first, last in pairwise(rising)
        )
        stretches = len(edges) - 1
        if not all(isinstance(one, int) for one in counted):
            return [None] * stretches
        return [sum(counted[at::stretches]) for at in range(stretches)]

    def due(
        self, queues: list[str], *, since=-math.inf, until=math.inf, cursor: str | None = None, limit: int = 50
    ) -> Due:
        """The scheduled tasks of up to 200 queues that are due from `since` to before `until`, the next due first.

        cursor: as given by another page.  Raises InvalidRequest for one that is none."""
        limit = max(1, min(limit, MOST_ROWS))
        after = _read_cursor(cursor) if cursor else None
        queues = sorted(queues[:MOST_LISTED])
        replies = self._replies(self._range(queue, since, until, after, limit + 1) for queue in queues)
        lists = [_places(queue, reply) for queue, reply in zip(queues, replies, strict=True)]
        # of one moment: by queue, and within a queue in the order in which Redis holds them
        found = list(heapq.merge(*lists, key=lambda place: (place.due_at, place.queue)))
        page = found[:limit]
        return Due(page, _cursor(page, after) if len(found) > limit else None)

    def _range(self, queue, since, until, after, count):
        first, skipped = repr(since), 0
        if after is not None and after[0] >= since:
            score, place, seen = after
            first = f"({score!r}" if queue < place else repr(score)
            skipped = seen if queue == place else 0
        last = f"({until!r}" if until < math.inf else "+inf"
        key = self._store.keys.state(states.SCHEDULED, queue)
        return ("ZRANGEBYSCORE", key, first, last, "WITHSCORES", "LIMIT", skipped, count)

    def _replies(self, commands) -> list:
        commands, replies = list(commands), []
        for first in range(0, len(commands), _PER_TRIP):
            pipeline = self._store.client.pipeline()
            for command in commands[first : first + _PER_TRIP]:
                pipeline.execute_command(*command, withscores="WITHSCORES" in command)
            replies += pipeline.execute(raise_on_error=False)
        return replies


def _places(queue, reply) -> list[Place]:
    # a key of another type holds nothing that is due
    members = reply if isinstance(reply, list) else []
    return [Place(queue, to_text(task_id), score) for task_id, score in members]


def _cursor(page, before) -> str:
    """The moment and queue of the last row, and how many of just these the list has shown by now."""
    last = page[-1]
    seen = sum((place.due_at, place.queue) == (last.due_at, last.queue) for place in page)
    if before is not None and before[:2] == (last.due_at, last.queue):
        seen += before[2]
    return f"{last.due_at!r}:{seen}:{last.queue.encode('utf-8', 'surrogateescape').hex()}"


def _read_cursor(cursor: str) -> tuple[float, str, int]:
    try:
        score, seen, queue = cursor.split(":")
        moment = float(score)
        if math.isnan(moment) or not 0 <= int(seen) <= 1_000_000_000:
            raise ValueError(cursor)
        return moment, to_text(bytes.fromhex(queue)), int(seen)
    except ValueError as error:
        raise InvalidRequest("That page address is not complete; begin at the first page.") from error
