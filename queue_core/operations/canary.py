"""The canary of an operation: its first tasks go ahead, and what becomes of them decides about the rest."""

from dataclasses import dataclass

from queue_core import task_facts
from queue_core.operations.filtered import foresee
from queue_core.operations.outcomes import settle
from queue_core.operations.record import Operation, read_operation
from queue_core.query import Query
from queue_core.store import Store
from queue_core.text import to_text

MOST_CANARIES = 100
"""So many tasks can go ahead at most."""

_LOOKED_AT, _LOOK_SECONDS = 4000, 1.0
"""To find where a query means most, over all queues together."""


@dataclass(frozen=True)
class Verdict:
    """passed: the rest may go; because: why the operation has to stand still; neither: wait."""

    passed: bool = False
    because: str = ""


def most_meant_first(
    store: Store, queues: list[str], state: str, asked: Query, scores: tuple[float, float], masked_by
) -> list[str]:
    """The queues, that in which a query means most tasks first, as far as a look at some of each tells."""

    def mask(facts):
        return next(iter(task_facts.seen([facts], asked.reads, masked_by)))

    most, seconds = max(_LOOKED_AT // len(queues), 1), _LOOK_SECONDS / len(queues)
    about = {one: foresee(store, one, state, asked, scores, most, mask, seconds).about for one in queues}
    return sorted(queues, key=lambda queue: -about[queue])


def judge(store: Store, operation: Operation) -> Verdict:
    """What the tasks that went ahead say by now: in error again is a failure, and what is gone is none."""
    released = store.client.zrange(store.keys.operation_released(operation.id), 0, MOST_CANARIES - 1, withscores=True)
    settle(store, operation, [(to_text(task_id), score) for task_id, score in released])
    now = read_operation(operation.id, store.client.hgetall(store.keys.operation(operation.id))) or operation
    # until it has passed nothing else was released
    failed, waiting = now.outcomes.failed, now.outcomes.waiting
    if failed > operation.canary_failures:
        return Verdict(because=f"canary: {failed} of {operation.canary} failed again")
    if not waiting:
        return Verdict(passed=True)
    if (
        store.now()
        > max((score for _, score in released), default=operation.ended_at or 0.0) + operation.canary_seconds
    ):
        return Verdict(
            because=f"canary: {waiting} of {operation.canary} came to no end within {operation.canary_seconds:g} s"
        )
    return Verdict()
