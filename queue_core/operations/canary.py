"""The canary of an operation: its first tasks go ahead, and what becomes of them decides about the rest."""

from dataclasses import dataclass

from queue_core import states
from queue_core.operations.record import Operation
from queue_core.store import Store

MOST_CANARIES = 100
"""So many tasks can go ahead at most."""


@dataclass(frozen=True)
class Verdict:
    """passed: the rest may go; because: why the operation has to stand still; neither: wait."""

    passed: bool = False
    because: str = ""


def judge(store: Store, operation: Operation) -> Verdict:
    """What the tasks that went ahead say by now: in error again is a failure, in no state of their queue a success."""
    released = store.client.zrange(store.keys.operation_released(operation.id), 0, MOST_CANARIES - 1, withscores=True)
    pipeline = store.client.pipeline()
    for task_id, _ in released:
        for state in states.ALL:
            pipeline.zscore(store.keys.state(state, operation.queue), task_id)
    scores = pipeline.execute() if released else []
    count = len(states.ALL)
    held = [dict(zip(states.ALL, scores[at : at + count], strict=True)) for at in range(0, len(scores), count)]
    failed = sum(one[states.ERROR] is not None for one in held)
    waiting = sum(one[states.ERROR] is None and any(score is not None for score in one.values()) for one in held)
    if failed > operation.canary_failures:
        return Verdict(because=f"canary: {failed} of {len(held)} failed again")
    if not waiting:
        return Verdict(passed=True)
    if store.now() > max(score for _, score in released) + operation.canary_seconds:
        return Verdict(because=f"canary: {waiting} of {len(held)} came to no end within {operation.canary_seconds:g} s")
    return Verdict()
