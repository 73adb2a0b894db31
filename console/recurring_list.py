"""Recurring work as rows: when it ran, when it runs next.  Pure."""

from dataclasses import dataclass

from console.presenters import run_time, utc, visible
from queue_core import states

OVERDUE_SECONDS = 60
DOTS = 10
UNKNOWN = "unknown"


@dataclass(frozen=True)
class Work:
    """What a worker says of one recurring function.  queue and id as they stand in Redis."""

    func: str
    queue: str
    id: str
    schedule: str


@dataclass(frozen=True)
class Dot:
    """One run, the oldest on the left.  words: for whoever cannot see it."""

    kind: str
    words: str


@dataclass(frozen=True)
class Row:
    """One recurring function.  overdue: it should have begun; missing: no occurrence waits or runs."""

    work: Work
    name: str
    state: str | None
    at: float | None
    last: object | None
    dots: list[Dot]
    overdue: bool
    missing: bool


def works(workers) -> list[Work]:
    """The recurring functions of these processes, each once, by name; what is of a strange shape is passed over."""
    told = [each for worker in workers for each in _listed(worker.facts.get("recurring")) if isinstance(each, dict)]
    found = {
        tuple(each.get(name) for name in ("func", "queue", "id", "schedule"))
        for each in told
        if all(isinstance(each.get(name), str) for name in ("func", "queue", "id", "schedule"))
    }
    return [Work(*facts) for facts in sorted(found)]


def rows(found: list[Work], occurrences: list, now: float) -> list[Row]:
    """Those in trouble first."""
    drawn = [_row(work, one, now) for work, one in zip(found, occurrences, strict=False)]
    return sorted(drawn, key=lambda row: (not row.missing, not row.overdue, not _failed(row), row.name))


def _row(work, occurrence, now):
    waits = occurrence.state in (states.SCHEDULED, states.QUEUED)
    return Row(
        work=work,
        name=visible(work.func),
        state=occurrence.state,
        at=occurrence.score,
        last=occurrence.runs[0] if occurrence.runs else None,
        dots=[_dot(run) for run in reversed(occurrence.runs[:DOTS])],
        overdue=waits and now - occurrence.score > OVERDUE_SECONDS,
        missing=occurrence.state not in (states.SCHEDULED, states.QUEUED, states.ACTIVE),
    )


def _failed(row):
    return row.last is not None and row.last.outcome != "done"


def _dot(run):
    kind = "done" if run.outcome == "done" else "failed"
    return Dot(kind, f"{visible(run.outcome)}, {utc(run.started_at)}, took {run_time(run.seconds)}")


def _listed(value):
    return value if isinstance(value, list | tuple) else ()
