"""Operators: acts on one task or one queue.  Each is one script, which also writes the audit entry."""

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass

from queue_core import states
from queue_core.acts import Actor, act
from queue_core.disposal import MOST_AT_ONCE, disposal
from queue_core.errors import InvalidQueueName, InvalidRequest, MovedOn, NotPaused, TaskNotFound
from queue_core.keys import SYSTEM_LOCK
from queue_core.payload import Payload, checked_queue, edited, with_scheduled_at
from queue_core.store import Store
from queue_core.text import json_object, to_bytes, to_text

OPEN_END_SECONDS = 10 * 365 * 86_400.0
"""A pause without an end is written on the wire as a lock of ten years; our own record says that it has none."""

_LOCK_EXPIRY_MARGIN_SECONDS = 10
_TEXT, _MOMENT = (str,), (int, float)
_RECORDED = {"by": _TEXT, "door": _TEXT, "reason": _TEXT, "since_at": _MOMENT, "until_at": _MOMENT}
"""The fields of a pause record, and the types that are believed."""
_PATCH_ATTEMPTS = 5


@dataclass(frozen=True)
class Pause:
    """by is None for a lock that an application has set.  until_at None: until resumed."""

    queue: str
    by: str | None = None
    door: str | None = None
    reason: str | None = None
    since_at: float | None = None
    until_at: float | None = None


LATEST_END = 1e11
"""Unix seconds, about the year 5138: no lock of Redis can end later than some such moment."""


class Control:
    """The room of operators.  Every method raises StoreUnavailable or StoreFull when Redis cannot do it now."""

    def __init__(self, store: Store):
        self._store = store

    # -- one task --

    def retry(self, queue: str, task_id: str, *, actor: Actor, reason: str = "", fresh_budget: bool = False) -> None:
        """error -> queued.  fresh_budget: forget the attempts so far, else one more is given.

        Raises TaskNotFound; InvalidPayload when there is nothing left to run."""
        entry = act("retry", actor, queue=queue, task_id=task_id, reason=reason, fresh_budget=fresh_budget)
        self._act("retry", entry, queue=queue, id=task_id, now=self._store.now(), fresh_budget=fresh_budget)

    def delete(
        self, queue: str, state: str, task_id: str, *, actor: Actor, reason: str = "", to_trash: bool = True
    ) -> str | None:
        """error | queued | scheduled -> gone.  Gives the id of its entry in the trash, where `restore` finds it.

        to_trash: else for good, which frees its memory now.  None: it is gone for good; so are all where the settings
        have no trash, tasks without a payload, and a unique task over 1 MiB that stands elsewhere too.
        Raises TaskNotFound."""
        states.allowed_from("delete", state)
        where = disposal(self._store, to_trash, by=actor.name, door=actor.door, reason=reason)
        entry = act("delete", actor, queue=queue, task_id=task_id, reason=reason, state=state, entry=where["entry_id"])
        reply = self._act("delete", entry, queue=queue, id=task_id, state=state, **where)
        return where["entry_id"] if reply == b"KEPT" else None

    def cancel(self, queue: str, state: str, task_id: str, *, actor: Actor, reason: str = "") -> None:
        """queued | scheduled -> gone, before it has started.  Raises TaskNotFound."""
        states.allowed_from("cancel", state)
        entry = act("cancel", actor, queue=queue, task_id=task_id, reason=reason, state=state)
        self._act("cancel", entry, queue=queue, id=task_id, state=state)

    def reschedule(
        self, queue: str, state: str, task_id: str, *, due_at: float, actor: Actor, reason: str = ""
    ) -> None:
        """scheduled | error -> scheduled, due at `due_at` (Unix seconds).

        The payload keeps every byte of its arguments; only `scheduled_at` in it changes.

        Raises TaskNotFound; InvalidPayload when there is nothing left to run; AlreadyThere for a task in error that is
        scheduled as well, such as the next run of what recurs."""
        states.allowed_from("reschedule", state)
        if not 0 < due_at < math.inf:
            raise InvalidRequest("A task becomes due at a moment after 1970.")
        entry = act("reschedule", actor, queue=queue, task_id=task_id, reason=reason, state=state, due_at=due_at)
        for _ in range(_PATCH_ATTEMPTS):
            before = self._store.client.get(self._store.keys.payload(task_id))
            reply = self._store.run(
                "reschedule",
                queue=queue,
                id=task_id,
                state=state,
                due_at=due_at,
                payload_before=before or b"",
                payload_after=with_scheduled_at(before or b"", due_at),
                **self._recorded(entry),
            )
            if reply == b"OK":
                return
        raise MovedOn("The task is being changed by somebody else; try again.")

    def move(self, queue: str, state: str, task_id: str, *, to_queue: str, actor: Actor, reason: str = "") -> None:
        """queued | scheduled | error -> the same state of `to_queue`, with the same score.

        Raises TaskNotFound, InvalidQueueName, AlreadyThere (also for a unique task that is in two states)."""
        states.allowed_from("move", state)
        if checked_queue(to_queue) == queue:
            raise InvalidQueueName("The task is in that queue already.", queue=to_queue)
        entry = act("move", actor, queue=queue, task_id=task_id, reason=reason, state=state, to_queue=to_queue)
        self._act(
            "move",
            entry,
            queue=queue,
            id=task_id,
            state=state,
            to_queue=to_queue,
            now=self._store.now(),
            publish=state == states.QUEUED,
            undoing=False,
        )

    def edit(self, queue: str, task_id: str, *, args: list, kwargs: dict, actor: Actor, reason: str = "") -> str:
        """A copy of a task of `queue` with other arguments -> queued, as a new task; gives its id.

        The original stays as it is.  The copy has all its other fields, and `x.edited_from`: the id of the original.
        Raises TaskNotFound, InvalidPayload; InvalidTask for arguments that no enqueue would take; AlreadyThere for a
        unique task whose arguments another has; QueueFullException."""
        raw = self._store.client.get(self._store.keys.payload(task_id))
        if raw is None:
            raise TaskNotFound(task_id=task_id, queue=queue)
        copy = edited(Payload.decode(raw, task_id), args, kwargs, self._store.now())
        limit = copy.fields.get("max_queue_size")
        self._store.run(
            "edit",
            id=copy.id,
            original_id=task_id,
            queue=queue,
            payload_json=copy.encode(self._store.settings.max_payload_bytes),
            now=copy.fields["time_last_queued"],
            max_queue_size=limit if isinstance(limit, int) else 0,
            act=act("edit", actor, queue=queue, task_id=task_id, reason=reason, new_id=copy.id),
            max_audit_entries=self._store.settings.max_audit_entries,
        )
        return copy.id

    def shift(
        self, queue: str, task_id: str, state: str, to_state: str | None, *, actor: Actor, at=None, mode: str = "set"
    ) -> None:
        """Any state -> any state of the same queue, or gone (None), without a look at what runs: for applications.

        at: its score there, Unix seconds; None: now.  mode: set | nx | min, for an entry that is there already.
        Raises TaskNotFound, UnknownState."""
        entry = act("shift", actor, queue=queue, task_id=task_id, state=states.known(state), to_state=to_state)
        if to_state is None:
            where = disposal(self._store, False, by=actor.name, door=actor.door, reason="")
            self._act("delete", entry, queue=queue, id=task_id, state=state, **where)
            return
        self._store.run(
            "shift",
            queue=queue,
            id=task_id,
            state=state,
            to_state=states.known(to_state),
            score=self._store.now() if at is None else at,
            mode=mode,
            publish=to_state == states.QUEUED,
            **self._recorded(entry),
        )

    # -- the oldest tasks of one queue --

    def purge(
        self, queue: str, state: str, *, not_after=None, limit=None, actor: Actor, reason: str = "", to_trash=True
    ) -> int:
        """error | queued | scheduled -> gone, for all tasks with a score up to `not_after`.

        not_after: Unix seconds; None: all that are there now.  limit: at most so many, lowest score first.
        to_trash: as for `delete`.  Gives how many were removed; those that leave meanwhile do not count.  Not atomic:
        short steps, and one audit entry with the first.  Raises UnknownState."""
        limits = {"not_after": not_after, "limit": limit}
        return sum(self.purging(queue, state, **limits, actor=actor, reason=reason, to_trash=to_trash))

    def purge_errors(self, queue: str, not_after=None, limit=None, *, actor: Actor, to_trash: bool = True) -> int:
        """The same for the failed tasks of `queue`."""
        return self.purge(queue, states.ERROR, not_after=not_after, limit=limit, actor=actor, to_trash=to_trash)

    def purging(self, queue, state, *, not_after=None, limit=None, actor, reason="", to_trash=True) -> Iterator[int]:
        """As `purge`; gives the number of each step, and goes on when it is asked for the next."""
        key, cut_off = self._store.keys.state(states.allowed_from("purge", state), queue), _or_infinite(not_after)
        # no more than there are now: a worker with a late clock may put new errors below the cut-off for ever
        left = min(self._store.client.zcount(key, "-inf", cut_off), _or_infinite(limit))
        entry = act("purge", actor, queue=queue, reason=reason, state=state, matched=left, not_after=not_after)
        while left > 0:
            step = min(left, self._store.settings.operation_chunk, MOST_AT_ONCE if to_trash else left)
            removed = self._store.run(
                "purge",
                queue=queue,
                state=state,
                not_after=cut_off,
                limit=step,
                task_prefix=self._store.keys.task_prefix(),
                act=entry,
                max_audit_entries=self._store.settings.max_audit_entries,
                **disposal(self._store, to_trash, by=actor.name, door=actor.door, reason=reason),
            )
            yield removed
            left, entry = left - removed if removed == step else 0, b""

    # -- one queue --

    def pause(self, queue: str, *, actor: Actor, reason: str, until: float | None = None) -> None:
        """Lets no worker of ours, and no TaskTiger worker with a limit, start anything from exactly this queue.

        until: Unix seconds, None until resumed.  What runs goes on.  Pausing again replaces reason and end.
        Raises InvalidRequest without a reason, or when the end has passed."""
        now = self._store.now()
        if not queue:
            raise InvalidQueueName("Name the queue to pause.", queue=queue)
        if not reason.strip():
            raise InvalidRequest("A pause needs a reason: the next person on call will ask.")
        if until is not None and not now < until < LATEST_END:
            raise InvalidRequest("A pause ends in the future, and before the year 5000.")
        record = {"by": actor.name, "door": actor.door, "reason": reason, "since_at": now, "until_at": until}
        self._store.run(
            "pause",
            queue=queue,
            ends_at="+inf" if until is None else until,
            pause_record=json.dumps(record),
            **self._wire_lock(until),
            **self._recorded(act("pause", actor, queue=queue, reason=reason, until_at=until)),
        )

    def resume(self, queue: str, *, actor: Actor, reason: str = "") -> None:
        """Lifts the pause of the queue, or the lock that an application has set.  Raises NotPaused."""
        self._resume(queue, "+inf", act("resume", actor, queue=queue, reason=reason))

    def pauses(self) -> list[Pause]:
        """The pauses made by us that hold now, by queue name."""
        now = self._store.now()
        rows = self._store.client.zrange(self._store.keys.paused(), 0, -1, withscores=True)
        names = [name for name, ends_at in rows if ends_at > now]
        records = self._store.client.hmget(self._store.keys.pauses(), names) if names else []
        return sorted((_pause(name, raw) for name, raw in zip(names, records, strict=True)), key=lambda one: one.queue)

    def pause_of(self, queue: str) -> Pause | None:
        """The pause of one queue, also one that an application has set, or None."""
        now = self._store.now()
        pipeline = self._store.client.pipeline()
        pipeline.zscore(self._store.keys.paused(), to_bytes(queue))
        pipeline.hget(self._store.keys.pauses(), to_bytes(queue))
        pipeline.zscore(self._store.keys.semaphore(queue), SYSTEM_LOCK)
        ours_until, record, locked_until = pipeline.execute()
        if ours_until and ours_until > now:
            return _pause(to_bytes(queue), record)
        if locked_until and locked_until > now:
            return Pause(queue, until_at=locked_until)
        return None

    # -- for the sweeper --

    def lapse_pauses(self) -> list[str]:
        """Lifts the pauses that have ended; gives their queues."""
        actor = Actor("sweeper", "sweeper")
        now = self._store.now()
        lapsed = []
        for name in self._store.client.zrangebyscore(self._store.keys.paused(), "-inf", now):
            queue = to_text(name)
            try:
                self._resume(queue, now, act("resume", actor, queue=queue, reason="the pause has ended"))
            except NotPaused:
                continue  # somebody was quicker
            lapsed.append(queue)
        return lapsed

    def renew_pauses(self) -> None:
        """Writes the wire's lock of every pause that holds anew, should an application have set a shorter one."""
        rows = self._store.client.zrangebyscore(self._store.keys.paused(), self._store.now(), "+inf", withscores=True)
        calls = [
            self._store.call("renew_pause", queue=to_text(name), **self._wire_lock(None if math.isinf(end) else end))
            for name, end in rows
        ]
        if calls:
            self._store.send_all(calls)

    # -- shared --

    def _act(self, verb, entry, **values):
        return self._store.run(verb, not_after="", **values, **self._recorded(entry))

    def _recorded(self, entry) -> dict:
        return {"operation_id": "", "act": entry, "max_audit_entries": self._store.settings.max_audit_entries}

    def _wire_lock(self, until) -> dict:
        ends_at = self._store.now() + OPEN_END_SECONDS if until is None else until
        return {"lock_ends_at": ends_at, "expire_at": math.ceil(ends_at + _LOCK_EXPIRY_MARGIN_SECONDS)}

    def _resume(self, queue, ended_by, entry):
        self._store.run("resume", queue=queue, ended_by=ended_by, **self._recorded(entry))


def _or_infinite(number) -> float:
    return math.inf if number is None else number


def _pause(name: bytes, raw) -> Pause:
    record = json_object(raw)
    known = {field: record[field] for field, kinds in _RECORDED.items() if type(record.get(field)) in kinds}
    return Pause(to_text(name), **known)
