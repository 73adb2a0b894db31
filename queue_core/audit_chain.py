"""The audit trail as lines of a file of which each carries the hash of the one before.  Pure.

A line that was cut off while it was written stays where it is; the chain goes over it.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field

NO_LINE = "0" * 64
"""What the very first line carries."""

FIELDS = ("id", "at", "actor", "door", "verb", "outcome", "queue", "task_id", "operation_id", "reason", "facts")


@dataclass(frozen=True)
class End:
    """Where a chain ends.  id: of the last entry in it, None without one; hash: of its last line."""

    id: str | None = None
    hash: str = NO_LINE


@dataclass
class Checked:
    """What was found in a chain.  faults: sentences; begins_after: what its first line carries; hashes are hex.

    cut_off: lines that were not written to their end; gaps: places where the file itself says
    that entries may be missing."""

    entries: int = 0
    cut_off: int = 0
    gaps: int = 0
    begins_after: str | None = None
    end: End = End()
    faults: list[str] = field(default_factory=list)
    holds_wanted: bool = False


def line(entry, previous: str) -> bytes:
    """One entry of the audit trail after the line whose hash is `previous`, with its line end."""
    return _encoded({name: getattr(entry, name) for name in FIELDS} | {"previous": previous})


def gap(after_id: str, previous: str) -> bytes:
    """Says that Redis had dropped entries before they could be written here."""
    return _encoded({"gap_after": after_id, "previous": previous})


def hash_of(line: bytes) -> str:
    return hashlib.sha256(line.rstrip(b"\n")).hexdigest()


def read(line: bytes) -> dict | None:
    """What a line says; None for one that was cut off, or is none of ours."""
    try:
        said = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return said if isinstance(said, dict) and isinstance(said.get("previous"), str) else None


def order(entry_id: str) -> tuple[int, int]:
    """An id of the trail as what it sorts by.  Raises ValueError."""
    milliseconds, _, number = entry_id.partition("-")
    return int(milliseconds), int(number)


def check(lines: Iterable[tuple[str, bytes]], *, wanted: str | None = None) -> Checked:
    """Goes over a chain, one file after the other.  lines: (place in words, line with its end).

    wanted: the hash of a line that the chain has to hold, noted down at an earlier check."""
    found, place, text = Checked(), "", b"\n"
    for number, (place, text) in enumerate(lines):
        _check_line(found, place, text, is_first=not number)
        found.end = End(found.end.id, hash_of(text))
        found.holds_wanted = found.holds_wanted or found.end.hash == wanted
    if not text.endswith(b"\n"):
        found.faults.append(f"{place} has no end: it is being written now, was cut off, or was shortened")
    if wanted and not found.holds_wanted:
        found.faults.append(f"no line has the hash {wanted}")
    return found


def _check_line(found, place, text, is_first):
    said = read(text)
    if said is None:
        found.cut_off += 1
        return
    if is_first:
        found.begins_after = said["previous"]
    elif said["previous"] != found.end.hash:
        found.faults.append(f"{place} does not follow the line before it: something was changed or taken away there")
    if "gap_after" in said:
        found.gaps += 1
        return
    found.entries += 1
    _check_order(found, place, said.get("id"))


def _check_order(found, place, entry_id):
    try:
        if found.end.id is not None and order(entry_id) <= order(found.end.id):
            found.faults.append(f"{place} is not newer than the entry before it")
        found.end = End(entry_id, found.end.hash)
    except (ValueError, AttributeError):
        found.faults.append(f"{place} has no id of the audit trail")


def _encoded(said: dict) -> bytes:
    return json.dumps(said, separators=(",", ":")).encode() + b"\n"
