"""Tasks that go from one Redis to another, or from one prefix to another.

No step can span two servers.  So a task is written there first and removed here afterwards: whoever dies in between
leaves it in both, and the same transfer, done again, writes nothing there and removes it here.
"""

import contextlib
import hashlib
from dataclasses import dataclass

from queue_core import states
from queue_core.acts import Actor, act
from queue_core.errors import InvalidPayload, InvalidRequest, TaskNotFound
from queue_core.payload import checked_queue
from queue_core.store import Store
from queue_core.text import to_bytes

MOST_EXECUTIONS = 1000
REMEMBER_SECONDS = 86_400
"""How long a transfer can be done again."""


@dataclass(frozen=True)
class _Seen:
    """The task as it was found.  score: as Redis writes it."""

    score: float
    payload: bytes
    records: list[bytes]
    count: int

    @property
    def transfer(self) -> str:
        return hashlib.sha256(b"%s %s" % (repr(self.score).encode(), self.payload)).hexdigest()


class Transfers:
    """The room of operators who move tasks to another Redis."""

    def __init__(self, store: Store):
        self._store = store

    def transfer(self, queue: str, state: str, task_id: str, *, to, actor: Actor, to_queue=None, reason="") -> None:
        """queued | scheduled | error -> the same state and score in the Redis of `to`, another Engine, and gone here.

        Payload, id and the newest 1,000 failed runs go along.  to_queue: another queue there.  When it is interrupted
        the task is here or in both; do it again within a day.  A worker may take the task here while it is under way:
        then it is taken back there, unless it has been taken there too.

        Raises TaskNotFound, InvalidPayload, InvalidRequest; AlreadyThere when that Redis has another task
        of this id."""
        states.allowed_from("hand_over", state)
        to_queue = checked_queue(to_queue or queue)
        if self._is_same_place(to.store):
            raise InvalidRequest("That is the same Redis and prefix; move the task instead.")
        seen = self._see(queue, state, task_id)
        facts = {"queue": queue, "task_id": task_id, "reason": reason, "state": state}
        self._write_there(
            to.store, to_queue, state, task_id, seen, act("receive", actor, **facts | {"queue": to_queue})
        )
        try:
            self._store.run(
                "hand_over",
                queue=queue,
                state=state,
                id=task_id,
                seen_score=seen.score,
                seen_payload=seen.payload,
                **self._recorded(act("transfer", actor, **facts, to_queue=to_queue)),
            )
        except TaskNotFound:
            self._take_back(to.store, to_queue, state, task_id, seen, act("transfer_undone", actor, **facts))
            raise

    def _is_same_place(self, other) -> bool:
        def place(store):
            facts = store.client.connection_pool.connection_kwargs
            return [facts.get(name) for name in ("host", "port", "path", "db")], store.keys.prefix

        return place(self._store) == place(other)

    def _see(self, queue, state, task_id) -> _Seen:
        keys, pipeline = self._store.keys, self._store.client.pipeline()
        pipeline.zscore(keys.state(state, queue), to_bytes(task_id))
        pipeline.get(keys.payload(task_id))
        pipeline.lrange(keys.executions(task_id), -MOST_EXECUTIONS, -1)
        pipeline.get(keys.executions_count(task_id))
        score, payload, records, count = pipeline.execute(raise_on_error=False)
        if score is None:
            raise TaskNotFound(task_id=task_id, queue=queue)
        if not isinstance(payload, bytes):
            raise InvalidPayload("There is nothing left of this task that could be sent.", task_id=task_id)
        records = records if isinstance(records, list) else []
        return _Seen(score, payload, records, _number(count))

    def _write_there(self, there, queue, state, task_id, seen, entry):
        there.run(
            "receive",
            queue=queue,
            state=state,
            id=task_id,
            score=seen.score,
            payload_json=seen.payload,
            count=seen.count,
            transfer=seen.transfer,
            remember_seconds=REMEMBER_SECONDS,
            publish=state == states.QUEUED,
            records=seen.records,
            **self._recorded(entry),
        )

    def _take_back(self, there, queue, state, task_id, seen, entry):
        with contextlib.suppress(TaskNotFound):
            there.run(
                "hand_over",
                queue=queue,
                state=state,
                id=task_id,
                seen_score=seen.score,
                seen_payload=seen.payload,
                **self._recorded(entry),
            )

    def _recorded(self, entry) -> dict:
        return {"act": entry, "max_audit_entries": self._store.settings.max_audit_entries}


def _number(count) -> int:
    try:
        return max(int(count or 0), 0)
    except (TypeError, ValueError):
        return 0
