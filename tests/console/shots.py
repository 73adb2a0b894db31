"""Snapshots of the shape that the engine gives, with only the counts that a test is about."""


class Shot:
    """A snapshot of the shape that the engine gives."""

    def __init__(self, **queues):
        self.queues = {name.replace("_", "."): Counted(**counts) for name, counts in queues.items()}


class Counted:
    def __init__(self, **counts):
        moments = dict.fromkeys(("oldest_queued_at", "newest_error_at", "next_due_at", "paused_until"))
        numbers = dict.fromkeys(("error", "queued", "scheduled", "active"), 0)
        self.__dict__.update(moments | numbers | counts)
