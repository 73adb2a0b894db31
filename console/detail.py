"""One task with all that is known of it, ready for its page.  Pure."""

import json
import shlex
from dataclasses import dataclass

from console import presenters, tracebacks
from console.presenters import MAX_ARGUMENT_CHARACTERS, visible

MAX_SHOWN_CHARACTERS = 20_000
MAX_ONE_LINE = 80
META_FIELDS = (
    "time_last_queued",
    "hard_timeout",
    "unique",
    "unique_key",
    "lock",
    "lock_key",
    "retry_on",
    "retry_method",
    "schedule",
    "max_queue_size",
    "max_stored_executions",
    "runner_class",
)
PLACED_FACTS = {"time_started", "time_failed", "exception_name", "success", "host", "traceback", "x", "reason"}
MOMENT_FIELDS = ("time_last_queued",)
MAX_HELD_CHARACTERS = 200
"""The longest name of a function that can be held."""


@dataclass(frozen=True)
class Text:
    """A text that may have been cut for the page."""

    text: str
    cut: bool


@dataclass(frozen=True)
class Attempt:
    """One failed run."""

    number: int
    started_at: float | None
    failed_at: float | None
    exception: str
    message: Text
    traceback: tracebacks.Traceback | None
    host: str
    cause: str | None
    facts: tuple[tuple[str, str], ...]
    cut: bool

    @property
    def seconds(self) -> float | None:
        if self.started_at is None or self.failed_at is None:
            return None
        return max(0.0, self.failed_at - self.started_at)


@dataclass(frozen=True)
class Detail:
    """The page of one task.  id and queue as they stand in Redis; all the rest is for people.

    function: by which it can be held; None where it has no usable name."""

    id: str
    queue: str
    state: str
    score: float
    states: tuple
    name: str
    function: str | None
    args: Text | None
    kwargs: Text | None
    meta: tuple[tuple[str, object, bool], ...]
    raw: Text
    payload_size: str
    too_large: bool
    attempts: tuple[Attempt, ...]
    attempts_kept: int
    attempts_left_out: int
    budget: str
    retry_promise: str
    stale_traceback: bool
    recoveries: int
    problem: str | None
    edited_from: str | None
    verbs: tuple[str, ...]

    @property
    def newest(self) -> Attempt | None:
        return self.attempts[0] if self.attempts else None

    @property
    def retry_command(self) -> str | None:
        """The command that retries it; None where it cannot be, or has a name that cannot be typed."""
        if "retry" not in self.verbs or not (self.queue + self.id).isprintable():
            return None
        ends_options = ["--"] if self.queue.startswith("-") or self.id.startswith("-") else []
        return shlex.join(["signalbox", "retry", *ends_options, self.queue, self.id])

    @property
    def attempt_numbers(self) -> frozenset[int]:
        return frozenset(attempt.number for attempt in self.attempts)

    @property
    def earlier(self) -> tuple[Attempt, ...]:
        return self.attempts[1:]


def drawn(task, *, whole: bool = False) -> Detail:
    """The page of a TaskDetail; texts are cut at 20 kB unless `whole`."""
    attempts = tuple(attempt(execution, whole=whole) for execution in task.executions)
    allowed = task.attempts_allowed
    return Detail(
        id=task.id,
        queue=task.queue,
        state=task.state,
        score=task.score,
        states=tuple(task.states),
        name=visible(task.func) if task.func else "Unknown function",
        function=task.func if task.func and task.func.isprintable() and len(task.func) <= MAX_HELD_CHARACTERS else None,
        args=_json(task.args, whole),
        kwargs=_json(task.kwargs, whole),
        meta=_meta(task.fields or {}),
        raw=cut(task.raw or "", whole),
        payload_size=presenters.size(task.payload_bytes) if task.payload_bytes else "missing",
        too_large=task.too_large,
        attempts=attempts,
        attempts_kept=task.executions_kept,
        attempts_left_out=max(0, task.executions_kept - len(attempts)),
        budget=presenters.attempts(task.executions_count, allowed),
        retry_promise=presenters.retry_promise(task.executions_count, allowed),
        stale_traceback=task.stale_traceback,
        recoveries=task.recoveries,
        problem=task.problem and visible(task.problem),
        edited_from=_edited_from(task.fields or {}),
        verbs=presenters.verbs(task.state, task.payload_bytes > 0),
    )


def _edited_from(fields):
    extension = fields.get("x")
    origin = extension.get("edited_from") if isinstance(extension, dict) else None
    return origin if isinstance(origin, str) and origin else None


def attempt(execution, *, whole: bool = False) -> Attempt:
    return Attempt(
        number=execution.number,
        started_at=execution.started_at,
        failed_at=execution.failed_at,
        exception=visible(execution.exception_name or "unknown exception"),
        message=cut(execution.message or "", whole, 2000),
        traceback=tracebacks.drawn(execution.traceback, whole=whole),
        host=visible(execution.host or "unknown"),
        cause=presenters.cause(execution),
        facts=_more_facts(execution.facts or {}),
        cut=execution.cut,
    )


def _more_facts(facts):
    """What the execution holds beyond the fields that have a place of their own."""
    ours = facts.get("x") if isinstance(facts.get("x"), dict) else {}
    more = {name: value for name, value in (facts | ours).items() if name not in PLACED_FACTS}
    return tuple((visible(name), _short_json(value)) for name, value in more.items())


def cut(text: str, whole: bool = False, limit: int = MAX_SHOWN_CHARACTERS) -> Text:
    text = visible(text)
    return Text(text, False) if whole or len(text) <= limit else Text(text[:limit] + "…", True)


def _json(value, whole):
    if value is None:
        return None
    short = json.dumps(value, ensure_ascii=False, default=str)
    return cut(
        short if len(short) <= MAX_ONE_LINE else json.dumps(value, indent=2, ensure_ascii=False, default=str), whole
    )


def _short_json(value):
    return presenters.shortened(json.dumps(value, ensure_ascii=False, default=str), MAX_ARGUMENT_CHARACTERS)


def _meta(fields):
    """Of the known fields those that are set: (name, value, whether the value is a moment)."""
    found = []
    for name in META_FIELDS:
        value = fields.get(name)
        if value is None or value is False:
            continue
        at = presenters.moment(value) if name in MOMENT_FIELDS else None
        found.append((name, _short_json(value) if at is None else at, at is not None))
    return tuple(found)
