"""The siding: tasks that are held stand aside there, and come back from it in their order.

Workers of ours set aside what they meet.  The sweeper looks at the heads of the queues as well, so that TaskTiger
workers, which know no holds, mostly do not get there first; and it puts back what no hold covers any more.
"""

import contextlib
import math
from collections.abc import Iterator
from dataclasses import dataclass

from queue_core import states
from queue_core.clock import monotonic
from queue_core.errors import StoreCorrupt, StoreFull
from queue_core.execution import found_func
from queue_core.hold import (
    GROUP,
    Hold,
    aside_range,
    first_covering,
    newest_fingerprint,
    read_holds,
    read_waiting,
    write_waiting,
)
from queue_core.store import Store
from queue_core.text import to_text

STEP = 200
QUEUES_A_LOOK = 20
STEPS_A_QUEUE = 10

_PAYLOAD_BYTES = 4096
_EXECUTION_BYTES = 16 * 1024
_COUNTED_AT_ONCE = 400
_SCAN_COUNT = 1000
_AGAIN_SECONDS = 5.0
_COUNT_EVERY_SECONDS = 60.0
_LOOK_AT_ALL_EVERY_SECONDS = 600.0
_KEEP_SECONDS = 86_400


@dataclass(frozen=True)
class Moved:
    """verb: set aside | put back."""

    verb: str
    queue: str
    count: int


class Siding:
    """The room of whoever moves tasks aside and back for all; one process at a time, and any other may go on."""

    def __init__(self, store: Store):
        self._store = store
        self._seen = None
        self._again_at = math.inf
        self._look_at_all_at = 0.0
        self._count_at = 0.0
        self._first = 0

    def sweep(self) -> Iterator[Moved | None]:
        """One look, in steps of at most 200 tasks.  Raises StoreCorrupt when nobody can say what is held."""
        holds = self._standing()
        there = {}
        if holds or self._wants_counting():
            there = yield from self._count()
        if there and self._wants_looking(holds):
            yield from self._put_back_all(there, holds)
            yield from self._count()
        if holds:
            yield from self._set_aside_all(holds)

    def _standing(self) -> list[Hold]:
        rows, now = self._store.client.hgetall(self._store.keys.hold_records()), self._store.now()
        holds = [hold for hold in read_holds(rows) if not hold.has_ended(now)]
        names = sorted((hold.id, hold.queue or "", hold.functions) for hold in holds)
        if names != self._seen:
            self._seen = names
            # a worker may act on what it read a moment ago
            self._again_at, self._look_at_all_at = monotonic() + _AGAIN_SECONDS, 0.0
        return holds

    def _wants_counting(self) -> bool:
        return monotonic() >= min(self._count_at, self._again_at, self._look_at_all_at) or self._shows_some()

    def _shows_some(self) -> bool:
        waiting = read_waiting(self._store.client.get(self._store.keys.hold_waiting()))
        return waiting is not None and waiting.total > 0

    def _wants_looking(self, holds) -> bool:
        # what somebody restored or moved aside is found late, while there are holds: every task is read for it
        if holds and monotonic() < min(self._look_at_all_at, self._again_at):
            return False
        if monotonic() >= self._again_at:
            self._again_at = math.inf
        self._look_at_all_at = monotonic() + _LOOK_AT_ALL_EVERY_SECONDS
        return True

    # -- counting --

    def _count(self) -> Iterator[None]:
        """{queue: how many tasks stand aside in it}, which is also written for the pages."""
        self._count_at = monotonic() + _COUNT_EVERY_SECONDS
        names, counts, now = self._queues(states.SCHEDULED), {}, self._store.now()
        for first in range(0, len(names), _COUNTED_AT_ONCE):
            some, pipeline = names[first : first + _COUNTED_AT_ONCE], self._store.client.pipeline()
            for queue in some:
                pipeline.zcount(self._store.keys.state(states.SCHEDULED, queue), *aside_range(now))
            replies = pipeline.execute(raise_on_error=False)
            counts |= {queue: one for queue, one in zip(some, replies, strict=True) if isinstance(one, int) and one}
            yield
        self._tell(now, counts)
        return counts

    def _tell(self, now, counts):
        key = self._store.keys.hold_waiting()
        if not counts and not self._seen:
            self._store.client.delete(key)
            return
        # a full Redis refuses the count, which may not keep tasks from being put back
        with contextlib.suppress(StoreFull):
            self._store.client.set(key, write_waiting(now, counts), ex=_KEEP_SECONDS)

    def _queues(self, state) -> list[str]:
        names = self._store.client.sscan_iter(self._store.keys.names(state), count=_SCAN_COUNT)
        return sorted({to_text(name) for name in names})

    # -- putting back --

    def _put_back_all(self, there, holds) -> Iterator[Moved | None]:
        for queue in there:
            first = 0
            while first is not None:
                try:
                    moved, first = self._put_back(queue, first, holds)
                except StoreCorrupt:  # told by others, and what is wrong with one queue holds up none
                    moved, first = 0, None
                yield Moved("put back", queue, moved) if moved else None

    def _put_back(self, queue, first, holds) -> tuple[int, int | None]:
        """(how many came back of 200 from rank `first` on, the rank where the next ones are or None)."""
        key, most = self._store.keys.state(states.SCHEDULED, queue), STEP
        rows = self._store.client.zrangebyscore(key, *aside_range(self._store.now()), start=first, num=most)
        ids = [to_text(one) for one in rows]
        covered = self._covered(queue, ids, holds)
        free = [task_id for task_id in ids if task_id not in covered]
        moved = self._store.run("put_back", queue=queue, ids=free) if free else 0
        return moved, first + len(covered) if len(rows) == most else None

    # -- setting aside --

    def _set_aside_all(self, holds) -> Iterator[Moved | None]:
        for queue in self._next_queues(holds):
            first = 0
            for _ in range(STEPS_A_QUEUE):
                try:
                    moved, first = self._set_aside(queue, first, holds)
                except StoreCorrupt:
                    moved, first = 0, None
                yield Moved("set aside", queue, moved) if moved else None
                if first is None or not moved:
                    break

    def _next_queues(self, holds) -> list[str]:
        """At most 20 at a look; the others in the next ones."""
        queues = {hold.queue for hold in holds}
        names = self._queues(states.QUEUED) if None in queues else sorted(queues)
        if not names:
            return []
        self._first %= len(names)
        chosen = (names[self._first :] + names[: self._first])[:QUEUES_A_LOOK]
        self._first += len(chosen)
        return chosen

    def _set_aside(self, queue, first, holds) -> tuple[int, int | None]:
        """(how many of the 200 next to run went aside, the rank where the others end or None)."""
        key = self._store.keys.state(states.QUEUED, queue)
        ids = [to_text(one) for one in self._store.client.zrange(key, first, first + STEP - 1)]
        by_hold: dict[str, list[str]] = {}
        for task_id, hold in self._covered(queue, ids, holds).items():
            by_hold.setdefault(hold.id, []).append(task_id)
        moved = sum(self._store.run("set_aside", queue=queue, hold_id=one, ids=some) for one, some in by_hold.items())
        return moved, first + len(ids) - moved if len(ids) == STEP else None

    # -- looking --

    def _covered(self, queue, ids, holds) -> dict[str, Hold]:
        """{id: the hold that it waits for}."""
        if not holds or not ids:
            return {}
        functions = self._functions(ids)
        asked = [
            task_id
            for task_id, func in zip(ids, functions, strict=True)
            if any(hold.kind == GROUP and hold.may_cover(func, queue) for hold in holds)
        ]
        fingerprints = self._fingerprints(asked)
        found = {
            task_id: first_covering(holds, func, queue, lambda task_id=task_id: fingerprints.get(task_id))
            for task_id, func in zip(ids, functions, strict=True)
        }
        return {task_id: hold for task_id, hold in found.items() if hold is not None}

    def _functions(self, ids) -> list[str | None]:
        pipeline = self._store.client.pipeline()
        for task_id in ids:
            pipeline.getrange(self._store.keys.payload(task_id), 0, _PAYLOAD_BYTES - 1)
        replies = pipeline.execute(raise_on_error=False)
        return [found_func(one) if isinstance(one, bytes) else None for one in replies]

    def _fingerprints(self, ids) -> dict[str, str | None]:
        calls = [
            self._store.call("glimpse", id=task_id, payload_bytes=1, execution_bytes=_EXECUTION_BYTES)
            for task_id in ids
        ]
        replies = self._store.send_all(calls) if calls else []
        return {
            task_id: newest_fingerprint(reply[3], reply[4])
            for task_id, reply in zip(ids, replies, strict=True)
            if not isinstance(reply, Exception)
        }
