"""What became of everything that was accepted: from the ledger, from Redis, and from what operators have tried."""

import itertools
from collections import defaultdict

from queue_core import states
from tests.faults.ledger import WAKING_SECONDS, Ledger, Run

MUST_BE_NOTHING = (
    "lost",
    "unique, not run again",
    "overlapping",
    "two on one printer",
    "started again, must not be repeated",
    "died too often",
    "not sound in Redis",
    "left over in Redis",
    "errors in the logs",
    "bad exit status at the end",
)

_MOST_DEATHS = 6
"""A task that takes down its process may lose two workers and be killed four times, before it is put aside."""


class Verdict:
    """in_error: {task id: (queue, reason)} at the end; by whom: the operator's retries and removals."""

    def __init__(self, ledger: Ledger, accepted, operator, in_error: dict):
        self._ledger, self._accepted = ledger, accepted
        self._operator, self._in_error = operator, in_error

    def counts(self) -> dict:
        done = self._ledger.done
        return {
            "lost": sorted(set(self._accepted.once) - done - set(self._in_error) - set(self._operator.removed)) or 0,
            "unique, not run again": self._not_run_again() or 0,
            "overlapping": self._ledger.overlaps(WAKING_SECONDS) or 0,
            "two on one printer": self._beside() or 0,
            "started again, must not be repeated": self._repeated() or 0,
            "died too often": self._died_too_often() or 0,
        }

    def _not_run_again(self):
        """Each enqueue of a unique task has a run after it, unless it failed or was removed."""
        wrong = []
        for name, asked_at in self._accepted.last.items():
            task_id = name.partition("@")[0]
            ran = any(run.began_at >= asked_at and run.ended_by == "done" for run in self._ledger.runs.get(name, ()))
            removed = self._operator.removed.get(task_id, 0.0) >= asked_at
            if not ran and not removed and task_id not in self._in_error:
                wrong.append(name)
        return wrong

    def _beside(self):
        """Runs that held the same lock at the same time."""
        runs: dict[int, list[Run]] = defaultdict(list)
        for task_id, printer in self._accepted.printers.items():
            runs[printer] += self._ledger.runs.get(task_id, [])
        pairs = []
        for same in runs.values():
            same.sort(key=lambda run: run.began_at)
            pairs += [(run, later) for run, later in itertools.pairwise(same) if later.began_at < run.ended_at]
        return pairs

    def _repeated(self):
        return [
            task_id
            for task_id in self._ledger.started_again(repeatable=False)
            if len(self._ledger.runs[task_id]) > 1 + self._operator.retried[task_id]
        ]

    def _died_too_often(self):
        return [
            task_id
            for task_id, function in self._accepted.once.items()
            if function == "die_again"
            and len(self._ledger.runs.get(task_id, ())) > _MOST_DEATHS * (1 + self._operator.retried[task_id])
        ]


def errors(engine, queues) -> dict[str, tuple[str, str]]:
    """{task id: (queue, why)} of all tasks in error."""
    found = {}
    for queue in queues:
        cursor = None
        while True:
            page = engine.browse.page(queue, states.ERROR, cursor=cursor, limit=200)
            for row in page.rows:
                why = (row.failure and (row.failure.reason or row.failure.exception_name)) or row.problem or "unknown"
                found[row.id] = (queue, why)
            cursor = page.next_cursor
            if cursor is None:
                break
    return found
