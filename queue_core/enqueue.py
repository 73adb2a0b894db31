"""Producers: a task becomes part of a queue, now or later."""

from queue_core.errors import EnqueueUncertain, StoreUnavailable
from queue_core.payload import Payload, checked_queue
from queue_core.store import Store


class Enqueue:
    """The room of producers."""

    def __init__(self, store: Store):
        self._store = store

    def put(
        self,
        payload: Payload,
        queue: str,
        *,
        due_at: float | None = None,
        max_queue_size: int = 0,
        once: bool = False,
        remember_seconds: float | None = None,
    ) -> str:
        """Writes the task; gives the state it is in now, `queued` or `scheduled`.

        due_at: Unix seconds; a time that is not in the future means now.  max_queue_size: 0 is no limit.
        once: do nothing while the task is in any state, and with `remember_seconds` also for so long after.

        Atomic.  Raises InvalidQueueName, InvalidTask, QueueFullException, StoreFull; StoreUnavailable when nothing was
        sent, EnqueueUncertain when the reply was lost."""
        checked_queue(queue)
        now = self._store.now()
        later = due_at is not None and due_at > now
        stamped = Payload(payload.fields | {"time_last_queued": now, "scheduled_at": due_at if later else now})
        call = self._store.call(
            "enqueue_later" if later else "enqueue",
            id=payload.id,
            queue=queue,
            payload_json=stamped.encode(self._store.settings.max_payload_bytes),
            runnable_at=now,
            due_at=due_at,
            max_queue_size=max_queue_size or 0,
            once=once,
            remember_seconds=int(remember_seconds or 0),
        )
        self._send(call, payload.id)
        return "scheduled" if later else "queued"

    def _send(self, call, task_id):
        try:
            self._store.send(call)
        except StoreUnavailable as error:
            if error.nothing_written:
                raise
            raise EnqueueUncertain(
                f"The reply to the enqueue of {task_id} was lost; repeat it with this task_id.", task_id=task_id
            ) from error
