"""Holds for people and for workers: a function or an error group waits, until it is released or its time is over.

What a hold does to tasks is the work of `siding`, and of the workers that meet them.
"""

import math

from queue_core.acts import Actor, act
from queue_core.error_group import ErrorGroup
from queue_core.errors import InvalidRequest, NotHeld, StoreCorrupt
from queue_core.fingerprint import WITHOUT_RECORD
from queue_core.hold import (
    FUNCTION,
    GROUP,
    Hold,
    Waiting,
    first_covering,
    hold_id,
    id_covering,
    made,
    newest_fingerprint,
    read_holds,
    read_waiting,
    stands_aside,
    written,
)
from queue_core.store import Store
from queue_core.text import to_bytes, to_text

MOST_HOLDS = 100
MOST_REASON_CHARACTERS = 2000
SWEEPER = Actor("sweeper", "sweeper")
_EXECUTION_BYTES = 16 * 1024


class Holds:
    """The room of those who let something wait, and of the workers that ask whether they may run it."""

    def __init__(self, store: Store):
        self._store = store
        self._last_read: tuple[dict, list[Hold]] = ({}, [])

    # -- holding --

    def hold_function(
        self, func: str, *, queue: str | None = None, actor: Actor, reason: str, until: float | None = None
    ) -> Hold:
        """Lets no worker of ours start a task of that function, by its exact wire name; queue None: in any queue.

        What runs goes on.  until: Unix seconds, None until released.  Holding again replaces reason and end.
        Raises InvalidRequest without a name or a reason, when the end has passed, or when too much is held."""
        if not func.strip():
            raise InvalidRequest("Name the function to hold.")
        return self._begin(FUNCTION, func.strip(), queue, actor, reason, until)

    def hold_group(
        self, group: ErrorGroup, *, queue: str | None = None, actor: Actor, reason: str, until: float | None = None
    ) -> Hold:
        """Lets no worker of ours try again what last failed in the way of that error group.

        Tasks of its functions that never failed so are run.  The rest as for `hold_function`."""
        if group.id in WITHOUT_RECORD:
            raise InvalidRequest(
                "Failures of this group left nothing to know their tasks by; hold the function instead."
            )
        functions = [name for name, _ in group.functions]
        return self._begin(GROUP, group.id, queue, actor, reason, until, functions=functions, title=group.title)

    def _begin(self, kind, name, queue, actor, reason, until, **more) -> Hold:
        now, reason = self._store.now(), reason.strip()[:MOST_REASON_CHARACTERS]
        if not reason:
            raise InvalidRequest("A hold needs a reason: the next person on call will ask.")
        if until is not None and not now < until < math.inf:
            raise InvalidRequest("A hold ends in the future.")
        hold = made(
            kind, name, queue, by=actor.name, door=actor.door, reason=reason, since_at=now, until_at=until, **more
        )
        begun = self._store.run(
            "begin_hold",
            hold_id=hold.id,
            hold_record=written(hold),
            most_holds=MOST_HOLDS,
            act=act("hold", actor, queue=queue, reason=reason, until_at=until, **_facts(hold)),
            max_audit_entries=self._store.settings.max_audit_entries,
        )
        if not begun:
            raise InvalidRequest(f"{MOST_HOLDS} holds stand already; release one first.")
        return hold

    def release(self, one: str, *, actor: Actor, reason: str = "") -> Hold:
        """Ends the hold with that id; what stands aside for it goes back to its place in the next seconds.

        Gives the hold as it was.  Raises NotHeld."""
        hold = self.get(one)
        self._end(hold, b"", act("release", actor, queue=hold.queue, reason=reason, **_facts(hold)))
        return hold

    def _end(self, hold, record, entry):
        self._store.run(
            "end_hold",
            hold_id=hold.id,
            hold_record=record,
            act=entry,
            max_audit_entries=self._store.settings.max_audit_entries,
        )

    # -- looking --

    def all(self) -> list[Hold]:
        """Every hold that stands now, the oldest first.  Raises StoreUnavailable, StoreCorrupt."""
        rows, now = self._store.client.hgetall(self._store.keys.hold_records()), self._store.now()
        if rows != self._last_read[0]:
            self._last_read = (rows, read_holds(rows))
        return [hold for hold in self._last_read[1] if not hold.has_ended(now)]

    def get(self, one: str) -> Hold:
        """The hold with that id, also one whose end has passed and was not noticed yet.  Raises NotHeld."""
        record = self._store.client.hget(self._store.keys.hold_records(), to_bytes(one))
        if record is None:
            raise NotHeld
        return read_holds({to_bytes(one): record})[0]

    def find(self, name: str, queue: str | None = None) -> Hold:
        """The hold with that id, or of that function or error group there.  Raises NotHeld."""
        wanted = {name, hold_id(FUNCTION, name, queue), hold_id(GROUP, name, queue)}
        for hold in self.all():
            if hold.id in wanted:
                return hold
        raise NotHeld(f"{name} is not held.")

    def counts(self) -> dict[str, int]:
        """{hold id: how many tasks were set aside for it so far}; some of them may have left since."""
        found = {one: int(count) for one, count in self._counted().items() if count.isdigit()}
        return {one: count for one, count in found.items() if count}

    def _counted(self) -> dict[str, bytes]:
        try:
            rows = self._store.client.hgetall(self._store.keys.hold_counts())
        except StoreCorrupt:
            return {}
        return {to_text(name): count for name, count in rows.items()}

    def waiting(self) -> Waiting | None:
        """How many tasks stand aside, of all queues; None when nobody has counted them lately."""
        try:
            return read_waiting(self._store.client.get(self._store.keys.hold_waiting()))
        except StoreCorrupt:
            return None

    def stands_aside(self, score: float | None) -> bool:
        """Whether a task that is scheduled with that score waits for the end of a hold."""
        return stands_aside(score, self._store.now())

    # -- for workers --

    def covering(self, holds: list[Hold], func: str, queue: str, task_id: str) -> Hold | None:
        """The one of `holds` that keeps this task from running now, or None.

        Redis is asked only when an error group of that function is held.  Raises StoreUnavailable."""
        now = self._store.now()
        standing = [hold for hold in holds if not hold.has_ended(now)]
        return first_covering(standing, func, queue, lambda: self._newest_fingerprint(task_id))

    def ids(self) -> frozenset[str]:
        """The ids of all that is held, from where they stand besides the records; empty when that is broken too."""
        return frozenset(self._counted())

    def covering_by_id(self, ids: frozenset[str], func: str, queue: str, task_id: str) -> str | None:
        """The one of `ids` that keeps this task from running now, or None: for when the records cannot be read.

        When a hold ends is not known then, so it counts until somebody has mended that.  Raises StoreUnavailable."""
        return id_covering(ids, func, queue, lambda: self._newest_fingerprint(task_id))

    def _newest_fingerprint(self, task_id) -> str | None:
        try:
            _, _, _, newest, tail = self._store.run(
                "glimpse", id=task_id, payload_bytes=1, execution_bytes=_EXECUTION_BYTES
            )
        except StoreCorrupt:
            return None
        return newest_fingerprint(newest, tail)

    # -- for the sweeper --

    def lapse(self) -> list[Hold]:
        """Ends the holds whose end has passed; gives them."""
        rows, now = self._store.client.hgetall(self._store.keys.hold_records()), self._store.now()
        lapsed = []
        for hold in read_holds(rows):
            if hold.has_ended(now):
                entry = act("release", SWEEPER, queue=hold.queue, reason="the hold has ended", **_facts(hold))
                try:
                    self._end(hold, rows[to_bytes(hold.id)], entry)
                except NotHeld:
                    continue  # somebody was quicker, or has held it anew
                lapsed.append(hold)
        return lapsed


def _facts(hold) -> dict:
    return {"group" if hold.kind == GROUP else "function": hold.name, "hold": hold.id}
