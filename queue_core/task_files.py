"""Tasks that go into a file and come back from one: evidence before a purge, and the way to a Redis out of reach.

Nothing is removed by an export.  An import never writes over a task that is there.
"""

import hashlib
import itertools
from collections.abc import Iterable, Iterator

from queue_core import states
from queue_core.acts import Actor, act
from queue_core.errors import AlreadyThere
from queue_core.store import Store
from queue_core.task_line import MOST_EXECUTIONS, TaskLine
from queue_core.text import to_bytes, to_text

_CHUNK = 100
_SMALL_BYTES = 64 * 1024
_SMALL_EXECUTIONS = 5
_BYTES_AT_ONCE = 1024 * 1024
REMEMBER_SECONDS = 86_400
"""How long an import is known to have been done."""

IMPORTED, KNOWN, THERE = "imported", "imported before", "already there"
"""What becomes of a task that is imported."""


class TaskFiles:
    """The room of operators who take tasks into a file and back."""

    def __init__(self, store: Store):
        self._store = store

    # -- out --

    def export(self, queue: str, state: str, *, not_after: float | None = None) -> Iterator[TaskLine]:
        """All tasks in `state` with a score up to `not_after` (None: all), by score, while they are read.

        What comes or goes meanwhile may be in it or not; what stays is in it.  Raises UnknownState; StoreUnavailable,
        at any step."""
        key = self._store.keys.state(states.known(state), queue)
        return self._walk(key, queue, state, float("inf") if not_after is None else not_after)

    def export_tasks(self, places: Iterable[tuple[str, str]], state: str) -> Iterator[TaskLine]:
        """The tasks of these (queue, id), in this order; those that are not in `state` any more are left out."""
        states.known(state)
        places = iter(places)
        while chunk := list(itertools.islice(places, _CHUNK)):
            pipeline = self._store.client.pipeline()
            for queue, task_id in chunk:
                pipeline.zscore(self._store.keys.state(state, queue), to_bytes(task_id))
            scores = pipeline.execute()
            found = [(*place, score) for place, score in zip(chunk, scores, strict=True) if score is not None]
            yield from self._read([(queue, state, task_id, score) for queue, task_id, score in found])

    def _walk(self, key, queue, state, not_after):
        rank = 0
        while rows := self._store.client.zrange(key, rank, rank + _CHUNK - 1, withscores=True):
            wanted = [(queue, state, to_text(task_id), score) for task_id, score in rows if score <= not_after]
            yield from self._read(wanted)
            if len(wanted) < len(rows):
                return
            rank = self._rank_after(key, rows)

    def _rank_after(self, key, rows) -> int:
        """Where to go on: others may have left since, and with them the ranks of those behind have changed."""
        rank = self._store.client.zrank(key, rows[-1][0])
        if rank is not None:
            return rank + 1
        pipeline = self._store.client.pipeline()
        for task_id, _ in rows:
            pipeline.zrank(key, task_id)
        there = [rank for rank in pipeline.execute() if rank is not None]
        # nothing of what was read is left: what comes next begins at the score of the last
        return max(there) + 1 if there else self._store.client.zcount(key, "-inf", f"({rows[-1][1]!r}")

    def _read(self, places) -> Iterator[TaskLine]:
        for large, group in itertools.groupby(self._sized(places), key=lambda one: one[1]):
            members = [place for place, _ in group]
            # a large one is in memory alone
            step = 1 if large else _CHUNK
            for first in range(0, len(members), step):
                yield from self._lines(members[first : first + step])

    def _sized(self, places):
        pipeline, keys = self._store.client.pipeline(), self._store.keys
        for _, _, task_id, _ in places:
            pipeline.strlen(keys.payload(task_id))
            pipeline.llen(keys.executions(task_id))
        sizes = iter(pipeline.execute(raise_on_error=False) if places else ())
        for place, length, runs in zip(places, sizes, sizes, strict=True):
            yield place, _number(length) > _SMALL_BYTES or _number(runs) > _SMALL_EXECUTIONS

    def _lines(self, places):
        pipeline, keys = self._store.client.pipeline(), self._store.keys
        for _, _, task_id, _ in places:
            pipeline.get(keys.payload(task_id))
            pipeline.lrange(keys.executions(task_id), -MOST_EXECUTIONS, -1)
            pipeline.get(keys.executions_count(task_id))
        replies = iter(pipeline.execute(raise_on_error=False))
        for place, payload, records, count in zip(places, replies, replies, replies, strict=True):
            queue, state, task_id, score = place
            yield TaskLine(
                queue=queue,
                state=state,
                id=task_id,
                score=score,
                payload=to_text(payload) if isinstance(payload, bytes) else None,
                executions=tuple(map(to_text, records)) if isinstance(records, list) else (),
                executions_count=_number(count),
            )

    # -- in --

    def take_in(
        self, tasks: Iterable[TaskLine], *, actor: Actor, reason: str = "", noted: bool = True
    ) -> Iterator[tuple[TaskLine, str]]:
        """Writes tasks of a file to the queue, state and score that they name; what became of each: IMPORTED, KNOWN
        (the same task was imported within the last day) or THERE (a task of this id is there; nothing is written).

        Each task is written whole or not at all.  When it breaks off, do it again: what has arrived is not written
        twice, even when it has run since.  Each that is imported has an entry in the audit trail; noted=False: none
        has, and the caller tells of all of them in one.
        Raises StoreUnavailable, StoreFull, StoreCorrupt, at any step."""
        for chunk in _chunks(tasks):
            replies = self._store.send_all([self._receive(task, actor if noted else None, reason) for task in chunk])
            for task, reply in zip(chunk, replies, strict=True):
                if isinstance(reply, Exception) and not isinstance(reply, AlreadyThere):
                    raise reply
                yield task, THERE if isinstance(reply, Exception) else KNOWN if reply == b"KNOWN" else IMPORTED

    def find(self, tasks: Iterable[TaskLine]) -> Iterator[tuple[TaskLine, bool]]:
        """Each task, and whether one of its id is there already; nothing is written."""
        for chunk in _chunks(tasks):
            pipeline, keys = self._store.client.pipeline(), self._store.keys
            for task in chunk:
                pipeline.exists(*self._keys_of(keys, task.id))
            yield from zip(chunk, map(bool, pipeline.execute()), strict=True)

    @staticmethod
    def _keys_of(keys, task_id):
        return keys.payload(task_id), keys.executions(task_id), keys.executions_count(task_id)

    def _receive(self, task: TaskLine, actor, reason):
        payload, where = to_bytes(task.payload), {"queue": task.queue, "task_id": task.id, "state": task.state}
        return self._store.call(
            "receive",
            queue=task.queue,
            state=task.state,
            id=task.id,
            score=float(task.score),
            payload_json=payload,
            count=task.executions_count,
            transfer=hashlib.sha256(b"import %s %s" % (repr(float(task.score)).encode(), payload)).hexdigest(),
            remember_seconds=REMEMBER_SECONDS,
            publish=task.state == states.QUEUED,
            records=[to_bytes(record) for record in task.executions],
            act=act("import", actor, reason=reason, **where) if actor else b"",
            max_audit_entries=self._store.settings.max_audit_entries,
        )


def _chunks(tasks) -> Iterator[list[TaskLine]]:
    chunk, size = [], 0
    for task in tasks:
        chunk.append(task)
        size += len(task.payload) + sum(map(len, task.executions))
        if len(chunk) == _CHUNK or size > _BYTES_AT_ONCE:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


def _number(reply) -> int:
    # a key of a wrong type, or with other text than a number
    try:
        return max(int(reply or 0), 0)
    except (TypeError, ValueError):
        return 0
