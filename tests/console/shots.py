"""Snapshots with only the counts that a test is about."""

from queue_core.snapshot import QueueCounts, Snapshot


def shot_of(**queues) -> Snapshot:
    """Of these queues, with `_` for the dots in their names; {count: number} of each, the others 0 or not there."""
    return Snapshot(0.0, {name.replace("_", "."): QueueCounts(**counts) for name, counts in queues.items()})
