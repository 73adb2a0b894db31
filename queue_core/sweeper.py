"""The sweeper: what has to be done for all queues, by one process at a time.

Each duty is a generator that yields after every bounded piece of work.  So one step lasts about as long as its budget,
however many queues there are, and a worker can do these duties between two rounds.
"""

import contextlib
import os
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from queue_core import states
from queue_core.alerting import Alerting
from queue_core.clock import monotonic
from queue_core.duties import Duties
from queue_core.errors import OperationNotFound, StoreCorrupt, StoreError, StoreFull, StoreUnavailable
from queue_core.process.patience import Patience
from queue_core.process.presence import Presence, facts_of_this_process
from queue_core.process.stop import Stop
from queue_core.queue_filter import QueueFilter
from queue_core.text import to_text

SWEEPER, OBSERVER = "sweeper", "observer"

_BUDGET_SECONDS = 0.25
_REST_SECONDS = 0.1
_LOOK_EVERY_SECONDS = 2.0
_OPERATIONS_EVERY_SECONDS = 0.5
_SEARCHES_EVERY_SECONDS = 0.5
_ORPHANS_EVERY_SECONDS = 3600.0
_FIRST_ORPHANS_SECONDS = 30.0
_INDEX_EVERY_SECONDS = 2.0
_OUTCOMES_EVERY_SECONDS = 1.0
_CHECK_GROUPS_EVERY_SECONDS = 60.0
_TWINS_EVERY_SECONDS = 60.0
_RETENTION_EVERY_SECONDS = 60.0
_AUDIT_FILE_EVERY_SECONDS = 1.0
_PRUNE_EVERY_SECONDS = 30.0
_STATS_EVERY_SECONDS = 10.0
_FIRST_STATS_SECONDS = 3.0
_CHECKUP_EVERY_SECONDS = 60.0
_FIRST_CHECKUP_SECONDS = 10.0
_RECENT_EVERY_SECONDS = 30.0
_FORGET_NAMES_EVERY_SECONDS = 3600.0
_PROMOTION_THROTTLE_SECONDS = 5.0


@dataclass(eq=False)
class Duty:
    """Something to do every so often.  work: gives an iterator; each of its steps is bounded.

    every_seconds: a number, or a function that gives the one that holds now."""

    name: str
    every_seconds: float | Callable[[], float]
    work: Callable[[], Iterator]
    due_at: float = 0.0
    under_way: Iterator | None = None

    def step(self) -> bool:
        """Does a piece; False when there is nothing to do now."""
        if self.under_way is None:
            if monotonic() < self.due_at:
                return False
            every_seconds = self.every_seconds() if callable(self.every_seconds) else self.every_seconds
            self.under_way, self.due_at = self.work(), monotonic() + max(every_seconds, _REST_SECONDS)
        try:
            next(self.under_way)
        except BaseException as ended:
            self.under_way = None
            if not isinstance(ended, StopIteration):
                raise
        return True


class Sweeper:
    """observe: only look (counts, operations and pauses); nothing that a stock worker might not expect.
    standby: for a worker, which sweeps only while no sweeper is listed."""

    def __init__(self, engine, observe: bool = False, standby: bool = False):
        self.id = str(uuid.uuid4())
        self._engine = engine
        self._observe = observe
        self._standby = standby
        self._holds = None
        self._look_at = 0.0
        self._look_for_workers_at = 0.0
        self._throttles: set[str] = set()
        self._acts = False
        self._stop = Stop()
        self._facts = facts_of_this_process(OBSERVER if observe else SWEEPER, engine.clock.now())
        self._presence = Presence(engine, self.id, lambda: self._facts)
        self._duties = Duties(engine)
        self._alerting = Alerting(engine)
        self._everywhere = [] if standby else self._duties_of_this_machine()
        self._looking = self._observers_duties()
        self._acting = [] if observe else self._sweepers_duties()

    def _duties_of_this_machine(self):
        """Done by every such process, whoever holds the lease: another machine has another file."""
        wanted = self._engine.settings.audit_file
        return [Duty("audit file", _AUDIT_FILE_EVERY_SECONDS, self._duties.copy_audit)] if wanted else []

    def _observers_duties(self):
        soon, later = monotonic() + _FIRST_STATS_SECONDS, monotonic() + _FIRST_CHECKUP_SECONDS
        return [
            Duty("snapshot", self._setting("snapshot_seconds"), self._duties.take_snapshot),
            Duty("pauses", _LOOK_EVERY_SECONDS, self._keep_pauses),
            Duty("stats", _STATS_EVERY_SECONDS, self._duties.sample_stats, due_at=soon),
            Duty("recent numbers", _RECENT_EVERY_SECONDS, self._engine.recents.gather, due_at=soon),
            Duty("stats names", _FORGET_NAMES_EVERY_SECONDS, self._forget_names, due_at=soon),
            Duty("holds", _LOOK_EVERY_SECONDS, self._duties.keep_holds),
            Duty("prune", _PRUNE_EVERY_SECONDS, self._prune),
            Duty("error index", _INDEX_EVERY_SECONDS, self._duties.index_errors),
            Duty("error groups", _CHECK_GROUPS_EVERY_SECONDS, self._duties.check_error_groups),
            Duty("trash", _LOOK_EVERY_SECONDS, self._engine.trash.trim),
            Duty("outcomes", _OUTCOMES_EVERY_SECONDS, self._duties.follow_retried),
            Duty("operations", _OPERATIONS_EVERY_SECONDS, self._run_operations),
            Duty("checkup", _CHECKUP_EVERY_SECONDS, self._duties.check_up, due_at=later),
            Duty("searches", _SEARCHES_EVERY_SECONDS, self._duties.search_in_background),
            Duty("alerts", self._alerting.rest_seconds, self._alerting.tell),
        ]

    def _sweepers_duties(self):
        duties, later = self._duties, monotonic() + _FIRST_ORPHANS_SECONDS
        return [
            Duty("throttles", self._look_every_seconds, self._hold_throttles),
            Duty("promote", self._setting("promote_seconds"), duties.promote),
            Duty("recover", self._setting("recover_seconds"), duties.recover),
            Duty("twins", _TWINS_EVERY_SECONDS, duties.part_twins),
            Duty("retention", _RETENTION_EVERY_SECONDS, duties.retain),
            Duty("orphans", _ORPHANS_EVERY_SECONDS, duties.look_for_orphans, due_at=later),
        ]

    def _setting(self, name):
        # read when it is needed: the settings of an engine may change while it is in use
        return lambda: getattr(self._engine.settings, name)

    @property
    def _log(self):
        return self._engine.log.bind(pid=os.getpid())

    # -- running --

    def run(self) -> None:
        """Sweeps until SIGTERM or SIGINT; while another process has the duty it waits for it."""
        patience = Patience()
        with self._stop:
            self._log.info("ready", id=self.id, kind=self._facts["kind"])
            try:
                patience.until_done(self._begin, self._may_wait)
                while not self._stop.requested:
                    worked = patience.until_done(self.step, self._may_wait)
                    self._presence.beat()
                    time.sleep(0 if worked else _REST_SECONDS)
            except (StoreUnavailable, StoreFull):
                if not self._stop.requested:
                    raise
            finally:
                self.leave()
                self._log.info("done", id=self.id)

    def stop(self) -> None:
        """As a signal does."""
        self._stop.request()

    def step(self, budget_seconds: float = _BUDGET_SECONDS) -> bool:
        """Does what is due, for about `budget_seconds`; whether more is waiting.  Nothing without the lease.

        Raises StoreUnavailable; the fault of one duty is logged and does not stop the others."""
        copying = [duty for duty in self._everywhere if self._step_of(duty)]
        if not self._has_the_duty():
            return bool(copying)
        ends_at = monotonic() + budget_seconds
        waiting = self._looking + (self._acting if self._acting and self._may_act() else [])
        while waiting and monotonic() < ends_at:
            waiting = [duty for duty in waiting if self._step_of(duty)]
        return bool(waiting or copying)

    def leave(self) -> None:
        """Gives the duty back, so that another process need not wait for the end of the lease."""
        with contextlib.suppress(StoreError):
            for lock_id in list(self._throttles):
                self._engine.locks.release(lock_id, self.id)
                self._throttles.discard(lock_id)
            if self._holds is not None:
                self._duties.write_flow()
                self._alerting.leave()
                self._engine.workers.drop(self._holds, self.id)
                self._holds = None
            if not self._standby:
                self._presence.leave()

    def _begin(self):
        self._engine.store.check_server()
        self._presence.register()

    def _may_wait(self):
        return not self._stop.requested

    def _step_of(self, duty) -> bool:
        try:
            return duty.step()
        except StoreUnavailable:
            raise
        except StoreError as error:
            self._log.error("duty failed", duty=duty.name, error=str(error))
        except Exception as error:
            self._log.exception("duty failed", duty=duty.name, error=str(error))
        return False

    # -- the lease --

    @property
    def _look_every_seconds(self):
        return min(_LOOK_EVERY_SECONDS, self._engine.settings.sweeper_lease_seconds / 3)

    def _has_the_duty(self) -> bool:
        if monotonic() >= self._look_at:
            self._look_at = monotonic() + self._look_every_seconds
            self._look_for_the_duty()
        return self._holds is not None

    def _look_for_the_duty(self):
        wanted = OBSERVER if self._observe else SWEEPER
        workers, seconds = self._engine.workers, self._engine.settings.sweeper_lease_seconds
        if self._is_superfluous():
            if self._holds:
                self.leave()
            return
        took = workers.hold(wanted, self.id, seconds)
        if took and not self._holds:
            self._log.info("sweeping", id=self.id, duty=wanted)
        self._holds = wanted if took else None

    def _is_superfluous(self) -> bool:
        if self._observe:
            return self._as_far_as_known(lambda: self._engine.workers.holder(SWEEPER) is not None)
        return self._standby and self._is_listed(SWEEPER)

    def _is_listed(self, kind) -> bool:
        return self._as_far_as_known(lambda: any(one.facts.get("kind") == kind for one in self._engine.workers.alive()))

    def _as_far_as_known(self, look) -> bool:
        # a registry that is broken must not keep the duties from being done; the lease alone decides then
        try:
            return look()
        except StoreCorrupt as error:
            self._log.error("workers cannot be read", error=str(error))
            return False

    def _may_act(self) -> bool:
        """Whether there are workers of ours here: before that, this may be somebody else's deployment to look at."""
        if not self._acts and monotonic() >= self._look_for_workers_at:
            self._look_for_workers_at = monotonic() + _LOOK_EVERY_SECONDS
            self._acts = self._standby or self._is_listed("worker") or self._claims_were_left()
        return self._acts

    def _claims_were_left(self):
        try:
            return self._engine.workers.have_claimed(self._engine.leases.queues(states.ACTIVE))
        except StoreCorrupt:
            return False

    # -- duties --

    def _hold_throttles(self):
        """Keeps stock workers from doing what is done here already (wire §9.3)."""
        keys, settings = self._engine.store.keys, self._engine.settings
        self._hold_throttle(keys.expiry_throttle(), settings.sweeper_lease_seconds)
        if settings.promote_seconds:
            self._hold_throttle(keys.promotion_throttle(QueueFilter()), _PROMOTION_THROTTLE_SECONDS)
        yield

    def _hold_throttle(self, key, seconds):
        lock_id = to_text(key.removeprefix(self._engine.store.keys.lock("")))
        locks = self._engine.locks
        if locks.renew(lock_id, self.id, seconds) or locks.acquire(lock_id, self.id, seconds):
            self._throttles.add(lock_id)

    def _prune(self):
        self._engine.workers.prune()
        yield
        self._engine.operations.prune()
        yield

    def _forget_names(self):
        self._engine.stats.prune()
        yield

    def _keep_pauses(self):
        self._engine.control.lapse_pauses()
        yield
        self._engine.control.renew_pauses()
        yield

    def _run_operations(self):
        """In turn, a chunk of each, for as long as it advances."""
        waiting = self._engine.operations.advancing()
        while waiting:
            advanced = []
            for before in waiting:
                after = self._advanced(before)
                if after and after.met > before.met and not after.ended:
                    advanced.append(after)
                yield
            waiting = advanced

    def _advanced(self, operation):
        """The operation after its next chunk; None when something was wrong with it, which does not stop the others."""
        try:
            with contextlib.suppress(OperationNotFound), self._duties.passing_over(operation.queue):
                return self._engine.operations.step(operation.id)
        except StoreError:
            raise
        except Exception as error:
            self._log.exception("operation failed", operation_id=operation.id, error=str(error))
        return None
