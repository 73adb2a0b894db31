"""The ledger: what tasks did, in a file outside Redis, and what is wrong with it.

Every line is `what task_id pid parent_pid at ...`, written in one go to a file that can only grow, so that a line is
there whole even when its writer is killed with the next instruction.  `at` is the machine's monotonic clock.

    begin   a run began                         still   it goes on
    done    it ended well                       raised  it ended with an exception
    gone    process `pid` has ended (task_id is "-"), killed in most cases; `at` is when that was seen
"""

import os
import time
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

NOBODY = "-"

SIGN_EVERY_SECONDS = 0.05
"""How often a run that lasts says that it goes on."""

WAKING_SECONDS = 0.1
"""A process that goes on after a SIGSTOP executes a little before the kernel hands it the alarm that ends its run."""

_SEEN_WITHIN_SECONDS = 0.5


class Pen:
    """Writes to the ledger at `path`; for any number of processes."""

    def __init__(self, path):
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def note(self, what: str, task_id: str, *more) -> None:
        words = (what, task_id, os.getpid(), os.getppid(), f"{time.monotonic():.6f}", *more)
        os.write(self._file, (" ".join(map(str, words)) + "\n").encode())

    def note_gone(self, pid: int) -> None:
        """To be called when the process is no more."""
        os.write(self._file, f"gone {NOBODY} {pid} 0 {time.monotonic():.6f}\n".encode())

    def close(self) -> None:
        os.close(self._file)


@dataclass
class Run:
    """One run of a task.

    ended_by: done | raised | gone (with its process, or with its worker) | broken off (by its guard; or frozen)."""

    task_id: str
    pid: int
    parent_pid: int
    began_at: float
    repeatable: bool
    ended_at: float = 0.0
    ended_by: str = "broken off"


@dataclass
class Ledger:
    """runs: {task_id: its runs, the earliest first}."""

    runs: dict[str, list[Run]] = field(default_factory=dict)

    @classmethod
    def read(cls, path) -> "Ledger":
        lines = Path(path).read_text().splitlines() if Path(path).exists() else []
        runs = _runs([line.split(" ") for line in lines])
        for same in runs.values():
            same.sort(key=lambda run: run.began_at)
        return cls(dict(runs))

    @property
    def done(self) -> set[str]:
        return {task_id for task_id, runs in self.runs.items() if any(run.ended_by == "done" for run in runs)}

    def lost(self, accepted: set[str], held: set[str]) -> set[str]:
        """Tasks that were accepted, never ended well, and are in no state (`held`)."""
        return accepted - self.done - held

    def overlaps(self, longer_than_seconds: float = 0.0) -> list[tuple[Run, Run]]:
        """Pairs of runs of one task of which the second began before the first had ended.

        longer_than_seconds: WAKING_SECONDS where processes are frozen and let go again."""
        return [
            (run, later)
            for runs in self.runs.values()
            for place, run in enumerate(runs)
            for later in runs[place + 1 :]
            if later.began_at + longer_than_seconds < run.ended_at
        ]

    def started_again(self, repeatable: bool) -> list[str]:
        """Tasks that were started more than once."""
        return [task_id for task_id, runs in self.runs.items() if len(runs) > 1 and runs[0].repeatable is repeatable]

    def count(self, ended_by: str) -> int:
        return sum(run.ended_by == ended_by for runs in self.runs.values() for run in runs)


def _runs(lines) -> dict[str, list[Run]]:
    runs, under_way, gone_at = defaultdict(list), {}, defaultdict(list)
    for what, task_id, pid, parent_pid, at, *more in lines:
        pid, parent_pid, at = int(pid), int(parent_pid), float(at)
        if what == "gone":
            gone_at[pid].append(at)
        elif what == "begin":
            run = Run(task_id, pid, parent_pid, at, more[0] == "repeatable", at)
            runs[task_id].append(run)
            under_way[task_id, pid] = run
        else:
            run = under_way[task_id, pid]
            run.ended_at = at
            if what in ("done", "raised"):
                run.ended_by = what
    for run in [run for same in runs.values() for run in same if run.ended_by == "broken off"]:
        _end_with_process(run, gone_at)
    return runs


def _end_with_process(run, gone_at):
    """A run without an end lasts until its process, or the worker that had forked it, was gone.

    That is seen late when a guard had ended the run before, or when the process was frozen.  But a run that lasts says
    so: it has ended at the latest when its next sign was due."""
    ends = [at for pid in (run.pid, run.parent_pid) for at in gone_at.get(pid, ()) if at >= run.began_at]
    next_sign_at = run.ended_at + SIGN_EVERY_SECONDS
    if ends and min(ends) <= next_sign_at + _SEEN_WITHIN_SECONDS:
        run.ended_by = "gone"
    run.ended_at = max(run.ended_at, min([next_sign_at, *ends]))
