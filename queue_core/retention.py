"""Retention: what is old enough is removed, where the settings say so.  At first they keep everything.

It is to free memory, so what it removes does not go to the trash.
"""

from collections.abc import Iterator

from queue_core import states
from queue_core.acts import Actor
from queue_core.store import Store
from queue_core.text import to_text

ACTOR = Actor("retention", "sweeper")
AGES = {
    states.ERROR: "retain_error_seconds",
    states.QUEUED: "retain_queued_seconds",
    states.SCHEDULED: "retain_scheduled_seconds",
}
"""State -> the setting that says how long a task stays there: since its failure, since it was runnable, overdue."""

_SCAN_COUNT = 1000


class Retention:
    """The room of whoever throws away.  control: the room of operators."""

    def __init__(self, store: Store, control):
        self._store = store
        self._control = control

    def places(self) -> list[tuple[str, str]]:
        """(state, queue) of everything that some setting limits now."""
        settings = self._store.settings
        limited = {state for state, setting in AGES.items() if getattr(settings, setting)}
        limited |= {states.ERROR} if settings.retain_error_tasks else set()
        return [(state, queue) for state in states.ALL if state in limited for queue in self._queues(state)]

    def apply(self, state: str, queue: str) -> Iterator[int]:
        """Removes what is over a limit, oldest first; gives the number of each bounded step."""
        settings = self._store.settings
        if seconds := getattr(settings, AGES[state]):
            reason = f"older than {seconds:g} seconds"
            yield from self._purging(queue, state, reason, not_after=self._store.now() - seconds)
        if state == states.ERROR and settings.retain_error_tasks:
            kept = int(settings.retain_error_tasks)
            excess = self._store.client.zcard(self._store.keys.state(state, queue)) - kept
            if excess > 0:
                yield from self._purging(queue, state, f"more than {kept} tasks", limit=excess)

    def _purging(self, queue, state, reason, **limits):
        return self._control.purging(queue, state, actor=ACTOR, reason=reason, to_trash=False, **limits)

    def _queues(self, state):
        names = self._store.client.sscan_iter(self._store.keys.names(state), count=_SCAN_COUNT)
        return [to_text(name) for name in names]
