"""Recurring work: the next occurrence of a scheduled function is always in its queue (wire §11)."""

import json
import math
from dataclasses import dataclass

from queue_core import states
from queue_core.draft import draft
from queue_core.errors import StoreError
from queue_core.moments import naive_utc, unix_seconds
from queue_core.store import Store
from queue_core.text import json_object, shown, to_bytes

KEPT_RUNS = 10
KEPT_SECONDS = 30 * 86_400
MOST_TOLD = 100
MOST_ASKED = 200
_RULE_CHARACTERS = 120


@dataclass(frozen=True)
class Run:
    """One run of recurring work.  outcome: done | failed | timed out | killed | stopped."""

    started_at: float
    seconds: float
    outcome: str


@dataclass(frozen=True)
class Occurrence:
    """Where the occurrence of recurring work is.  state: None when there is none; score: its moment in that state.

    runs: newest first, only those of our workers."""

    state: str | None
    score: float | None
    runs: tuple[Run, ...]


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

    # -- for people --

    def told(self, functions: dict) -> list[dict]:
        """What the registry says of recurring work: [{func, queue, id, schedule}], at most 100, by name."""
        found = []
        for name in sorted(functions)[:MOST_TOLD]:
            try:
                made = self._draft(functions[name])
                rule = _in_words(functions[name]._task_schedule)
            except Exception:  # application code; start_due tells its fault
                continue
            found.append({"func": name, "queue": made.queue, "id": made.payload.id, "schedule": rule})
        return found

    def occurrences(self, works: list[tuple[str, str, str]]) -> list[Occurrence]:
        """For each (function, queue, task id), at most 200: where its occurrence is, and how it went lately."""
        works, keys = works[:MOST_ASKED], self._store.keys
        order = (states.ACTIVE, states.QUEUED, states.SCHEDULED, states.ERROR)
        pipeline = self._store.client.pipeline()
        for function, queue, task_id in works:
            for state in order:
                pipeline.zscore(keys.state(state, queue), to_bytes(task_id))
            pipeline.lrange(keys.recurring_runs(function), 0, KEPT_RUNS - 1)
        replies = iter(pipeline.execute(raise_on_error=False) if works else ())
        return [_occurrence([next(replies) for _ in order], order, next(replies)) for _ in works]

    def note_run(self, function: str, outcome: str, started_at: float, ended_at: float) -> None:
        """Keeps how a run of recurring work ended; of each function the newest 10."""
        key = self._store.keys.recurring_runs(function)
        record = {"started_at": started_at, "seconds": ended_at - started_at, "outcome": outcome}
        pipeline = self._store.client.pipeline()
        pipeline.lpush(key, json.dumps(record))
        pipeline.ltrim(key, 0, KEPT_RUNS - 1)
        pipeline.expire(key, KEPT_SECONDS)
        pipeline.execute()

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


def _in_words(schedule) -> str:
    """Such as `every 3600 s` or `0 3 * * *`; of a rule of the application only its name is known."""
    rule, arguments = schedule if isinstance(schedule, tuple | list) else (schedule, ())
    name = getattr(rule, "__name__", "a rule")
    first = arguments[0] if arguments else None
    if name == "_periodic" and isinstance(first, int | float):
        return f"every {first:g} s"
    words = first if name == "_cron_expr" and isinstance(first, str) else name
    return shown(str(words))[:_RULE_CHARACTERS]


def _occurrence(scores, order, runs) -> Occurrence:
    found = [(state, score) for state, score in zip(order, scores, strict=True) if isinstance(score, float)]
    state, score = found[0] if found else (None, None)
    read = [_run(json_object(raw)) for raw in runs] if isinstance(runs, list) else []
    return Occurrence(state, score, tuple(filter(None, read)))


def _run(record) -> Run | None:
    numbers = [record.get("started_at"), record.get("seconds")]
    if not all(type(one) in (int, float) and math.isfinite(one) for one in numbers):
        return None
    return Run(*numbers, outcome=str(record.get("outcome")))
