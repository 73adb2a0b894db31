"""What was refused or failed, for the audit trail: at most so much of one person, who else could push the rest out."""

import threading
import time
from collections import OrderedDict

from flask import current_app

from console.current import engine

MOST_A_MINUTE = 30
_REMEMBERED = 1000
_NAME = "signalbox_refusals"


class Quota:
    """How many entries each person has had in this minute, by this process; the last one says that more may follow."""

    def __init__(self, now=time.monotonic):
        self._now = now
        self._counts: OrderedDict[str, tuple[int, int]] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, person: str) -> int:
        """Which entry of this minute it is, from 1."""
        this_minute = int(self._now() // 60)
        with self._lock:
            minute, count = self._counts.pop(person, (this_minute, 0))
            count = count + 1 if minute == this_minute else 1
            self._counts[person] = (this_minute, count)
            if len(self._counts) > _REMEMBERED:
                self._counts.popitem(last=False)
        return count


def init_app(app) -> None:
    app.extensions[_NAME] = Quota()


def record(verb: str, *, actor, outcome: str, **where) -> None:
    """Writes down what did not happen.  outcome: refused | failed.  Raises StoreError."""
    count = current_app.extensions[_NAME].take(actor.name)
    if count > MOST_A_MINUTE:
        return
    more = {"more_not_noted": True} if count == MOST_A_MINUTE else {}
    engine().audit.record(verb, actor=actor, outcome=outcome, **where, **more)
