"""Runs, and what queues showed of tasks that came and went, added up until somebody writes them down.  Pure."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from queue_core.histogram import bucket_of

SUCCEEDED, RETRIED, FAILED, STOPPED = "succeeded", "retried", "failed", "stopped"

COUNTERS = {
    "started": "b",
    SUCCEEDED: "s",
    RETRIED: "r",
    FAILED: "f",
    STOPPED: "x",
    "killed": "k",
    "recovered": "v",
}
"""What workers count, and the letter that it has in Redis."""

READY, TAKEN, ERRORS = "ready", "taken", "errors"
FLOWS = {READY: "r", TAKEN: "t", ERRORS: "e"}
"""What a queue shows whoever serves it, and the letter that it has in Redis.  ready, taken: at least so many."""

WAIT, RUN, FAILING = "w", "r", "f"
ALL, QUEUE, FUNCTION = "all", "queue", "function"
KINDS = (ALL, QUEUE, FUNCTION)
MINUTE_SECONDS = 60

_MOST_CELLS = 5000


@dataclass
class Cell:
    """What happened in one minute.  counts: by counter or flow; times: (WAIT, RUN or FAILING, bucket) -> how many."""

    counts: Counter = field(default_factory=Counter)
    times: Counter = field(default_factory=Counter)

    def add(self, other: "Cell") -> None:
        self.counts.update(other.counts)
        self.times.update(other.times)


class Tally:
    """Not for several threads at once.  Moments are Unix seconds on the server's clock."""

    def __init__(self):
        self._cells: dict[tuple[str | None, str | None, int], Cell] = {}

    def __len__(self) -> int:
        """How many minutes of how many queues and functions it holds."""
        return len(self._cells)

    def start(self, queue: str, function: str, at: float, count: int = 1) -> None:
        """Runs began; a negative count takes back what did not."""
        self._cell(queue, function, at).counts["started"] += count

    def end(self, queue: str, function: str, at: float, ending: str, *, killed: bool = False) -> None:
        """A run came to an end.  ending: SUCCEEDED, RETRIED, FAILED or STOPPED; killed: by a signal or its timeout."""
        counts = self._cell(queue, function, at).counts
        counts[ending] += 1
        if killed:
            counts["killed"] += 1

    def time(self, queue: str, function: str, at: float, *, wait_seconds: float, run_seconds: float) -> None:
        """How long a task waited from when it was runnable to its run, and how long it ran."""
        times = self._cell(queue, function, at).times
        times[WAIT, bucket_of(wait_seconds)] += 1
        times[RUN, bucket_of(run_seconds)] += 1

    def recover(self, queue: str, at: float, count: int = 1) -> None:
        """Tasks of a lost worker were put where they belong."""
        self._cell(queue, None, at).counts["recovered"] += count

    def flow(self, queue: str, at: float, *, ready: int, taken: int) -> None:
        """At least so many tasks became ready in a queue, and at least so many were taken from it."""
        counts = self._cell(queue, None, at).counts
        counts[READY] += ready
        counts[TAKEN] += taken

    def fail(self, queue: str, at: float, run_seconds: float | None) -> None:
        """A task came into error, whoever ran it.  run_seconds: of its last run; None: unknown."""
        cell = self._cell(queue, None, at)
        cell.counts[ERRORS] += 1
        if run_seconds is not None:
            cell.times[FAILING, bucket_of(run_seconds)] += 1

    def by_subject(self) -> Iterator[tuple[str, str, int, Cell]]:
        """(kind, name, minute as Unix seconds, cell): each run counts for all, for its queue and for its function."""
        found: dict[tuple[str, str, int], Cell] = {}
        for (queue, function, minute), cell in self._cells.items():
            for kind, name in ((ALL, ""), (QUEUE, queue), (FUNCTION, function)):
                if name is not None:
                    found.setdefault((kind, name, minute), Cell()).add(cell)
        return ((*subject, cell) for subject, cell in found.items())

    def add(self, other: "Tally") -> None:
        """Takes over what another one counted."""
        for place, cell in other._cells.items():
            self._cell_at(place).add(cell)

    def _cell(self, queue, function, at) -> Cell:
        return self._cell_at((queue, function, int(at // MINUTE_SECONDS) * MINUTE_SECONDS))

    def _cell_at(self, place) -> Cell:
        cell = self._cells.get(place)
        if cell is None:
            if len(self._cells) >= _MOST_CELLS:  # the sum stays right whatever the names are
                place = (None, None, place[2])
            cell = self._cells.setdefault(place, Cell())
        return cell
