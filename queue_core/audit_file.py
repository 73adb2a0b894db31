"""The audit trail copied to a file that is only ever added to.

What is in the file tells where to go on, so a process that is killed at any moment neither loses nor repeats an entry.
Beside it lies `<file>.end`, which carries the chain over to the next file when this one was moved away.
"""

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator
from pathlib import Path

from queue_core import audit_chain
from queue_core.audit_chain import End

_STEP = 500
_WINDOW_BYTES = 65_536


class AuditFile:
    """One file for one audit trail.  audit: the engine's room.  Several processes may write to the same file."""

    def __init__(self, audit, path: str | os.PathLike):
        self._audit = audit
        self._path = Path(path)
        self._end_path = Path(f"{path}.end")

    def copy(self) -> Iterator[int]:
        """Adds what the trail has and the file has not, in steps; gives how many entries each step added.

        Each step is on the disk before the next begins.  Raises OSError, StoreUnavailable."""
        added = _STEP
        while added == _STEP:
            with self._opened() as file:
                added = self._add(file) if file is not None else 0
            yield added

    @contextlib.contextmanager
    def _opened(self):
        """The file, for this process alone; None while another process has it or it was moved away just now."""
        descriptor = os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o640)
        with open(descriptor, "r+b", buffering=0) as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                yield file if self._is_in_place(file) else None
            except BlockingIOError:
                yield None

    def _is_in_place(self, file) -> bool:
        try:
            return os.path.samestat(os.fstat(file.fileno()), self._path.stat())
        except FileNotFoundError:
            return False

    def _add(self, file) -> int:
        end = self._begin(file)
        entries = self._audit.newer_than(end.id, _STEP)
        lines = [audit_chain.gap(end.id, end.hash)] if entries and self._misses_some(end) else []
        for entry in entries:
            previous = audit_chain.hash_of(lines[-1]) if lines else end.hash
            lines.append(audit_chain.line(entry, previous))
        if lines:
            _write(file, b"".join(lines))
            self._note(file, End(entries[-1].id, audit_chain.hash_of(lines[-1])))
        return len(entries)

    def _misses_some(self, end) -> bool:
        return end.id is not None and not self._audit.holds(end.id)

    # -- where to go on --

    def _begin(self, file) -> End:
        """Where this file ends, or the one before it; a line that was cut off gets its end."""
        size = file.seek(0, os.SEEK_END)
        if not size:
            end = self._end_of_the_file_before()
            self._note(file, end)  # before the first line: who comes next has to find this file, not the one before
            return end
        file.seek(size - 1)
        if file.read(1) != b"\n":
            _write(file, b"\n")
        return _end_of(file, self._noted()[0])

    def _end_of_the_file_before(self) -> End:
        noted, inode = self._noted()
        for path in self._path.parent.iterdir():
            # the end may have been noted before the last lines were written: the file itself knows
            if (
                path.name.startswith(self._path.name)
                and path not in (self._path, self._end_path)
                and path.stat().st_ino == inode
            ):
                with open(path, "rb") as file:
                    # the number may have passed on to another file, such as a compressed one
                    return _end_of(file, noted) if file.read(2) == b'{"' else noted
        return noted

    def _noted(self) -> tuple[End, int | None]:
        try:
            said = json.loads(self._end_path.read_bytes())
            return End(said["id"], said["hash"]), said["inode"]
        except (OSError, ValueError, TypeError, KeyError):
            return End(), None

    def _note(self, file, end):
        said = {"id": end.id, "hash": end.hash, "inode": os.fstat(file.fileno()).st_ino}
        fresh = Path(f"{self._end_path}.new")
        fresh.write_text(json.dumps(said))
        fresh.replace(self._end_path)


def _end_of(file, otherwise: End) -> End:
    """Where the lines of `file` end.  otherwise: whose id holds when no line can be read."""
    size, window = file.seek(0, os.SEEK_END), _WINDOW_BYTES
    while size:
        file.seek(max(0, size - window))
        lines = file.read(window).removesuffix(b"\n").split(b"\n")
        lines = lines[0 if window >= size else 1 :]
        said = (audit_chain.read(line) or {} for line in reversed(lines))
        entry_id = next((one["id"] for one in said if isinstance(one.get("id"), str)), None)
        if lines and (entry_id or window >= size):
            return End(entry_id or otherwise.id, audit_chain.hash_of(lines[-1]))
        window *= 8
    return otherwise


def _write(file, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[file.write(view) :]
    os.fsync(file.fileno())
