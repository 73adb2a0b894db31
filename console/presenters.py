"""Records turned into words and classes for people.  Pure: nothing here reads Redis or the request."""

import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime

from markupsafe import Markup, escape

from queue_core import shown, states

MAX_ARGUMENT_CHARACTERS = 200
MAX_MESSAGE_CHARACTERS = 300
MAX_QUEUE_CHARACTERS = 200
DUE_NOW_SECONDS = 15
"""A run may be that long past its hard timeout: first it is interrupted, then its worker kills it."""

STATE_WORDS = {
    states.ERROR: "failed for good; wait for a person",
    states.QUEUED: "wait for a worker",
    states.SCHEDULED: "wait for their time",
    states.ACTIVE: "held by a worker now",
}
"""The four states in the order of the console, with what the tasks in them do."""

SCORE_WORDS = {
    states.ERROR: "Failed",
    states.QUEUED: "Ready since",
    states.SCHEDULED: "Due",
    states.ACTIVE: "Last sign of life",
}
"""What the score of a task means, by state."""

VERBS = {
    states.ERROR: ("retry", "reschedule", "move", "delete"),
    states.QUEUED: ("move", "cancel", "delete"),
    states.SCHEDULED: ("reschedule", "move", "cancel", "delete"),
    states.ACTIVE: (),
}
"""What an operator may do with one task, by state."""

WITHOUT_PAYLOAD = ("cancel", "delete")
"""What is left to do with a task that has lost its payload."""

DONE_WORDS = {
    "retry": "retried",
    "delete": "deleted",
    "purge": "purged",
    "move": "moved",
    "reschedule": "given another time",
}

REASON_WORDS = {
    "killed": "its process was killed",
    "ended_by_a_person": "a person ended it",
    "hard_timeout": "it ran longer than its hard timeout",
    "worker_lost": "its worker was lost",
    "quarantined": "it took down its worker too often",
    "payload_missing": "its payload was gone",
    "name_not_allowed": "no worker may run its function",
}

PAUSE_CHOICES = (
    ("900", "15 minutes"),
    ("3600", "1 hour"),
    ("14400", "4 hours"),
    ("86400", "1 day"),
    ("", "until resumed"),
)
HOLD_CHOICES = (*PAUSE_CHOICES[:-1], ("", "until released"))
AGE_CHOICES = (
    ("3600", "1 hour"),
    ("86400", "1 day"),
    ("604800", "7 days"),
    ("2592000", "30 days"),
    ("0", "now: all of them"),
)

CAUSE_WINDOWS = (("1", "hour"), ("3", "3 hours"), ("24", "24 hours"), ("72", "3 days"), ("168", "7 days"))
"""Hours and words of the windows that the failures of an error group are counted in."""

_JOINTS = re.compile(r"([.:_]+)(?=[^.:_])")

_CONTROLS = {code: 0x2400 + code for code in range(32) if code not in (9, 10)}
_DIRECTIONS = dict.fromkeys((*range(8234, 8239), *range(8294, 8298), 8206, 8207), 65533)
_HIDDEN = {**_CONTROLS, 127: 0x2421, **_DIRECTIONS}


def visible(text: str) -> str:
    """`text` as a person may see it: bad bytes, control characters and direction marks become visible signs."""
    if text.isprintable():  # by far most are, and a page shows thousands
        return text
    return shown(text).translate(_HIDDEN)


def breakable(text: str) -> Markup:
    """A dotted name that a browser may break after `.`, `:` and `_`, and only there while that suffices."""
    return Markup(_JOINTS.sub(r"\1<wbr>", str(escape(visible(text)))))


def shortened(text: str | None, limit: int = MAX_ARGUMENT_CHARACTERS) -> str:
    text = visible(text or "")
    return text if len(text) <= limit else text[: limit - 1] + "…"


def number(value) -> str:
    """A count with thousands apart; "unknown" for None, which is never 0."""
    return "unknown" if value is None else f"{value:,}".replace(",", "\u202f")


def compact(count: int) -> str:
    """A count for where there is little room: `12 431`, and `203k` from a hundred thousand on."""
    if count < 100_000:
        return number(count)
    return f"{count // 1000}k" if count < 1_000_000 else f"{count / 1_000_000:.1f}M"


def plural(count: int, noun: str, nouns: str | None = None) -> str:
    return f"{number(count)} {noun if count == 1 else nouns or noun + 's'}"


def size(count: int) -> str:
    for unit in ("bytes", "kB", "MB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "bytes" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} GB"


def duration(seconds: float) -> str:
    """A length of time in the two largest units that matter, such as `3 h 20 min`."""
    seconds = max(0, int(seconds))
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 3600:
        return f"{seconds // 60} min"
    if seconds < 86400:
        return f"{seconds // 3600} h {seconds % 3600 // 60} min" if seconds % 3600 >= 60 else f"{seconds // 3600} h"
    days, hours = divmod(seconds // 3600, 24)
    return f"{days} d {hours} h" if hours and days < 7 else f"{days} d"


def run_time(seconds: float | None) -> str:
    """How long a task ran, as fine as it matters; "unknown" for None."""
    if seconds is None or not math.isfinite(seconds):
        return "unknown"
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    return f"{seconds:.1f} s" if seconds < 10 else duration(seconds)


def ago(at: float | None, now: float) -> str:
    """`at` relative to now, such as `3 min ago` or `in 2 h`; "unknown" for None, "never" past every calendar."""
    if _moment(at) is None:
        return _no_moment(at)
    if at > now + 1:
        return f"in {duration(at - now)}"
    return f"{duration(now - at)} ago"


def due(at: float | None, now: float) -> str:
    """As `ago`; `now` for what is due and about to be taken up."""
    is_now = at is not None and -1 <= now - at <= DUE_NOW_SECONDS
    return "now" if is_now else ago(at, now)


def iso(at: float | None) -> str | None:
    """`at` for a datetime attribute, in UTC; None when it is no moment a calendar knows."""
    moment = _moment(at)
    return moment and moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def utc(at: float | None) -> str:
    """`at` in words, in UTC, zone said."""
    moment = _moment(at)
    if moment is None:
        return _no_moment(at)
    return moment.strftime("%Y-%m-%d %H:%M:%S UTC")


def _moment(at):
    try:
        return None if at is None else datetime.fromtimestamp(at, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _no_moment(at):
    return "unknown" if at is None or at != at else "never" if at > 0 else "no date"


def short_id(task_id: str) -> str:
    text = visible(task_id)
    return text if len(text) <= 16 else text[:12] + "…"


def attempts(executions_count: int, allowed: int | None) -> str:
    """How far the budget is used, such as `3 of 4 attempts used`."""
    if allowed is None:
        return f"{plural(executions_count, 'failed attempt')} so far"
    return f"{number(executions_count)} of {plural(allowed, 'attempt')} used"


def retry_promise(executions_count: int, allowed: int | None) -> str:
    """What a retry gives, said before it is pressed."""
    if allowed is None or executions_count < allowed:
        left = "" if allowed is None else f", up to {allowed - executions_count}"
        return f"Retry goes on with the attempts that are left{left}."
    return "The attempts are used up: Retry gives one more; with a fresh budget it gives all of them again."


def rate(per_second: float) -> str:
    """Such as `20 a second`, or `30 an hour` for slow ones; without one: as fast as it goes."""
    if not per_second:
        return "as fast as it goes"
    for count, unit in ((per_second, "second"), (per_second * 60, "minute")):
        if count >= 1:
            return f"{count:,.4g} a {unit}".replace(",", " ")
    return f"{per_second * 3600:.4g} an hour"


def time_left(operation, now: float) -> str:
    """How long an operation that has not ended will still take, in words."""
    if operation.paused:
        return "stands still"
    seconds = operation.seconds_left(now)
    return "time left unknown" if seconds is None else f"about {duration(max(seconds, 1))} left"


def pause_end(until_at: float | None, now: float) -> str:
    if until_at is None or math.isinf(until_at):
        return "until resumed"
    return f"ends {ago(until_at, now)}"


@dataclass(frozen=True)
class Failure:
    """The newest failure of a task in a line. exception: last part of the class name; cause: in words, or None."""

    exception: str
    message: str
    cause: str | None


def failure(execution) -> Failure | None:
    if execution is None:
        return None
    name = visible(execution.exception_name or "unknown exception")
    return Failure(
        exception=name.rpartition(":")[2].rpartition(".")[2] or name,
        message=shortened(" ".join((execution.message or "").split()), MAX_MESSAGE_CHARACTERS),
        cause=cause(execution),
    )


def cause(execution) -> str | None:
    reason = execution.reason
    return REASON_WORDS.get(reason, reason and visible(str(reason)))


@dataclass(frozen=True)
class Row:
    """One task in a list.  id and queue as they stand in Redis; all the rest is for people."""

    id: str
    queue: str
    state: str
    name: str
    short_id: str
    arguments: str
    failure: Failure | None
    executions_count: int
    at: float
    verbs: tuple[str, ...]
    problem: str | None

    @property
    def label(self) -> str:
        return f"{self.name} {self.short_id}"


def task_row(row) -> Row:
    return Row(
        id=row.id,
        queue=row.queue,
        state=row.state,
        name=shortened(row.func) if row.func else "unknown function",
        short_id=short_id(row.id),
        arguments=shortened(row.arguments) + ("…" if row.arguments_cut and len(row.arguments) < 200 else ""),
        failure=failure(row.failure),
        executions_count=row.executions_count,
        at=row.score,
        verbs=verbs(row.state, row.payload_bytes > 0),
        problem=row.problem and visible(row.problem),
    )


def function_of(row) -> str:
    return visible(row.func or "")


def exception_of(row) -> str:
    return visible(row.failure.exception_name or "") if row.failure else ""


def verbs(state: str, has_payload: bool) -> tuple[str, ...]:
    """What an operator may do with a task."""
    return tuple(verb for verb in VERBS[state] if has_payload or verb in WITHOUT_PAYLOAD)


def words_of(row) -> str:
    """All that the text filter of the errors page looks at."""
    return " ".join((exception_of(row), visible(row.failure.message or "") if row.failure else "", function_of(row)))


_DUE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?Z?", re.ASCII)


def due_at(text: str) -> float | None:
    """The Unix time of a date and time in UTC, with or without a Z behind it, or None when it is not one."""
    if not _DUE.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()
    except ValueError:
        return None


def typed_moment(at: float) -> str:
    """The same back: as it is typed, in UTC."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds").replace("+00:00", "")


def moment(value) -> float | None:
    """`value`, whatever somebody wrote into JSON, as Unix seconds; None when it is no number."""
    try:
        return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
    except OverflowError:
        return None
