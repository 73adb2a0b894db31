"""The record of a failed run, read as far as it can be, whatever stands there.  Pure."""

import json
import re
from dataclasses import dataclass

from queue_core.text import shown

_FUNC = re.compile(rb'"func":\s*"((?:[^"\\]|\\.){1,500})"')
_FIELD = re.compile(r'"(\w+)":\s*("(?:[^"\\]|\\.)*"|[-\d.eE+]+|true|false)')


@dataclass(frozen=True)
class Execution:
    """One failed run.  number: 1 for the first ever.  message: the last line of the traceback, without the class.

    reason: killed | hard_timeout | worker_lost | quarantined | … where no exception of the function ended it.
    facts: the entry as it stands, without the traceback.  cut: it was too long to be read whole."""

    number: int
    started_at: float | None
    failed_at: float | None
    exception_name: str
    message: str
    traceback: str | None
    host: str
    reason: str | None
    facts: dict
    cut: bool = False

    def predates(self, failed_at: float) -> bool:
        """Whether a task that failed for good at `failed_at` died later than in this run, without leaving another."""
        # the state change follows the record at once; clocks of two processes may differ by a little
        return self.failed_at is not None and failed_at - self.failed_at > 5


def found_func(raw: bytes) -> str | None:
    """The function that a payload, or its beginning, names."""
    found = _FUNC.search(raw)
    try:
        return shown(json.loads(b'"' + found[1] + b'"')) if found else None
    except ValueError:
        return None


def read_execution(number: int, text: str, tail: str) -> Execution:
    """An entry of the list, read as far as it can be; whatever stands there."""
    try:
        facts = {} if tail else json.loads(text)
    except (ValueError, RecursionError):
        facts = {}
    if not isinstance(facts, dict):
        facts = {}
    facts = facts or _fields_found(text + " " + tail)
    traceback = facts.pop("traceback", None)
    extension = facts.get("x") if isinstance(facts.get("x"), dict) else {}
    traceback = shown(traceback) if isinstance(traceback, str) else None
    name = shown(str(facts.get("exception_name") or "unknown"))
    return Execution(
        number=number,
        started_at=_number(facts.get("time_started")),
        failed_at=_number(facts.get("time_failed")),
        exception_name=name,
        message=_message(traceback, name),
        traceback=traceback,
        host=shown(str(facts.get("host") or "")),
        reason=shown(str(extension["reason"])) if "reason" in extension else None,
        facts=facts,
        cut=bool(tail),
    )


def _fields_found(text: str) -> dict:
    found = {}
    for name, value in _FIELD.findall(text):
        try:
            found.setdefault(name, json.loads(value))
        except ValueError:
            continue
    return found


def _number(value) -> float | None:
    try:
        return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None
    except OverflowError:  # JSON knows integers of any length
        return None


def _message(traceback, exception_name: str) -> str:
    if not traceback or not traceback.strip():
        return ""
    lines = traceback.strip().splitlines()
    # the message may have several lines: it begins at the last one that names the exception
    class_name = exception_name.rpartition(":")[2]
    for line in reversed(lines):
        name, colon, message = line.partition(":")
        if colon and name.rpartition(".")[2] == class_name.rpartition(".")[2]:
            return message.strip()
    return lines[-1].strip()
