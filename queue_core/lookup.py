"""Reads for code: whole tasks and exact sizes, as an application asks for them.  For people there is `browse`."""

import collections
import json
from dataclasses import dataclass

from queue_core import states
from queue_core.connection import translated
from queue_core.errors import InvalidPayload, StoreCorrupt, TaskNotFound
from queue_core.store import Store
from queue_core.text import json_object, to_bytes, to_text

_AT_ONCE = 1000


@dataclass(frozen=True)
class Found:
    """A task as it stands in Redis.  fields: its payload, None without one; executions: oldest first."""

    id: str
    score: float
    fields: dict | None
    executions: list[dict]


class Lookup:
    """The room of applications that look at their own tasks."""

    def __init__(self, store: Store):
        self._store = store

    def one(self, queue: str, state: str, task_id: str, load_executions: int = 0) -> Found:
        """The task, with so many of its newest executions.  Raises TaskNotFound; InvalidPayload for what is no JSON."""
        pipeline = self._store.client.pipeline()
        pipeline.zscore(self._store.keys.state(state, queue), to_bytes(task_id))
        pipeline.get(self._store.keys.payload(task_id))
        self._ask_executions(pipeline, task_id, load_executions)
        score, raw, *executions = _replies(pipeline)
        if isinstance(raw, StoreCorrupt):
            raise InvalidPayload(f"The payload of task {task_id} is no text.", task_id=task_id) from raw
        if isinstance(score, StoreCorrupt):
            raise score
        if score is None or raw is None:
            raise TaskNotFound(f"Task {task_id} not found.", task_id=task_id)
        return Found(task_id, score, _fields(raw, task_id), _records(executions))

    def listing(self, queue: str, state: str, skip: int, limit: int, load_executions: int = 0):
        """(how many there are, those after the newest `skip`, at most `limit`, in ascending order).

        A payload that cannot be read counts as none."""
        key = self._store.keys.state(state, queue)
        pipeline = self._store.client.pipeline()
        pipeline.zcard(key)
        pipeline.zrange(key, -skip - limit, -skip - 1, withscores=True)
        total, rows = pipeline.execute()
        rows = rows if limit > 0 else []
        found = []
        for first in range(0, len(rows), _AT_ONCE):
            found += self._load(rows[first : first + _AT_ONCE], load_executions)
        return total, found

    def executions_count(self, task_id: str) -> int:
        """How often it failed, ever.  Raises TaskNotFound when it has no payload any more."""
        pipeline = self._store.client.pipeline()
        pipeline.exists(self._store.keys.payload(task_id))
        pipeline.get(self._store.keys.executions_count(task_id))
        exists, count = pipeline.execute()
        if not exists:
            raise TaskNotFound(f"Task {task_id} not found.", task_id=task_id)
        return int(count or 0)

    # -- queues --

    def queues(self, state: str) -> list[str]:
        """The names of those that hold a task in that state, in order."""
        return sorted(map(to_text, self._store.client.smembers(self._store.keys.names(state))))

    def sizes(self, pairs) -> list[int]:
        """How many tasks there are for each (queue, state)."""
        sizes, pairs = [], list(pairs)
        for first in range(0, len(pairs), _AT_ONCE):
            pipeline = self._store.client.pipeline()
            for queue, state in pairs[first : first + _AT_ONCE]:
                pipeline.zcard(self._store.keys.state(state, queue))
            sizes += pipeline.execute()
        return sizes

    def stats(self) -> dict[str, dict[str, int]]:
        """{queue: {state: tasks}}, with the states that list the queue only; empty for any other queue."""
        pairs = [(queue, state) for state in states.ALL for queue in self.queues(state)]
        stats = collections.defaultdict(dict)
        for (queue, state), size in zip(pairs, self.sizes(pairs), strict=True):
            stats[queue][state] = size
        return stats

    # -- one page --

    def _load(self, rows, load_executions) -> list[Found]:
        ids = [to_text(task_id) for task_id, _ in rows]
        pipeline = self._store.client.pipeline()
        pipeline.mget([self._store.keys.payload(task_id) for task_id in ids])
        for task_id in ids:
            self._ask_executions(pipeline, task_id, load_executions)
        payloads, *executions = _replies(pipeline)
        executions = executions or [[]] * len(ids)
        return [
            Found(task_id, score, _fields_or_none(raw, task_id), _records([records]))
            for task_id, (_, score), raw, records in zip(ids, rows, payloads, executions, strict=True)
        ]

    def _ask_executions(self, pipeline, task_id, count):
        if count:
            pipeline.lrange(self._store.keys.executions(task_id), -count, -1)


def _replies(pipeline) -> list:
    """Keys of another type than the protocol says stand in the list as StoreCorrupt: they must not hide other tasks."""
    replies = [translated(one) if isinstance(one, Exception) else one for one in pipeline.execute(raise_on_error=False)]
    for reply in replies:
        if isinstance(reply, Exception) and not isinstance(reply, StoreCorrupt):
            raise reply
    return replies


def _fields(raw, task_id) -> dict:
    try:
        fields = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise InvalidPayload(f"The payload of task {task_id} is not JSON: {error}.", task_id=task_id) from error
    if not isinstance(fields, dict):
        raise InvalidPayload(f"The payload of task {task_id} is not an object.", task_id=task_id)
    # the id in the state counts, whatever the payload says
    return fields if fields.get("id") == task_id else fields | {"id": task_id}


def _fields_or_none(raw, task_id):
    try:
        return None if raw is None else _fields(raw, task_id)
    except InvalidPayload:
        return None


def _records(lists) -> list[dict]:
    return [json_object(record) for records in lists if isinstance(records, list) for record in records]
