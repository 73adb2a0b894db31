"""Unique tasks that stand in two queues at once, with one payload for both.

An enqueue marks them, and from then on no script takes their payload away.  Here is found out when a mark has served.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from queue_core import states
from queue_core.store import Store
from queue_core.text import to_bytes, to_text

_IDS_AT_ONCE = 20
_QUEUES_AT_ONCE = 25
_LOOKUPS_PER_ROUND = 500_000
_SCAN_COUNT = 1000
_READ_WHOLE = 5_000
"""Up to so many names are read in one step; more would occupy Redis for too long."""


@dataclass(frozen=True)
class _Mark:
    task_id: str
    score: float
    digest: str


class Twins:
    """The room of whoever looks after them: the sweeper."""

    def __init__(self, store: Store):
        self._store = store
        self._after = (0.0, b"")

    def mark(self, task_ids: list[str]) -> None:
        """Has the whereabouts of these looked up too; their record goes when no queue holds them."""
        if task_ids:
            now = self._store.now()
            self._store.client.zadd(self._store.keys.twins(), {to_bytes(one): now for one in task_ids}, nx=True)

    def part(self) -> Iterator[None]:
        """Ends the marks of those that stand in one queue or in none; the record of the latter goes too.

        In bounded steps: go on until it ends.  With very many queues only some of the marks are looked at, and the
        others the next time."""
        marks = []
        for ids in self._marked():
            marks += self._read(ids)
            yield
        # in this order: what is enqueued or moved from here on changes payload or mark, and is left alone
        queues = list(self._queues()) if marks else []
        for first in range(0, len(marks), _IDS_AT_ONCE):
            some = marks[first : first + _IDS_AT_ONCE]
            places = dict.fromkeys(some, 0)
            for found in self._whereabouts(some, queues):
                places = {mark: places[mark] + more for mark, more in zip(some, found, strict=True)}
                yield
            self._store.send_all(self._parting(mark, held_by) for mark, held_by in places.items() if held_by < 2)
            yield

    def _marked(self):
        limit = max(_IDS_AT_ONCE, _LOOKUPS_PER_ROUND // max(self._listed(), 1))
        marks = sorted(self._store.client.zscan_iter(self._store.keys.twins()), key=_place)
        ahead = [mark for mark in marks if _place(mark) > self._after] or marks
        for first in range(0, min(len(ahead), limit), _IDS_AT_ONCE):
            some = ahead[first : min(first + _IDS_AT_ONCE, limit)]
            self._after = _place(some[-1])
            yield some

    def _read(self, ids):
        pipeline = self._store.client.pipeline()
        for task_id, _ in ids:
            pipeline.get(self._store.keys.payload(to_text(task_id)))
        payloads = pipeline.execute(raise_on_error=False)
        return [
            _Mark(to_text(task_id), score, _digest(raw)) for (task_id, score), raw in zip(ids, payloads, strict=True)
        ]

    def _listed(self) -> int:
        pipeline = self._store.client.pipeline()
        for state in states.ALL:
            pipeline.scard(self._store.keys.names(state))
        return sum(pipeline.execute())

    def _queues(self) -> set[bytes]:
        name_sets = [self._store.keys.names(state) for state in states.ALL]
        if self._listed() <= _READ_WHOLE:
            return self._store.client.sunion(name_sets)
        # read bit by bit, a queue whose only task goes from one state to another can be missed once
        return {
            name for name_set in name_sets * 2 for name in self._store.client.sscan_iter(name_set, count=_SCAN_COUNT)
        }

    def _whereabouts(self, marks, queues):
        for first in range(0, len(queues), _QUEUES_AT_ONCE):
            keys = [
                self._store.keys.state(state, to_text(queue))
                for queue in queues[first : first + _QUEUES_AT_ONCE]
                for state in states.ALL
            ]
            yield self._store.run("whereabouts", states=keys, ids=[to_bytes(mark.task_id) for mark in marks])

    def _parting(self, mark, held_by):
        return self._store.call(
            "part_twin", id=mark.task_id, seen_score=mark.score, seen_digest=mark.digest, is_gone=held_by == 0
        )


def _digest(raw) -> str:
    return hashlib.sha1(raw).hexdigest() if isinstance(raw, bytes) else ""


def _place(mark) -> tuple[float, bytes]:
    task_id, score = mark
    return score, task_id
