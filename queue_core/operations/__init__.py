"""Operators, in bulk: the same acts on many tasks, as a durable record that is run in chunks.

The selection is frozen when the operation starts: single ids, or everything in a state with a score up to a moment.
Each task is counted by the script that acts on it, so a process that dies in the middle leaves exact numbers.
"""

import contextlib
import json
import math
import secrets
from collections.abc import Iterator
from dataclasses import asdict, replace

from queue_core import states
from queue_core.acts import Actor, act
from queue_core.errors import InvalidRequest, OperationEnded, OperationNotFound, StoreError
from queue_core.masking import read_rules
from queue_core.operations.canary import MOST_CANARIES, Verdict, judge, most_meant_first
from queue_core.operations.chunk import run_chunk
from queue_core.operations.filtered import Foreseen, foresee, run_filtered
from queue_core.operations.frozen import bounds, first_of_all, freeze
from queue_core.operations.kept import OperationPage, listed, prune
from queue_core.operations.outcomes import failed_part, followed, settle
from queue_core.operations.plan import Plan
from queue_core.operations.record import (
    CANCELLED,
    DONE,
    MAX_RATE,
    MIN_RATE,
    PAUSED,
    RUNNING,
    VERBS,
    Operation,
    Together,
    read_operation,
    shares,
)
from queue_core.operations.undoing import left, undoing, why_not
from queue_core.query_syntax import parse
from queue_core.store import Store
from queue_core.text import to_bytes, to_text

SMALL = 200
"""Up to so many tasks are done at once by whoever starts the operation; more by the sweeper."""

_SOURCES = {"retry": (states.ERROR,), "purge": (states.ERROR,), "clear": (states.QUEUED, states.SCHEDULED)}
_LEASE_SECONDS = 30
_MOST_SELECTED = 10_000
_A_PAGE = 100

_ITSELF = Actor("signalbox", "operation")


class Operations:
    """The room of acts on many tasks."""

    def __init__(self, store: Store):
        self._store = store
        self._token = secrets.token_hex(16)

    def count(
        self, queue: str, state: str, not_after: float | None = None, *, not_before: float | None = None,
        verb: str = "",
    ) -> int:  # fmt: skip
        """How many tasks an operation on everything with a score in between would match now; verb: see `foresee`."""
        key = self._store.keys.state(states.known(state), queue)
        return self._store.client.zcount(key, *_meant_scores(verb, state, not_before, not_after))

    def foresee(
        self, queue: str, state: str, query: str, *, not_after: float | None = None, not_before: float | None = None,
        most: int | None = 2000, mask=None, seconds: float | None = None, verb: str = "",
    ) -> Foreseen:  # fmt: skip
        """What an operation with that query would act on now, told from `most` tasks that lie evenly over the state;
        None: from all of them, in steps of 200.

        mask: gives the facts of a task without what the asking person may not see.  seconds: then it is told from those
        that were looked at so far.  verb: a reschedule leaves alone what stands aside for a hold.
        Raises InvalidRequest for what is no query, UnknownState."""
        scores = _meant_scores(verb, state, not_before, not_after)
        return foresee(self._store, queue, states.known(state), parse(query), scores, most, mask, seconds)

    def start(
        self,
        verb: str,
        queue: str,
        state: str,
        *,
        actor: Actor,
        reason: str = "",
        not_after: float | None = None,
        task_ids: list[str] | None = None,
        to_trash: bool = True,
        rate: float = 0.0,
        canary: int = 0,
        canary_seconds: float = 60.0,
        canary_failures: int = 0,
        retries: str | None = None,
        query: str = "",
        masked_by: tuple[str, ...] = (),
        to_queue: str = "",
        shift_seconds: float | None = None,
        due_at: float | None = None,
        spread_seconds: float | None = None,
        not_before: float | None = None,
    ) -> Operation:
        """Writes the operation down; nothing has happened to any task yet.

        verb: retry | purge (error) | delete | clear (queued, scheduled) | move (all but active) | reschedule
        (scheduled, error).  task_ids: these only, at most 10,000; else
        everything in that state with a score up to `not_after` (default: now).  to_trash: else what it deletes is gone
        for good, which frees its memory now.
        rate: tasks a second, 0: as fast as it goes.  canary (retry only): so many, at most 100, go ahead at the head of
        the queue; when more than `canary_failures` of them fail again, or some come to no end within `canary_seconds`,
        the operation pauses itself, else it goes on by itself.  retries: the operation whose failed part this is.
        query: acts on those only for which it holds, see `queue_core.query`; `matched` then is how many are looked at,
        and ages count from now.  masked_by: the rules of `queue_core.masking` without whose secrets the query looks.
        to_queue: where a move leads; state and score stay.
        A reschedule takes one of these, and what has passed means now: shift_seconds, so much later, or earlier when
        below 0 (scheduled only); due_at, Unix seconds; spread_seconds, over so long from `due_at` on, else from the
        first of them, evenly and in the order of their scores.  not_before: it leaves tasks with a lower score alone,
        too; and whatever has another score when it comes to it.
        Raises InvalidRequest, InvalidQueueName, UnknownState."""
        self._check(verb, state, task_ids)
        query = _checked_query(query, task_ids)
        _check_rate(rate)
        _check_canary(verb, canary, canary_seconds, canary_failures)
        plan = Plan(to_queue, shift_seconds, due_at, spread_seconds, not_before).checked(verb, queue, state)
        draft = self._draft(
            verb, queue, state, actor=actor, reason=reason, not_after=not_after, task_ids=task_ids,
            to_trash=to_trash, rate=rate, canary=canary, canary_seconds=canary_seconds,
            canary_failures=canary_failures, retries=retries, query=query, masked_by=masked_by, plan=plan,
        )  # fmt: skip
        return self._start(**draft)

    def start_together(
        self,
        verb: str,
        state: str,
        chosen: dict[str, list[str] | None],
        *,
        actor: Actor,
        reason: str = "",
        rate: float = 0.0,
        canary: int = 0,
        canary_seconds: float = 60.0,
        canary_failures: int = 0,
        not_after: float | None = None,
        query: str = "",
        masked_by: tuple[str, ...] = (),
        **plan,
    ) -> list[Operation]:
        """Writes down one operation for each queue of {queue: task ids; None: all of it}, the largest first: one act.

        They share the rate by their sizes.  The canary is of the largest, with a query of the one in which it means
        most; the others wait until it has passed, and pause themselves when it is cancelled before.  A spread begins
        at the first task of all of them.
        When one of them cannot be written down, those that were are cancelled.
        verb, canary, not_after, query, masked_by, and what else: as for `start`.
        Raises InvalidRequest, InvalidQueueName, UnknownState."""
        _check_rate(rate)
        asked = Plan(**plan)
        for queue, ids in chosen.items():
            self._check(verb, state, ids)
            query = _checked_query(query, ids)
            asked.checked(verb, queue, state)
        _check_canary(verb, canary, canary_seconds, canary_failures)
        sizes = {
            queue: self.count(queue, state, not_after, not_before=asked.not_before) if ids is None else len(ids)
            for queue, ids in chosen.items()
        }
        queues = sorted(chosen, key=lambda queue: -sizes[queue])
        if canary and query and len(queues) > 1:
            scores = _scores(None, not_after)
            queues = most_meant_first(self._store, queues, state, parse(query), scores, masked_by)
        if asked.is_spread_without_begin:
            asked = replace(asked, due_at=first_of_all(self._store, state, chosen, asked))
        operation_ids = [secrets.token_hex(8) for _ in queues]
        rates = shares(rate, [sizes[queue] for queue in queues])
        with self._all_or_none(operation_ids, actor):
            drafts = [
                self._draft(
                    verb, queue, state, actor=actor, reason=reason, task_ids=chosen[queue], rate=rates[at],
                    canary=0 if at else canary, canary_seconds=canary_seconds, canary_failures=canary_failures,
                    follows=bool(at and canary), together=operation_ids if len(queues) > 1 else [],
                    operation_id=operation_ids[at],
                    not_after=not_after, query=query, masked_by=masked_by, plan=asked,
                )
                for at, queue in enumerate(queues)
            ]  # fmt: skip
            return [self._start(**draft) for draft in drafts]

    def undo(self, operation_id: str, *, actor: Actor, reason: str = "") -> Operation:
        """Writes down the operation that brings back what this one deleted or moved; no task is touched yet.

        Of what was moved only those go back that still are in the state and the queue where it put them, with the score
        that they had: the others ran, or somebody acted on them, and are skipped.
        Raises OperationNotFound; InvalidRequest while it runs, or when nothing of it is left: see `left_to_undo`."""
        record, matched = undoing(self._store, self.get(operation_id), actor, reason)
        led = {"to_queue": record["to_queue"]} if record["verb"] == "move" else {}
        return self._start(record, matched, actor, (), 0.0, undoes=operation_id, **led)

    def left_to_undo(self, operation: Operation) -> int:
        """How many tasks `undo` would try to bring back.  Of moved ones at most 10,000 are known, and none of more."""
        return left(self._store, operation) if operation.ended else 0

    def why_not_undone(self, operation: Operation) -> str:
        """What to say when nothing is left to undo."""
        return why_not(operation)

    def _draft(
        self, verb, queue, state, *, actor, reason, task_ids, rate, canary, canary_seconds, canary_failures,
        not_after=None, to_trash=True, retries=None, query="", masked_by=(), follows=False, together=(),
        operation_id=None, plan=None,
    ) -> dict:  # fmt: skip
        """What `_start` writes down; what the operation means is noted already."""
        now, plan, operation_id = self._store.now(), plan or Plan(), operation_id or secrets.token_hex(8)
        if task_ids is None and not_after is None:
            not_after = self._newest_score(queue, state, now)
        ids, frozen = list(dict.fromkeys(task_ids or ())), 0
        matched = len(ids) if task_ids is not None else self.count(queue, state, not_after)
        if verb == "reschedule":
            if plan.is_spread_without_begin:
                plan = replace(plan, due_at=first_of_all(self._store, state, {queue: task_ids}, plan))
            frozen = freeze(
                self._store, operation_id, queue, state, plan, not_after=not_after, ids=task_ids and ids, query=query,
                masked_by=masked_by,
            )  # fmt: skip
            matched, ids = len(ids) if task_ids is not None else frozen, []
        destroys = VERBS[verb] == "delete"
        to_trash = to_trash and destroys and self._store.settings.trash_seconds > 0
        record = {
            "verb": verb, "queue": queue, "state": state, "actor": actor.name, "door": actor.door, "reason": reason,
            "created_at": now, "not_after": not_after, "selected": task_ids is not None, "to_trash": to_trash,
            "canary": canary, "canary_seconds": canary_seconds, "canary_failures": canary_failures,
            "retries": retries, "query": query, "together": together, "frozen": frozen,
            "masked_by": masked_by,
        } | asdict(plan)  # fmt: skip
        facts = {
            "tasks": list(task_ids or ())[:10],
            "for_good": destroys and not to_trash,
            **asdict(plan),
            "canary": canary or None,
            "retries": retries,
            "query": query or None,
            "together": len(together) or None,
        }
        canary_state = "following" if follows else "waiting" if canary else ""
        return {
            "record": record, "matched": matched, "actor": actor, "ids": ids, "rate": rate,
            "canary_state": canary_state, "operation_id": operation_id, **facts,
        }  # fmt: skip

    def _start(self, record, matched, actor, ids, rate, canary_state="", operation_id=None, **facts) -> Operation:
        operation_id = operation_id or secrets.token_hex(8)
        named = {name: record[name] for name in ("queue", "reason", "state", "not_after")}
        entry = act(
            record["verb"], actor, operation_id=operation_id, matched=matched, rate=rate or None, **named, **facts
        )
        self._store.run(
            "start_operation",
            operation_id=operation_id,
            created_at=record["created_at"],
            record=json.dumps(record),
            matched=matched,
            rate=rate,
            canary=canary_state,
            ids=[to_bytes(one) for one in ids],
            act=entry,
            max_audit_entries=self._store.settings.max_audit_entries,
        )
        return self.get(operation_id)

    def step(self, operation_id: str) -> Operation:
        """Does one chunk, as large as its rate allows; gives the operation as it is then.

        Nothing while it is paused, or somebody else is at it.  Raises OperationNotFound."""
        operation = self.get(operation_id)
        if operation.status != RUNNING or not self._hold(operation_id):
            return operation
        try:
            self._chunk(operation)
        except OperationEnded:
            pass  # paused or cancelled meanwhile: what was done is counted
        finally:
            self._drop(operation_id)
        return self.get(operation_id)

    def run_small(self, operation: Operation) -> Operation:
        """Runs it to its end when it is small, without rate and canary; else gives it back, for the sweeper."""
        if operation.matched > SMALL or operation.rate or operation.canary or operation.follows_canary:
            return operation
        for _ in range(SMALL):
            operation = self.step(operation.id)
            if operation.ended:
                break
        return operation

    def cancel(self, operation_id: str, *, actor: Actor) -> None:
        """Ends it; what was done stays done.  Raises OperationNotFound, OperationEnded."""
        self._end(operation_id, CANCELLED, act("cancel_operation", actor, operation_id=operation_id))

    def pause(self, operation_id: str, *, actor: Actor, reason: str = "") -> None:
        """Lets it stand still until it is resumed; the chunk that is under way stops too.

        Raises OperationNotFound, OperationEnded."""
        entry = act("pause_operation", actor, operation_id=operation_id, reason=reason)
        self._steer(operation_id, entry, status=PAUSED, because=reason or f"paused by {actor.name}")

    def resume(self, operation_id: str, *, actor: Actor, reason: str = "") -> None:
        """Lets it go on, whatever its canary said.  Raises OperationNotFound, OperationEnded."""
        entry = act("resume_operation", actor, operation_id=operation_id, reason=reason)
        self._steer(operation_id, entry, status=RUNNING, canary="passed")

    def change_rate(self, operation_id: str, rate: float, *, actor: Actor) -> None:
        """From now on so many tasks a second; 0: as fast as it goes.

        Raises InvalidRequest, OperationNotFound, OperationEnded."""
        _check_rate(rate)
        self._steer(operation_id, act("change_rate", actor, operation_id=operation_id, rate=rate), rate=rate)

    def share_rate(self, operation_ids: list[str], rate: float, *, actor: Actor) -> None:
        """From now on so many tasks a second by all of these together, shared by what they have left.

        Raises as `change_rate`."""
        _check_rate(rate)
        open_ones = [self.get(one) for one in operation_ids]
        for operation, share in zip(open_ones, shares(rate, [one.remaining for one in open_ones]), strict=True):
            self.change_rate(operation.id, share, actor=actor)

    def get(self, operation_id: str) -> Operation:
        """Raises OperationNotFound."""
        fields = self._store.client.hgetall(self._store.keys.operation(operation_id))
        operation = read_operation(operation_id, fields)
        if operation is None:
            raise OperationNotFound(operation_id=operation_id)
        return operation

    def together(self, operation: Operation) -> Together:
        """The operations that were started with this one, it among them; those whose record is gone are left out."""
        return Together(tuple(self._read([to_bytes(one) for one in operation.together])))

    def newest(self, limit: int = 50) -> list[Operation]:
        """The newest first."""
        return self.page(limit=limit).operations

    def page(self, *, cursor: str | None = None, limit: int = 50) -> OperationPage:
        """Operations that were started before the cursor, the newest first.

        Raises InvalidRequest for a cursor that is none."""
        ids, next_cursor = listed(self._store, cursor, limit)
        return OperationPage(self._read(ids), next_cursor)

    def reaches_back_to(self) -> float | None:
        """When the oldest one was started that is kept; None when there is none."""
        oldest = self._store.client.zrange(self._store.keys.operations(), 0, 0, withscores=True)
        return oldest[0][1] if oldest else None

    def count_since(self, since: float) -> int:
        """How many were started after a moment."""
        return self._store.client.zcount(self._store.keys.operations(), f"({since}", "+inf")

    def running(self) -> list[Operation]:
        """Those that have not ended, paused ones too, oldest first, at most 100."""
        return self._read(self._store.client.zrange(self._store.keys.operations_running(), 0, _A_PAGE - 1))

    def advancing(self) -> Iterator[Operation]:
        """Those that have something to do now, oldest first: all that have not ended and are not paused."""
        first, key = 0, self._store.keys.operations_running()
        while ids := self._store.client.zrange(key, first, first + _A_PAGE - 1):
            yield from (operation for operation in self._read(ids) if operation.status == RUNNING)
            first += _A_PAGE

    # -- what becomes of what was retried --

    def followed(self) -> Iterator[tuple[Operation, list[tuple[str, float]]]]:
        """(operation, [(task id, retried at)]), at most 200 at once, of all tasks that retries have released and of
        which it is not known yet what became of them."""
        return followed(self._store)

    def settle(self, operation: Operation, tasks: list[tuple[str, float]]) -> None:
        """Counts in the operation those of its followed tasks of which it is known by now what became of them."""
        settle(self._store, operation, tasks)

    def failed_part(self, operation_id: str) -> list[str]:
        """The tasks that failed again after this operation had retried them, and are in error now; the oldest failure
        first.  At most 10,000: of more only the newest are known.  Raises OperationNotFound."""
        return failed_part(self._store, self.get(operation_id))

    def retry_failed(self, operation_id: str, *, actor: Actor, reason: str = "", **pace) -> Operation:
        """Writes down an operation on exactly these; nothing has happened to any task yet.

        pace: rate, canary, canary_seconds, canary_failures, as for `start`.
        Raises OperationNotFound; InvalidRequest when there are none."""
        before = self.get(operation_id)
        ids = failed_part(self._store, before)
        if not ids:
            raise InvalidRequest("Nothing that failed again is in error any more.")
        return self.start(
            "retry", before.queue, states.ERROR, actor=actor, reason=reason, task_ids=ids, retries=operation_id, **pace
        )

    # -- keeping it bounded --

    def prune(self) -> int:
        """Takes operations off the list whose record has been dropped, and drops the oldest beyond `max_operations`
        that have ended; gives how many."""
        return prune(self._store)

    # -- the chunk --

    def _chunk(self, operation):
        if operation.follows_canary and not self._follow(operation):
            return
        # no more than were matched: a worker with a late clock may put new errors below the cut-off for ever
        most = min(self._store.settings.operation_chunk, operation.remaining)
        if operation.waits_for_canary:
            most = min(most, operation.canary - operation.done)
            if operation.remaining and most <= 0:
                self._heed(operation, judge(self._store, operation))
                return
        if operation.query and not _can_be_judged(operation):
            # another version wrote it down, or somebody else; nobody can say what was meant
            self._steer(operation.id, b"", status=PAUSED, because="its query cannot be read here")
            return
        if operation.query:
            last = run_filtered(self._store, operation, most, lambda count: self._pace(operation, count))
        else:
            allowed = self._pace(operation, most)
            if most and not allowed:
                return  # its rate allows none yet
            last = run_chunk(self._store, operation, allowed)
        if last or self.get(operation.id).remaining == 0:
            self._end(operation.id, DONE, b"")

    def _follow(self, operation) -> bool:
        """Whether the canary that decides for this one has passed."""
        try:
            leader = self.get(operation.together[0])
        except (IndexError, OperationNotFound):
            self._heed(operation, Verdict(because="the operation with the canary is gone"))
            return False
        if leader.waits_for_canary:
            return False
        if leader.canary_state != "waiting":
            verdict = Verdict(passed=True)
        elif leader.status == CANCELLED:
            verdict = Verdict(because="the operation with the canary was cancelled")
        else:
            verdict = judge(self._store, leader)  # it had no more tasks than its canary
        self._heed(operation, verdict)
        return verdict.passed

    def _pace(self, operation, most) -> int:
        return self._store.run("pace", operation_id=operation.id, now=self._store.now(), most=most)

    def _heed(self, operation, verdict):
        if verdict.passed:
            self._steer(operation.id, b"", canary="passed")
        elif verdict.because:
            entry = act("pause_operation", _ITSELF, operation_id=operation.id, reason=verdict.because)
            self._steer(operation.id, entry, status=PAUSED, because=verdict.because)

    # -- shared --

    @contextlib.contextmanager
    def _all_or_none(self, operation_ids, actor):
        """Whoever is told that an act was refused must not find a part of it running."""
        try:
            yield
        except Exception:
            # a store that is away refuses this too
            with contextlib.suppress(StoreError):
                for operation_id in operation_ids:
                    self._take_back(operation_id, actor)
            raise

    def _take_back(self, operation_id, actor):
        try:
            self.cancel(operation_id, actor=actor)
        except OperationNotFound:
            self._store.client.unlink(self._store.keys.operation_frozen(operation_id))
        except OperationEnded:
            pass

    def _check(self, verb, state, task_ids):
        if verb not in VERBS or verb == "restore":
            raise InvalidRequest(f"There is no operation {verb!r} to start; there are {', '.join(VERBS)}.")
        states.allowed_from("delete", state)
        if state not in _SOURCES.get(verb, states.ALL):
            raise InvalidRequest(f"{verb} does not work on tasks in {state}.")
        if task_ids is not None and not 0 < len(task_ids) <= _MOST_SELECTED:
            raise InvalidRequest(f"Choose between 1 and {_MOST_SELECTED} tasks.")

    def _newest_score(self, queue, state, now):
        newest = self._store.client.zrevrange(self._store.keys.state(state, queue), 0, 0, withscores=True)
        return max(now, newest[0][1]) if newest and state == states.SCHEDULED else now

    def _hold(self, operation_id) -> bool:
        lease = self._store.keys.lease(f"operation:{operation_id}")
        return self._store.run("hold", lease=lease, token=self._token, seconds=_LEASE_SECONDS) == 1

    def _drop(self, operation_id):
        self._store.run("release_lock", lock=self._store.keys.lease(f"operation:{operation_id}"), token=self._token)

    def _steer(self, operation_id, entry, status="", because="", rate="", canary=""):
        self._store.run(
            "steer_operation",
            operation_id=operation_id,
            now=self._store.now(),
            status=status,
            because=because,
            rate=rate,
            canary=canary,
            act=entry,
            max_audit_entries=self._store.settings.max_audit_entries,
        )

    def _end(self, operation_id, status, entry):
        self._store.run(
            "end_operation",
            operation_id=operation_id,
            status=status,
            ended_at=self._store.now(),
            keep_seconds=int(self._store.settings.operation_keep_seconds),
            act=entry,
            max_audit_entries=self._store.settings.max_audit_entries,
        )

    def _read(self, ids) -> list[Operation]:
        pipeline = self._store.client.pipeline()
        for one in ids:
            pipeline.hgetall(self._store.keys.operation(to_text(one)))
        rows = pipeline.execute(raise_on_error=False) if ids else []
        pairs = zip(ids, rows, strict=True)
        # what is no record stops nothing but itself
        read = [read_operation(to_text(one), fields) for one, fields in pairs if isinstance(fields, dict)]
        return [operation for operation in read if operation is not None]


def _meant_scores(verb, state, not_before, not_after) -> tuple[float, float]:
    return bounds(state, not_before, not_after) if verb == "reschedule" else _scores(not_before, not_after)


def _scores(not_before, not_after) -> tuple[float, float]:
    return -math.inf if not_before is None else not_before, math.inf if not_after is None else not_after


def _can_be_judged(operation) -> bool:
    try:
        parse(operation.query)
    except InvalidRequest:
        return False
    return not operation.masked_by or read_rules(operation.masked_by) is not None


def _checked_query(text, task_ids) -> str:
    if not text.strip():
        return ""
    if task_ids is not None:
        raise InvalidRequest("Choose tasks by a query, or one by one.")
    return parse(text).text


def _check_rate(rate):
    if rate and not MIN_RATE <= rate <= MAX_RATE:
        raise InvalidRequest(f"A rate lies between {MIN_RATE:g} and {MAX_RATE:,.0f} tasks a second.")


def _check_canary(verb, canary, seconds, failures):
    if canary and verb != "retry":
        raise InvalidRequest("Only a retry can have a canary.")
    if not 0 <= canary <= MOST_CANARIES or not 0 <= failures <= MOST_CANARIES or not 0 < seconds <= 86_400:
        raise InvalidRequest(f"A canary is of up to {MOST_CANARIES} tasks, and answers within a day.")
