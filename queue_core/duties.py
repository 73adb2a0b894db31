"""The duties of the sweeper that change tasks: each a walk in bounded steps over all queues."""

import contextlib
import os
import socket
from collections import deque
from collections.abc import Iterator

from queue_core import states
from queue_core.audit_file import AuditFile
from queue_core.clock import monotonic
from queue_core.error_index import ErrorIndex
from queue_core.errors import SearchNotFound, StoreCorrupt, StoreUnavailable
from queue_core.flow import Flow
from queue_core.orphans import Orphans
from queue_core.retention import Retention
from queue_core.siding import Siding
from queue_core.tally import Tally
from queue_core.text import shown
from queue_core.twins import Twins

_REST_FACTOR = 3
_PIECES_OF_A_SEARCH = 2
_COMPARED_SECONDS = 20.0
"""Looks further apart than that are not compared: the lease may have been another's meanwhile."""
_LONG_AGO_SECONDS = 86_400
_AHEAD_SECONDS = 60
_MOST_HELD_BACK = 1000


class Duties:
    """engine: whose queues.  Every method gives an iterator; what one queue has wrong is told and passed over."""

    def __init__(self, engine):
        self._engine = engine
        self._error_index = ErrorIndex(engine.store)
        self._orphans = Orphans(engine.store)
        self._retention = Retention(engine.store, engine.control)
        self._siding = Siding(engine.store)
        self._twins = Twins(engine.store)
        self._follow_again_at = 0.0
        self._sampled_minute = None
        self._flow = Flow()

    @property
    def _log(self):
        # a worker sweeps too, and may have forked since: its lines carry the process
        return self._engine.log.bind(pid=os.getpid())

    def promote(self) -> Iterator:
        """Due tasks become runnable; not where the settings leave that to others."""
        queues = self._engine.leases.queues(states.SCHEDULED) if self._engine.settings.promote_seconds else []
        for queue in queues:
            more = True
            while more:
                moved, more = 0, False
                with self.passing_over(queue):
                    moved, more = self._engine.leases.promote(queue)
                if moved:
                    self._log.debug("scheduled tasks", queue=shown(queue), qty=moved)
                yield

    def recover(self) -> Iterator:
        """Tasks whose lease is over are put where they belong."""
        for queue in self._engine.leases.queues(states.ACTIVE):
            recovered = True
            while recovered:
                recovered = []
                with self.passing_over(queue):
                    recovered = self._engine.leases.recover_expired(queue)
                for one in recovered:
                    self._tell_recovered(one)
                self._count_recovered(queue, recovered)
                yield

    def take_snapshot(self) -> Iterator:
        """All queues are counted, and compared with the time before."""
        snapshot, settings = self._engine.snapshot.take(), self._engine.settings
        if settings.stats_flush_seconds:
            self._flow.look(snapshot, max(_COMPARED_SECONDS, 3 * settings.snapshot_seconds))
        yield

    def check_up(self) -> Iterator:
        """The doctor looks at everything; what it finds is kept for the pages."""
        found = []
        for finding in self._engine.examine():
            found += [finding] if finding is not None else []
            yield
        self._engine.checkups.keep(found, socket.gethostname())

    def write_flow(self) -> None:
        """Writes down what the counts have told of tasks that came and went."""
        if self._flow.tally:
            self._engine.stats.write(self._flow.take())

    def sample_stats(self) -> Iterator:
        """What came and went is noted, and once for every minute that has been counted what lies in the queues."""
        self.write_flow()
        snapshot = self._engine.snapshot.read()
        if snapshot is None or snapshot.taken_at // 60 == self._sampled_minute:
            return
        self._sampled_minute = snapshot.taken_at // 60
        self._engine.stats.sample(snapshot, self._workers_alive())
        yield

    def retain(self) -> Iterator:
        """Old tasks go, where the settings say so."""
        for state, queue in self._retention.places():
            with self.passing_over(queue):
                for removed in self._retention.apply(state, queue):
                    self._log.info("old tasks removed", queue=shown(queue), state=state, qty=removed)
                    yield
            yield

    def index_errors(self) -> Iterator:
        """New errors are counted in their groups; old ones too, the first time."""
        snapshot = self._engine.snapshot.read()
        if snapshot is None:
            return
        failing = {queue: (one.error, one.newest_error_at) for queue, one in snapshot.queues.items() if one.error != 0}
        waiting, came = deque(self._error_index.begin(failing)), 0
        while waiting:
            queue, more = waiting.popleft(), False
            with self.passing_over(queue):
                more = self._error_index.read(queue)
            came += self._count_errors()
            if more:
                waiting.append(queue)
            yield
            if self._error_index.wants_telling():
                yield from self._error_index.summarise()
        if came:
            self.write_flow()
        if self._error_index.wants_telling(has_ended=True):
            yield from self._error_index.summarise()

    def _count_errors(self) -> int:
        came, now = self._error_index.newcomers(), self._engine.store.now()
        for queue, failed_at, run_seconds in came if self._engine.settings.stats_flush_seconds else ():
            if now - _LONG_AGO_SECONDS < failed_at < now + _AHEAD_SECONDS:
                self._flow.tally.fail(queue, failed_at, run_seconds)
        if len(self._flow.tally) > _MOST_HELD_BACK:
            self.write_flow()
        return len(came)

    def check_error_groups(self) -> Iterator:
        """Tasks that have left error leave their group."""
        groups = self._engine.error_groups
        for group_id in groups.ids():
            first, kept = 0, groups.check(group_id)
            while kept is not None:
                yield
                first += kept
                kept = groups.check(group_id, first)
            groups.note_checked(group_id)
            yield

    def follow_retried(self) -> Iterator:
        """What became of the tasks that operations have retried is counted, those of all operations in turn."""
        if monotonic() < self._follow_again_at:
            return
        began_at = monotonic()
        for operation, tasks in self._engine.operations.followed():
            with self.passing_over(operation.queue):
                self._engine.operations.settle(operation, tasks)
            yield
        # a million of them must not keep Redis busy with looking all the time
        self._follow_again_at = monotonic() + _REST_FACTOR * (monotonic() - began_at)

    def search_in_background(self) -> Iterator:
        """Searches of everything are carried on, a piece of each in turn."""
        running = self._engine.background.running()
        snapshot = self._engine.snapshot.read() if running else None
        if snapshot is None:
            return
        places = self._engine.search.places_of(snapshot.queues)
        for search_id in running * _PIECES_OF_A_SEARCH:
            self._search_on(search_id, places)
            yield

    def _search_on(self, search_id, places):
        background = self._engine.background
        try:
            with contextlib.suppress(SearchNotFound):
                background.step(search_id, places)
        except StoreUnavailable:
            raise
        except Exception as error:  # what is wrong with one must not stop the others, nor be tried for ever
            self._log.exception("search failed", search_id=search_id, error=str(error))
            with contextlib.suppress(SearchNotFound, StoreCorrupt):
                background.give_up(search_id, "something was wrong with it; the log of the sweeper says what")

    def keep_holds(self) -> Iterator:
        """Holds end when their time is over; tasks stand aside and come back."""
        for hold in self._engine.holds.lapse():
            self._log.info("hold ended", hold=shown(hold.name), queue=hold.queue and shown(hold.queue))
        yield
        for moved in self._siding.sweep():
            if moved is not None:
                self._log.info(moved.verb, queue=shown(moved.queue), qty=moved.count)
            yield

    def copy_audit(self) -> Iterator:
        """New acts are added to the file that the settings name."""
        return AuditFile(self._engine.audit, self._engine.settings.audit_file).copy()

    def part_twins(self) -> Iterator:
        """Unique tasks that stood in two queues and do so no more."""
        return self._twins.part()

    def look_for_orphans(self) -> Iterator:
        """What others have left where nobody finds it is told, and mended where the settings say so (wire D5, D8)."""
        mends = self._engine.settings.repair_orphans
        for found in self._orphans.queues():
            if found is not None:
                self._meet_orphan(*found, mends)
            yield
        if mends:
            for task_ids in self._orphans.records():
                self._twins.mark(task_ids)
                yield

    def _meet_orphan(self, state, queue, mends):
        with self.passing_over(queue):
            mended = mends and self._orphans.list_queue(state, queue)
            self._log.warning("orphaned queue", queue=shown(queue), state=state, mended=mended)

    @contextlib.contextmanager
    def passing_over(self, queue: str):
        """What is wrong with one queue must not keep a duty from the queues behind it."""
        try:
            yield
        except StoreCorrupt as error:
            self._log.error("queue cannot be read", queue=shown(queue), error=str(error))

    def _workers_alive(self):
        try:
            return sum(one.facts.get("kind") == "worker" for one in self._engine.workers.alive())
        except StoreCorrupt:
            return None

    def _count_recovered(self, queue, recovered):
        if recovered and self._engine.settings.stats_flush_seconds:
            tally = Tally()
            tally.recover(queue, self._engine.store.now(), len(recovered))
            self._engine.stats.write(tally)

    def _tell_recovered(self, recovered):
        log = self._log
        facts = {"queue": shown(recovered.queue), "task_id": shown(recovered.id)}
        log.debug("expiring task", **facts)
        if recovered.verb in ("released", "requeued"):
            log.info("queueing expired task", **facts, verb=recovered.verb)
        else:
            log.error("failing expired task", **facts, verb=recovered.verb)
