"""Batch queues: how many tasks one claim takes, and which of them run together (wire §10.2)."""

from queue_core.queue_filter import ancestry

MOST_IN_A_CLAIM = 3000
"""More would keep Redis from its other work for too long."""


def size_for(queue: str, batch_queues) -> int | None:
    """The size that is configured for the longest prefix of `queue`; None when it is no batch queue."""
    size = next((batch_queues[name] for name in ancestry(queue) if name in batch_queues), None)
    return None if size is None else max(int(size), 1)


def by_function(ready) -> list[list]:
    """The tasks of each function together, functions in the order in which they come first."""
    groups = {}
    for one in ready:
        groups.setdefault(one.payload.func, []).append(one)
    return list(groups.values())
