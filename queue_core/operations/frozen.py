"""The selection of an operation whose tasks stay in their state: each with the score that it has at the start.

Such an operation would meet again what it has given another time already.  So what it means is noted before it begins;
the script that acts on a task takes it off that list, and leaves alone what has another score by then.
"""

import math
from collections.abc import Iterable

from queue_core import query_syntax, states, task_facts
from queue_core.errors import InvalidRequest
from queue_core.operations.plan import LATEST_DUE, Plan
from queue_core.store import Store
from queue_core.text import to_bytes, to_text

MOST = 1_000_000
"""So many tasks of one queue can be given another time by one operation."""
MOST_CHOSEN_BY_QUERY = 10_000
"""Of so many tasks a spread with a query can find those that it means before it begins."""

_STEP = 200
_KEEP_SECONDS = 600
_BELOW_ASIDE = math.nextafter(LATEST_DUE + 1.0, 0.0)


def bounds(state: str, not_before: float | None, not_after: float | None) -> tuple[float, float]:
    """The lowest and highest score that is meant; tasks that stand aside for a hold keep their place."""
    highest = math.inf if not_after is None else not_after
    if state == states.SCHEDULED:
        highest = min(highest, _BELOW_ASIDE)
    return -math.inf if not_before is None else not_before, highest


def freeze(
    store: Store, operation_id: str, queue: str, state: str, plan: Plan, *, not_after, ids: list | None, query: str,
    masked_by: tuple = (),
) -> int:  # fmt: skip
    """Notes what an operation means: these ids, or all of a state up to a score.  Gives how many there are.

    A spread needs to know how many its query means, so it looks at them here; what else has a query looks as it goes.
    Raises InvalidRequest for too many."""
    if ids is not None:
        return _freeze_ids(store, operation_id, queue, state, ids)
    frozen = _freeze_all(store, operation_id, queue, state, *bounds(state, plan.not_before, not_after))
    if query and plan.spread_seconds is not None:
        return _keep_meant(store, operation_id, queue, state, query, masked_by)
    return frozen


def first_of_all(store: Store, state: str, chosen: dict, plan: Plan) -> float:
    """When a spread of {queue: ids; None: all} begins: with the first of the tasks, and not before now."""
    now = store.now()
    if state != states.SCHEDULED:
        return now
    firsts = [_first_score(store, queue, ids, plan) for queue, ids in chosen.items()]
    return max(now, min((one for one in firsts if one is not None), default=now))


def _first_score(store, queue, ids, plan) -> float | None:
    key, (lowest, highest) = store.keys.state(states.SCHEDULED, queue), bounds(states.SCHEDULED, plan.not_before, None)
    if ids is None:
        first = store.client.zrange(key, lowest, highest, byscore=True, offset=0, num=1, withscores=True)
        return first[0][1] if first else None
    scores = store.client.zmscore(key, [to_bytes(one) for one in ids])
    return min((score for score in scores if score is not None), default=None)


def _freeze_all(store, operation_id, queue, state, lowest, highest) -> int:
    if store.client.zcount(store.keys.state(state, queue), lowest, highest) > MOST:
        raise InvalidRequest(f"At most {MOST:,} tasks of a queue get another time at once; narrow them by their times.")
    last = ("", "")
    for _ in range(2 * MOST // _STEP):
        last = store.run(
            "freeze",
            queue=queue,
            state=state,
            operation_id=operation_id,
            lowest=lowest,
            highest=highest,
            last_id=last[0],
            last_score=last[1],
            limit=_STEP,
            keep_seconds=_KEEP_SECONDS,
        )
        if not last:
            break
    return store.client.zcard(store.keys.operation_frozen(operation_id))


def _freeze_ids(store, operation_id, queue, state, ids) -> int:
    key, frozen = store.keys.state(state, queue), store.keys.operation_frozen(operation_id)
    for some in _parts([to_bytes(one) for one in ids], _STEP):
        scores = zip(some, store.client.zmscore(key, some), strict=True)
        there = {one: score for one, score in scores if score is not None and score <= bounds(state, None, None)[1]}
        if there:
            store.client.zadd(frozen, there)
            store.client.expire(frozen, _KEEP_SECONDS)
    return store.client.zcard(frozen)


def _keep_meant(store, operation_id, queue, state, text, masked_by) -> int:
    """Takes off the list what a query does not mean."""
    frozen, asked, now = store.keys.operation_frozen(operation_id), query_syntax.parse(text), store.now()
    if store.client.zcard(frozen) > MOST_CHOSEN_BY_QUERY:
        store.client.unlink(frozen)
        raise InvalidRequest(
            f"A spread with a filter finds its tasks among {MOST_CHOSEN_BY_QUERY:,} of a queue at most; "
            "narrow them by their times."
        )
    members = [(to_text(one), score) for one, score in store.client.zrange(frozen, 0, -1, withscores=True)]
    for rows in _parts(members, task_facts.AT_ONCE):
        facts = task_facts.seen(task_facts.read(store, queue, state, rows, asked.reads), asked.reads, masked_by)
        others = [to_bytes(one.id) for one in facts if asked.holds(one, now) is not True]
        if others:
            store.client.zrem(frozen, *others)
    return store.client.zcard(frozen)


def _parts(items, size) -> Iterable[list]:
    return (items[first : first + size] for first in range(0, len(items), size))
