"""A task as a line of a file: everything that Redis holds of it, in JSON, without loss.  Pure.

Bytes that are not UTF-8 travel as lone surrogates, which JSON writes as `\\udcXX`; so the file itself is plain ASCII.
"""

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from queue_core import states
from queue_core.errors import InvalidPayload, InvalidRequest
from queue_core.payload import MAX_QUEUE_NAME_LENGTH, Payload, checked_queue
from queue_core.text import to_bytes

KIND = "signalbox task"
MOST_EXECUTIONS = 1000
LONGEST_LINE = 64 * 1024 * 1024
"""Bytes; a longer line is refused without being read."""

_LONGEST_ID = 1000
_COMES_BACK_TO = (states.QUEUED, states.SCHEDULED, states.ERROR)


class BadLine(InvalidRequest):
    """A line of the file is not a task that can be imported."""


@dataclass(frozen=True)
class TaskLine:
    """payload: task JSON, None where there is none.  executions: the failed runs as they stand, oldest first.

    masked: what is secret in it is hidden, so it is for reading alone."""

    queue: str
    state: str
    id: str
    score: float
    payload: str | None
    executions: tuple[str, ...] = ()
    executions_count: int = 0
    masked: bool = False

    def encode(self) -> bytes:
        """One line of ASCII, with its end."""
        fields = {
            "kind": KIND, "queue": self.queue, "state": self.state, "id": self.id, "score": self.score,
            "payload": self.payload, "executions": self.executions, "executions_count": self.executions_count,
        }  # fmt: skip
        if self.masked:
            fields["masked"] = True
        return json.dumps(fields, allow_nan=True).encode("ascii") + b"\n"

    @classmethod
    def decode(cls, raw: bytes, to_queue: str | None = None) -> "TaskLine":
        """The task of a line, checked for what Redis may take.  to_queue: instead of the queue that stands in it.

        Raises BadLine with the reason."""
        line = _read(raw)
        if line.get("masked"):
            raise BadLine("It was exported with its secrets hidden; only a whole export can be imported.")
        found = cls(
            queue=_usable_queue(line.get("queue"), to_queue),
            state=line.get("state"),
            id=line.get("id"),
            score=line.get("score"),
            payload=line.get("payload"),
            executions=_texts(line.get("executions", [])),
            executions_count=line.get("executions_count", 0),
        )
        found._check()
        return found

    def _check(self):
        if self.state not in _COMES_BACK_TO:
            raise BadLine(f"A task comes back to {', '.join(_COMES_BACK_TO)}, not to {self.state!r:.60}.")
        if not isinstance(self.id, str) or not 0 < len(self.id) <= _LONGEST_ID:
            raise BadLine(f"Its id is not a text of 1 to {_LONGEST_ID} characters.")
        if self.id.endswith((":executions", ":executions_count")):
            raise BadLine("Its id is a name under which Redis keeps the runs of another task.")
        if not _is_number(self.score) or not math.isfinite(self.score):
            raise BadLine("Its score is not a number.")
        if type(self.executions_count) is not int or not 0 <= self.executions_count < 2**53:
            raise BadLine("Its executions_count is not a whole number.")
        if not isinstance(self.payload, str) or not self.payload:
            raise BadLine("It has no payload, so nobody could run it.")
        self._check_payload()

    def _check_payload(self):
        # what no worker can read is quarantined there, so a broken payload may come back to that place alone
        if self.state == states.ERROR:
            return
        try:
            Payload.decode(to_bytes(self.payload), self.id)
        except InvalidPayload as error:
            raise BadLine(f"{str(error)[:300]} Such a task can come back to error only.") from error


@dataclass(frozen=True)
class Read:
    """A line that was read: its number, from 1, and its task or what is wrong with it.  end: bytes read so far."""

    number: int
    end: int
    task: TaskLine | None = None
    fault: str = ""


def read_lines(file: BinaryIO, to_queue: str | None = None) -> Iterator[Read]:
    """Every line of a file but empty ones.  A second line of one id is a fault; no more than a line is in memory."""
    number, met = 0, set()
    while raw := file.readline(LONGEST_LINE + 1):
        number += 1
        too_long = len(raw) > LONGEST_LINE
        while len(raw) > LONGEST_LINE and not raw.endswith(b"\n"):
            raw = file.readline(LONGEST_LINE + 1)
        if not too_long and not raw.strip():
            continue
        try:
            if too_long:
                raise BadLine(f"It is longer than {LONGEST_LINE:,} bytes.")
            task = TaskLine.decode(raw, to_queue)
            if hash(task.id) in met:
                raise BadLine("An earlier line has the same id.")
            met.add(hash(task.id))
            yield Read(number, file.tell(), task)
        except BadLine as fault:
            yield Read(number, file.tell(), fault=str(fault))


def _read(raw: bytes) -> dict:
    try:
        line = json.loads(raw.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise BadLine(f"It is not UTF-8, at byte {error.start + 1}.") from error
    except RecursionError as error:
        raise BadLine("It is nested too deeply.") from error
    except ValueError as error:
        raise BadLine(f"It is not JSON: {error}.") from error
    if not isinstance(line, dict) or line.get("kind") != KIND:
        raise BadLine(f'It is not an object with "kind": "{KIND}".')
    return line


def _usable_queue(queue, to_queue) -> str:
    try:
        return checked_queue(to_queue or queue)
    except InvalidRequest as error:
        raise BadLine(
            f"Its queue is not a name of 1 to {MAX_QUEUE_NAME_LENGTH} printable characters; name another with --queue."
        ) from error


def _texts(found) -> tuple[str, ...]:
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
        raise BadLine("Its executions are not a list of texts.")
    if len(found) > MOST_EXECUTIONS:
        raise BadLine(f"It has more than {MOST_EXECUTIONS:,} executions.")
    return tuple(found)


def _is_number(value) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 2**63
