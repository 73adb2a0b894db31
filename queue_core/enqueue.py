"""Producers: a task becomes part of a queue, now or later."""

import math
from dataclasses import dataclass

from queue_core.errors import (
    EnqueueUncertain,
    InvalidRequest,
    InvalidTask,
    NotReplicated,
    QueueFullException,
    StoreUnavailable,
)
from queue_core.payload import Payload, checked_queue
from queue_core.states import ACTIVE, QUEUED, SCHEDULED
from queue_core.store import Store

_LONGEST_SECONDS = 10 * 365 * 86_400


@dataclass(frozen=True)
class Accepted:
    """Where a task is after its enqueue.  score: in that state; payload: as it stands in Redis."""

    state: str
    score: float
    payload: Payload


class Enqueue:
    """The room of producers.

    strict: refuse odd queue names, and arguments that JSON does not carry faithfully or that are large."""

    def __init__(self, store: Store, strict: bool = True):
        self._store = store
        self._strict = strict

    def put(self, payload: Payload, queue: str, **options) -> str:
        """As `accept`; gives the state that the task is in now."""
        return self.accept(payload, queue, **options).state

    def accept(
        self,
        payload: Payload,
        queue: str,
        *,
        due_at: float | None = None,
        max_queue_size: int = 0,
        once: bool = False,
        remember_seconds: float | None = None,
    ) -> Accepted:
        """Writes the task, as queued or as scheduled.

        due_at: Unix seconds; a time that is not in the future means now.  max_queue_size: 0 is no limit.
        once: do nothing while the task is in any state (a unique one: of this queue), and with `remember_seconds` also
        for so long after.

        Atomic.  Raises InvalidQueueName, InvalidTask, QueueFullException, StoreFull; StoreUnavailable when nothing was
        sent, EnqueueUncertain when the reply was lost, or, with durability `safe`, no replica has confirmed it."""
        self._check_queue(queue)
        accepted = self._stamped(payload, due_at)
        later = accepted.state == SCHEDULED
        call = self._store.call(
            "enqueue_later" if later else "enqueue",
            id=payload.id,
            queue=queue,
            payload_json=self._encoded(accepted.payload),
            runnable_at=accepted.score,
            due_at=accepted.score,
            now=accepted.payload.fields["time_last_queued"],
            max_queue_size=_checked_size(max_queue_size),
            unique=payload.unique,
            once=once,
            remember_seconds=_whole(remember_seconds),
        )
        self._send(call, payload.id)
        return accepted

    def is_due(self, due_at: float | None) -> bool:
        """Whether a task for that time would be queued, not scheduled."""
        return due_at is None or due_at <= self._store.now()

    def rehearse(self, payload: Payload, queue: str, *, max_queue_size: int = 0) -> Payload:
        """The payload that an enqueue now would write, while nothing is written.

        Raises what `accept` raises for the task itself, and QueueFullException."""
        self._check_queue(queue)
        accepted = self._stamped(payload, None)
        self._encoded(accepted.payload)
        if _checked_size(max_queue_size) and self._size(queue) >= max_queue_size:
            raise QueueFullException(queue)
        return accepted.payload

    def _check_queue(self, queue):
        if self._strict:
            checked_queue(queue)

    def _stamped(self, payload, due_at) -> Accepted:
        now = self._store.now()
        later = due_at is not None and due_at > now
        score = due_at if later else now
        stamped = Payload(payload.fields | {"time_last_queued": now, "scheduled_at": score})
        return Accepted(SCHEDULED if later else QUEUED, score, stamped)

    def _encoded(self, payload) -> bytes:
        return payload.encode(self._store.settings.max_payload_bytes if self._strict else None)

    def _size(self, queue) -> int:
        pipeline = self._store.client.pipeline()
        for state in (QUEUED, SCHEDULED, ACTIVE):
            pipeline.zcard(self._store.keys.state(state, queue))
        return sum(pipeline.execute())

    def _send(self, call, task_id):
        send = self._store.send_replicated if self._store.settings.durability == "safe" else self._store.send
        try:
            send(call)
        except NotReplicated as error:
            raise EnqueueUncertain(
                f"No replica has confirmed the enqueue of {task_id}; repeat it with this task_id.", task_id=task_id
            ) from error
        except StoreUnavailable as error:
            if error.nothing_written:
                raise
            raise EnqueueUncertain(
                f"The reply to the enqueue of {task_id} was lost; repeat it with this task_id.", task_id=task_id
            ) from error


def _whole(seconds) -> int:
    if seconds is None:
        return 0
    if not isinstance(seconds, (int, float)) or not 0 <= seconds <= _LONGEST_SECONDS:
        raise InvalidRequest(f"remember_seconds is a number of seconds, not {seconds!r}.")
    return math.ceil(seconds)  # half a second is not none


def _checked_size(size):
    if size and (not isinstance(size, (int, float)) or math.isnan(size)):
        raise InvalidTask(f"max_queue_size is a number of tasks, not {size!r}.")
    return size or 0
