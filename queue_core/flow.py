"""Flow: what two looks at a queue tell of the tasks that came and went between them, whoever serves it.  Pure.

TaskTiger's workers count nothing.  So it is worked out from what lies in `queued` and `active`, and is never too much.
"""

from queue_core.tally import Tally


class Flow:
    """Compares each snapshot with the one before and adds up what it tells."""

    def __init__(self):
        self._before = None
        self.tally = Tally()

    def look(self, snapshot, longest_seconds: float) -> None:
        """snapshot: see `queue_core.snapshot`.  longest_seconds: looks further apart than that are not compared, since
        another process may have looked meanwhile."""
        before, self._before = self._before, snapshot
        if before is None or not 0 < snapshot.taken_at - before.taken_at <= longest_seconds:
            return
        for name in before.queues.keys() | snapshot.queues.keys():
            ready, taken = between(before.queues.get(name), snapshot.queues.get(name))
            if ready or taken:
                self.tally.flow(name, snapshot.taken_at, ready=ready, taken=taken)

    def take(self) -> Tally:
        """What was added up; the next begins at 0."""
        taken, self.tally = self.tally, Tally()
        return taken


def between(before, after) -> tuple[int, int]:
    """(became ready, were taken) of one queue, at least.  None: it held no task then.

    What was queued since the look before and still waits came in for certain; what is missing beside that was taken;
    and what is active now and was not was taken as well.  What lay ahead of the look before, put there while it was
    under way or by a clock that is early, was in that one already and does not come again."""
    if not _are_known(before, after, "queued"):
        return 0, 0
    grown = _number(after, "queued") - _number(before, "queued")
    more_active = _number(after, "active") - _number(before, "active") if _are_known(before, after, "active") else 0
    came = _number(after, "newly_queued") - _number(before, "queued_ahead")
    taken = max(0, came - grown, more_active)
    return taken + grown, taken


def _are_known(before, after, state) -> bool:
    return all(getattr(one, state) is not None for one in (before, after) if one is not None)


def _number(counts, name) -> int:
    return 0 if counts is None else getattr(counts, name)
