"""Recurring work: the next occurrence of a scheduled function is always in its queue (wire §11)."""

from queue_core import states
from queue_core.draft import draft
from queue_core.errors import StoreError
from queue_core.moments import naive_utc, unix_seconds
from queue_core.store import Store


class Periodic:
    """The room of recurring work.  enqueue: the room of producers."""

    def __init__(self, store: Store, enqueue):
        self._store = store
        self._enqueue = enqueue

    def start_due(self, functions: dict, failed=None) -> dict[str, float]:
        """Enqueues the next occurrence of every scheduled function that has none waiting or running.

        functions: wire name -> function, as decorated.  failed(name, error): told of a schedule that fails; without it
        that is raised.  Gives name -> moment of those that it enqueued.  Raises StoreError."""
        started = {}
        for name, function in functions.items():
            try:
                due_at = self._put(function) if self._wants_start(function) else None
            except StoreError:
                raise
            except Exception as error:  # a schedule is application code, and there are others
                if failed is None:
                    raise
                failed(name, error)
            else:
                started |= {} if due_at is None else {name: due_at}
        return started

    def queue_next(self, function, queue: str) -> bool:
        """Enqueues the occurrence after now, before the present one runs; False when the schedule has ended."""
        return self._put(function, queue) is not None

    def _wants_start(self, function) -> bool:
        if getattr(function, "_task_schedule", None) is None:
            return False
        made = self._draft(function)
        pipeline = self._store.client.pipeline()
        for state in (states.QUEUED, states.ACTIVE, states.SCHEDULED):
            pipeline.zscore(self._store.keys.state(state, made.queue), made.payload.id)
        return not any(score is not None for score in pipeline.execute())

    def _put(self, function, queue=None) -> float | None:
        due_at = _next_due(function, self._store.now())
        if due_at is None:
            return None
        made = self._draft(function)
        self._enqueue.accept(made.payload, queue or made.queue, due_at=due_at)
        return due_at

    def _draft(self, function):
        settings = self._store.settings
        return draft(
            function,
            (),
            {},
            {},
            default_queue=settings.default_queue,
            default_retry_method=settings.default_retry_method,
            strict=False,  # whoever decorated it has decided
        )


def _next_due(function, now: float) -> float | None:
    schedule = function._task_schedule
    rule, arguments = schedule if isinstance(schedule, (tuple, list)) else (schedule, ())
    # schedules take and give naive UTC
    due = rule(naive_utc(now), *arguments)
    return None if due is None else unix_seconds(due)
