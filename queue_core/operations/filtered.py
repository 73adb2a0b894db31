"""One chunk of an operation with a query: it looks at the tasks that come next, and acts on those that are meant."""

import math
from collections import Counter
from dataclasses import dataclass, field

from queue_core import query_syntax, task_facts
from queue_core.clock import monotonic
from queue_core.operations.chunk import act_on, next_rows, source
from queue_core.operations.record import Operation
from queue_core.query import Query
from queue_core.store import Store
from queue_core.text import to_text

SAMPLES = 5
_PLACES = 4
"""Where not all can be looked at, it is done in no fewer places than that, the first and the last ones among them."""
_GOLDEN = 0.6180339887498949
"""Multiples of it, without what stands before the point, lie evenly between 0 and 1, however many there are."""


@dataclass
class Foreseen:
    """total: tasks up to the cut-off; looked_at: so many of them were read; matched: so many of these are meant.

    functions, exceptions: {name, or None: matched}.  samples: ids, at most 5.  first_at, last_at: the lowest and
    the highest score of those that matched, of all that are meant where there is no query; None without one."""

    total: int
    looked_at: int = 0
    matched: int = 0
    functions: Counter = field(default_factory=Counter)
    exceptions: Counter = field(default_factory=Counter)
    samples: list = field(default_factory=list)
    first_at: float | None = None
    last_at: float | None = None

    @property
    def is_exact(self) -> bool:
        return self.looked_at >= self.total

    @property
    def about(self) -> int:
        """How many are meant of all of them."""
        return self.matched if self.is_exact or not self.looked_at else self.matched * self.total // self.looked_at


def foresee(
    store: Store, queue: str, state: str, asked: Query, scores: tuple[float, float], most: int | None, mask=None,
    seconds: float | None = None,
) -> Foreseen:  # fmt: skip
    """What an operation with that query would act on now, told from at most `most` tasks, 200 at a time.

    scores: the lowest and the highest one that are meant.  mask: gives the facts of a task without what the asking
    person may not see.  seconds: after so long it is told from those that were looked at by then, at least one."""
    key, now = store.keys.state(state, queue), store.now()
    ends_at = math.inf if seconds is None else monotonic() + seconds
    found = Foreseen(store.client.zcount(key, *scores))
    before = store.client.zcount(key, "-inf", f"({scores[0]!r}") if scores[0] > -math.inf else 0
    if not asked.may_hold(queue, state):
        found.looked_at = found.total
        return found
    if asked.is_empty:
        found.first_at, found.last_at = _ends(store, key, scores)
    blocks, is_whole = _in_turn(_blocks(found.total, most), seconds), most is None or found.total <= most
    for number, (first, count) in enumerate(blocks, 1):
        # each place gives its share of the samples
        wanted = SAMPLES if is_whole else -(-SAMPLES * number // len(blocks))
        members = store.client.zrange(key, before + first, before + first + count - 1, withscores=True)
        rows = [(to_text(task_id), score) for task_id, score in members]
        # what a person is shown of them is read whatever is asked for
        for facts in task_facts.read(store, queue, state, rows):
            found.looked_at += 1
            if asked.holds(mask(facts) if mask else facts, now) is True:
                _note(found, facts, wanted)
            if monotonic() >= ends_at:
                return found
    found.total = max(found.total, found.looked_at) if most is None else found.total
    return found


def _ends(store, key, scores) -> tuple[float | None, float | None]:
    """The lowest and the highest score in between."""
    (lowest, highest), one = scores, {"start": 0, "num": 1, "withscores": True}
    first = store.client.zrangebyscore(key, lowest, highest, **one)
    last = store.client.zrevrangebyscore(key, highest, lowest, **one)
    return (first[0][1], last[0][1]) if first and last else (None, None)


def _note(found, facts, samples):
    found.matched += 1
    found.first_at = facts.at if found.first_at is None else min(facts.at, found.first_at)
    found.last_at = facts.at if found.last_at is None else max(facts.at, found.last_at)
    found.functions[facts.func] += 1
    found.exceptions[facts.exception_name or None] += 1
    if len(found.samples) < samples:
        found.samples.append(facts.id)


def _blocks(total, most):
    """(first rank, count) of blocks that lie evenly over `total` from its begin to its end, at most 200 each."""
    size = task_facts.AT_ONCE
    if most is None or total <= most:
        return [(first, min(size, total - first)) for first in range(0, total, size)]
    size = max(1, min(size, most // _PLACES))
    count = most // size
    return [(number * (total - size) // max(1, count - 1), size) for number in range(count)]


def _in_turn(blocks, seconds):
    """So that those which are looked at until the time is over lie over the whole too."""
    if seconds is None:
        return blocks
    return [block for _, block in sorted((number * _GOLDEN % 1, block) for number, block in enumerate(blocks))]


def run_filtered(store: Store, operation: Operation, most: int, pace) -> bool:
    """Looks at up to 200 tasks and acts on up to `most` of those that are meant; whether fewer were left.

    pace: called with how many could be acted on; gives how many may be now.  Raises OperationEnded."""
    wanted = min(task_facts.AT_ONCE, operation.remaining)
    rows = next_rows(store, operation, wanted)
    answers = _answers(store, operation, rows)
    meant = [at for at, answer in enumerate(answers) if answer]
    allowed = pace(min(most, len(meant))) if meant and most else 0
    # what stands behind the first one that has to wait is looked at another time
    end = meant[allowed] if allowed < len(meant) else len(rows)
    refused = act_on(store, operation, [rows[at] for at in meant[:allowed]])
    staying = [row for row, answer in zip(rows[:end], answers, strict=False) if not answer or row.id in refused]
    if staying:
        last_id, last_score, _ = staying[-1]
        store.run(
            "pass_by",
            operation_id=operation.id,
            passed_by=end - allowed,
            last_id=last_id,
            last_score=last_score,
            refused=refused,
            **{"from": source(store, operation)},
        )
    return end == len(rows) < wanted


def _answers(store, operation, rows) -> list[bool]:
    # what cannot be told is not meant
    asked = query_syntax.parse(operation.query)
    pairs = [(row.id, row.score) for row in rows]
    facts = task_facts.read(store, operation.queue, operation.state, pairs, asked.reads)
    facts = task_facts.seen(facts, asked.reads, operation.masked_by)
    return [asked.holds(one, operation.created_at) is True for one in facts]
