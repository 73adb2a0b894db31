"""Recurring work: the next occurrence of a scheduled function is always in its queue (wire §11)."""

import datetime

from queue_core import states
from queue_core.draft import draft
from queue_core.store import Store


class Periodic:
    """The room of recurring work.  enqueue: the room of producers."""

    def __init__(self, store: Store, enqueue):
        self._store = store
        self._enqueue = enqueue

    def start_due(self, functions: dict) -> list[str]:
        """Enqueues the next occurrence of every scheduled function that has none waiting or running.

        functions: wire name -> function, as decorated.  Gives the names of those that it enqueued."""
        return [name for name, function in functions.items() if self._wants_start(function) and self._put(function)]

    def queue_next(self, function, queue: str) -> bool:
        """Enqueues the occurrence after now, before the present one runs; False when the schedule has ended."""
        return self._put(function, queue)

    def _wants_start(self, function) -> bool:
        if getattr(function, "_task_schedule", None) is None:
            return False
        made = self._draft(function)
        pipeline = self._store.client.pipeline()
        for state in (states.QUEUED, states.ACTIVE, states.SCHEDULED):
            pipeline.zscore(self._store.keys.state(state, made.queue), made.payload.id)
        return not any(score is not None for score in pipeline.execute())

    def _put(self, function, queue=None) -> bool:
        due_at = _next_due(function, self._store.now())
        if due_at is None:
            return False
        made = self._draft(function)
        self._enqueue.put(made.payload, queue or made.queue, due_at=due_at)
        return True

    def _draft(self, function):
        settings = self._store.settings
        return draft(
            function,
            (),
            {},
            {},
            default_queue=settings.default_queue,
            default_retry_method=settings.default_retry_method,
        )


def _next_due(function, now: float) -> float | None:
    schedule = function._task_schedule
    rule, arguments = schedule if isinstance(schedule, (tuple, list)) else (schedule, ())
    # schedules take and give naive UTC
    due = rule(datetime.datetime.fromtimestamp(now, datetime.UTC).replace(tzinfo=None), *arguments)
    return None if due is None else due.replace(tzinfo=datetime.UTC).timestamp()
