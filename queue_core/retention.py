"""Retention: what is old enough is removed, where the settings say so.  At first they keep everything.

It is to free memory, so what it removes does not go to the trash.  Tasks that could not run, since their queue was
paused or something was held, are not too old for that: they have their time anew once it is over.
"""

import math
from collections.abc import Iterator

from queue_core import states
from queue_core.acts import Actor
from queue_core.store import Store
from queue_core.text import to_bytes, to_text

ACTOR = Actor("retention", "sweeper")
AGES = {
    states.ERROR: "retain_error_seconds",
    states.QUEUED: "retain_queued_seconds",
    states.SCHEDULED: "retain_scheduled_seconds",
}
"""State -> the setting that says how long a task stays there: since its failure, since it was runnable, overdue."""

_SCAN_COUNT = 1000
_EVERY_QUEUE = b""


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
        if states.QUEUED in limited:
            self._spare_what_is_held()
        return [(state, queue) for state in states.ALL if state in limited for queue in self._queues(state)]

    def apply(self, state: str, queue: str) -> Iterator[int]:
        """Removes what is over a limit, oldest first; gives the number of each bounded step."""
        settings = self._store.settings
        seconds = getattr(settings, AGES[state])
        if seconds and not (state == states.QUEUED and self._is_spared(queue, seconds)):
            reason = f"older than {seconds:g} seconds"
            yield from self._purging(queue, state, reason, not_after=self._store.now() - seconds)
        if state == states.ERROR and settings.retain_error_tasks:
            kept = int(settings.retain_error_tasks)
            excess = self._store.client.zcard(self._store.keys.state(state, queue)) - kept
            if excess > 0:
                yield from self._purging(queue, state, f"more than {kept} tasks", limit=excess)

    def _spare_what_is_held(self):
        client, keys, now = self._store.client, self._store.keys, self._store.now()
        client.zremrangebyscore(keys.spared(), "-inf", now)
        waiting = [queue for queue, ends_at in client.zrange(keys.paused(), 0, -1, withscores=True) if ends_at > now]
        # which queues the held tasks go back to is not known before they are there
        waiting += [_EVERY_QUEUE] if client.exists(keys.hold_records()) else []
        self._spare(waiting, self._store.settings.retain_queued_seconds)

    def _is_spared(self, queue, seconds) -> bool:
        """Whether the queue is paused, or was, or something was held, within the last `seconds`; looks only at need.

        What an application has paused by TaskTiger's names is on no list, and so is looked for here."""
        client, now = self._store.client, self._store.now()
        if not client.zcount(self._store.keys.state(states.QUEUED, queue), "-inf", now - seconds):
            return False
        if self._control.pause_of(queue) is not None:
            self._spare([to_bytes(queue)], seconds)
            return True
        ends = client.zmscore(self._store.keys.spared(), [to_bytes(queue), _EVERY_QUEUE])
        return any(one is not None and one > now for one in ends)

    def _spare(self, queues, seconds):
        if queues:
            key = self._store.keys.spared()
            self._store.client.zadd(key, dict.fromkeys(queues, self._store.now() + seconds))
            self._store.client.expire(key, math.ceil(seconds) + 1)

    def _purging(self, queue, state, reason, **limits):
        return self._control.purging(queue, state, actor=ACTOR, reason=reason, to_trash=False, **limits)

    def _queues(self, state):
        names = self._store.client.sscan_iter(self._store.keys.names(state), count=_SCAN_COUNT)
        return [to_text(name) for name in names]
