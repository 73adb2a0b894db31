"""Operators, in bulk: the same acts on many tasks, as a durable record that is run in chunks.

The selection is frozen when the operation starts: single ids, or everything in a state with a score up to a moment.
Each task is counted by the script that acts on it, so a process that dies in the middle leaves exact numbers.
"""

import json
import secrets
from dataclasses import dataclass

from queue_core import states
from queue_core.acts import Actor, act
from queue_core.errors import InvalidRequest, OperationEnded, OperationNotFound
from queue_core.store import Store
from queue_core.text import json_object, to_bytes, to_text

SMALL = 200
"""Up to so many tasks are done at once by whoever starts the operation; more by the sweeper."""

VERBS = {"retry": "retry", "delete": "delete", "purge": "delete", "clear": "delete"}
"""Verb of an operation -> the script that does it to one task."""

_SOURCES = {"retry": (states.ERROR,), "purge": (states.ERROR,), "clear": (states.QUEUED, states.SCHEDULED)}
_LEASE_SECONDS = 30
_MOST_SELECTED = 10_000


@dataclass(frozen=True)
class Operation:
    """status: running | done | cancelled.  matched: tasks in the selection at its start; skipped: gone meanwhile.

    not_after: tasks with a later score are left alone.  selected: single tasks were chosen."""

    id: str
    verb: str
    queue: str
    state: str
    actor: str
    door: str
    reason: str
    status: str
    matched: int
    done: int
    skipped: int
    created_at: float
    ended_at: float | None
    not_after: float | None
    selected: bool

    @property
    def ended(self) -> bool:
        return self.status != "running"

    @property
    def remaining(self) -> int:
        return max(self.matched - self.done - self.skipped, 0)

    @property
    def percent(self) -> int:
        return 100 * (self.done + self.skipped) // self.matched if self.matched else 100


class Operations:
    """The room of acts on many tasks."""

    def __init__(self, store: Store):
        self._store = store
        self._token = secrets.token_hex(16)

    def count(self, queue: str, state: str, not_after: float | None = None) -> int:
        """How many tasks an operation on everything up to `not_after` would match now."""
        key = self._store.keys.state(states.known(state), queue)
        return self._store.client.zcount(key, "-inf", "+inf" if not_after is None else not_after)

    def start(
        self,
        verb: str,
        queue: str,
        state: str,
        *,
        actor: Actor,
        reason: str = "",
        not_after: float | None = None,
        task_ids: list[str] | None = None,
    ) -> Operation:
        """Writes the operation down; nothing has happened to any task yet.

        verb: retry | purge (error) | delete | clear (queued, scheduled).  task_ids: these only, at most 10,000; else
        everything in that state with a score up to `not_after` (default: now).
        Raises InvalidRequest, UnknownState."""
        self._check(verb, state, task_ids)
        now = self._store.now()
        if task_ids is None and not_after is None:
            not_after = self._newest_score(queue, state, now)
        ids = list(dict.fromkeys(task_ids or ()))
        matched = len(ids) if task_ids is not None else self.count(queue, state, not_after)
        operation_id = secrets.token_hex(8)
        record = {
            "verb": verb, "queue": queue, "state": state, "actor": actor.name, "door": actor.door, "reason": reason,
            "created_at": now, "not_after": not_after, "selected": task_ids is not None,
        }  # fmt: skip
        entry = act(
            verb, actor, queue=queue, operation_id=operation_id, reason=reason, state=state, matched=matched,
            not_after=not_after, tasks=ids[:10],
        )  # fmt: skip
        self._store.run(
            "start_operation",
            operation_id=operation_id,
            created_at=now,
            record=json.dumps(record),
            matched=matched,
            ids=[to_bytes(one) for one in ids],
            act=entry,
            max_audit_entries=self._store.settings.max_audit_entries,
        )
        return self.get(operation_id)

    def step(self, operation_id: str) -> Operation:
        """Does one chunk, unless somebody else is at it; gives the operation as it is then.

        Raises OperationNotFound."""
        operation = self.get(operation_id)
        if operation.ended or not self._hold(operation_id):
            return operation
        try:
            self._chunk(operation)
        except OperationEnded:
            pass  # cancelled meanwhile: what was done is counted
        finally:
            self._drop(operation_id)
        return self.get(operation_id)

    def run_small(self, operation: Operation) -> Operation:
        """Runs it to its end when it is small; else gives it back as it is, for the sweeper."""
        if operation.matched > SMALL:
            return operation
        for _ in range(SMALL):
            operation = self.step(operation.id)
            if operation.ended:
                break
        return operation

    def cancel(self, operation_id: str, *, actor: Actor) -> None:
        """Ends it; what was done stays done.  Raises OperationNotFound, OperationEnded."""
        self._end(operation_id, "cancelled", act("cancel_operation", actor, operation_id=operation_id))

    def get(self, operation_id: str) -> Operation:
        """Raises OperationNotFound."""
        fields = self._store.client.hgetall(self._store.keys.operation(operation_id))
        operation = _operation(operation_id, fields)
        if operation is None:
            raise OperationNotFound(operation_id=operation_id)
        return operation

    def newest(self, limit: int = 50) -> list[Operation]:
        """The newest first."""
        ids = self._store.client.zrevrange(self._store.keys.operations(), 0, limit - 1)
        return self._read(ids)

    def running(self) -> list[Operation]:
        """Those that have not ended, oldest first, at most 100."""
        return self._read(self._store.client.zrange(self._store.keys.operations_running(), 0, 99))

    def prune(self) -> int:
        """Takes operations off the list whose record has been dropped; gives how many."""
        until = self._store.now() - self._store.settings.operation_keep_seconds
        running = self._store.keys.operations_running()
        oldest = self._store.client.zrangebyscore(self._store.keys.operations(), "-inf", until, start=0, num=1000)
        ended = [one for one in oldest if self._store.client.zscore(running, one) is None]
        return self._store.client.zrem(self._store.keys.operations(), *ended) if ended else 0

    # -- the chunk --

    def _chunk(self, operation):
        ids = self._next_ids(operation)
        calls = [self._one(operation, task_id) for task_id in ids]
        replies = self._store.send_all(calls) if calls else []
        for task_id, reply in zip(ids, replies, strict=True):
            if isinstance(reply, OperationEnded):
                raise reply
            if isinstance(reply, Exception):
                self._store.run(
                    "skip", operation_id=operation.id, id=task_id, queue=operation.queue, state=operation.state
                )
        if len(ids) < self._chunk_size(operation) or self.get(operation.id).remaining == 0:
            self._end(operation.id, "done", b"")

    def _chunk_size(self, operation):
        # no more than were matched: a worker with a late clock may put new errors below the cut-off for ever
        return min(self._store.settings.operation_chunk, operation.remaining)

    def _next_ids(self, operation):
        count = self._chunk_size(operation)
        if count == 0:
            return []
        if operation.selected:
            key = self._store.keys.operation_ids(operation.id)
            return [to_text(one) for one in self._store.client.lrange(key, 0, count - 1)]
        key, first = self._store.keys.state(operation.state, operation.queue), self._first_rank(operation)
        rows = self._store.client.zrange(key, first, first + count - 1, withscores=True)
        return [to_text(task_id) for task_id, score in rows if score <= operation.not_after]

    def _first_rank(self, operation) -> int:
        """Where to go on: what could not be acted on, and stays, comes before."""
        client, key = self._store.client, self._store.keys.state(operation.state, operation.queue)
        passed_id, passed_score = client.hmget(self._store.keys.operation(operation.id), "passed_id", "passed_score")
        if passed_id is None:
            return 0
        rank = client.zrank(key, passed_id)
        return client.zcount(key, "-inf", passed_score) if rank is None else rank + 1

    def _one(self, operation, task_id):
        return self._store.call(
            VERBS[operation.verb],
            queue=operation.queue,
            state=operation.state,
            id=task_id,
            now=self._store.now(),
            fresh_budget=False,
            not_after="" if operation.selected else operation.not_after,
            operation_id=operation.id,
            act=b"",
            max_audit_entries=self._store.settings.max_audit_entries,
        )

    # -- shared --

    def _check(self, verb, state, task_ids):
        if verb not in VERBS:
            raise InvalidRequest(f"There is no operation {verb!r}; there are {', '.join(VERBS)}.")
        states.allowed_from("delete", state)
        if state not in _SOURCES.get(verb, states.ALL):
            raise InvalidRequest(f"{verb} does not work on tasks in {state}.")
        if task_ids is not None and not 0 < len(task_ids) <= _MOST_SELECTED:
            raise InvalidRequest(f"Choose between 1 and {_MOST_SELECTED} tasks.")

    def _newest_score(self, queue, state, now):
        newest = self._store.client.zrevrange(self._store.keys.state(state, queue), 0, 0, withscores=True)
        return max(now, newest[0][1]) if newest and state == states.SCHEDULED else now

    def _hold(self, operation_id) -> bool:
        lease = self._store.keys.lease(f"operation:{operation_id}")
        return self._store.run("hold", lease=lease, token=self._token, seconds=_LEASE_SECONDS) == 1

    def _drop(self, operation_id):
        self._store.run("release_lock", lock=self._store.keys.lease(f"operation:{operation_id}"), token=self._token)

    def _end(self, operation_id, status, entry):
        self._store.run(
            "end_operation",
            operation_id=operation_id,
            status=status,
            ended_at=self._store.now(),
            keep_seconds=int(self._store.settings.operation_keep_seconds),
            act=entry,
            max_audit_entries=self._store.settings.max_audit_entries,
        )

    def _read(self, ids) -> list[Operation]:
        pipeline = self._store.client.pipeline()
        for one in ids:
            pipeline.hgetall(self._store.keys.operation(to_text(one)))
        rows = pipeline.execute() if ids else []
        read = [_operation(to_text(one), fields) for one, fields in zip(ids, rows, strict=True)]
        return [operation for operation in read if operation is not None]


def _operation(operation_id: str, fields: dict) -> Operation | None:
    """The operation in the fields of its record; None when they are not such a record."""
    try:
        operation = Operation(
            id=operation_id,
            status=to_text(fields[b"status"]),
            matched=int(fields[b"matched"]),
            done=int(fields[b"done"]),
            skipped=int(fields[b"skipped"]),
            ended_at=float(fields[b"ended_at"]) if b"ended_at" in fields else None,
            **json_object(fields[b"record"]),
        )
    except (KeyError, ValueError, TypeError):
        return None
    return operation if _is_sound(operation) else None


def _is_sound(operation) -> bool:
    texts = (operation.verb, operation.queue, operation.state, operation.actor, operation.door, operation.reason)
    moments = (operation.created_at, operation.ended_at or 0, operation.not_after or 0)
    return (
        all(isinstance(text, str) for text in texts)
        and all(isinstance(moment, (int, float)) for moment in moments)
        and operation.verb in VERBS
        and operation.state in states.ALL
    )
