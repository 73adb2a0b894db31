"""The worker: put together, and run until it is asked to stop."""

import datetime
import os
import sys
import threading
import uuid

from queue_core.clock import monotonic
from queue_core.errors import InvalidRequest, StoreError, StoreFull, StoreUnavailable
from queue_core.process.patience import Patience
from queue_core.process.presence import Presence, facts_of_this_process
from queue_core.process.stop import Stop
from queue_core.queue_filter import QueueFilter
from queue_core.sweeper import Sweeper
from queue_core.text import shown
from queue_core.worker.access import Access
from queue_core.worker.admission import Admission
from queue_core.worker.counting import Counting
from queue_core.worker.executors.fork import ForkExecutor
from queue_core.worker.executors.sync import SyncExecutor
from queue_core.worker.heartbeat import Pulse
from queue_core.worker.house import House
from queue_core.worker.orders import Orders
from queue_core.worker.pace import Pace
from queue_core.worker.preparation import Preparation
from queue_core.worker.rounds import Rounds
from queue_core.worker.runs import LeaveProcess, Runs
from queue_core.worker.settlement import Settlement
from queue_core.worker.stats import Stats
from queue_core.worker.task_locks import TaskLocks
from queue_core.worker.tasktiger_names import TaskTigerNames
from queue_core.worker.turn import Turn
from queue_core.worker.working_set import WorkingSet

EXECUTORS = {"fork": ForkExecutor, "sync": SyncExecutor}

_SHORTEST_WAIT_SECONDS = 0.01
_QUIET_WAIT_SECONDS = 0.25


class Worker(TaskTigerNames):
    """Runs the tasks of an engine, one or one batch at a time.

    tiger: the engine.  queues, exclude_queues: lists of names, subqueues are meant too; empty: as the settings say.
    single_worker_queues: where only one worker may be at a time; None: as the settings say.  max_workers_per_queue: how
    many may be at one queue at the same time.  store_tracebacks: None: as the settings say.  executor_class:
    ForkExecutor, SyncExecutor or a class made of them; executor: "fork" | "sync", the short way.

    Attributes that may be read: id, only_queues, exclude_queues, config, connection, executor, worker_group_name; to be
    changed at any time: max_workers_per_queue, single_worker_queues.

    Raises InvalidRequest for an unknown executor, or when the engine knows no function that may be run."""

    def __init__(
        self,
        tiger,
        queues=None,
        exclude_queues=None,
        single_worker_queues=None,
        max_workers_per_queue=None,
        store_tracebacks=None,
        executor_class=None,
        *,
        executor=None,
    ):
        _check(tiger, executor)
        settings = tiger.settings
        self.id = str(uuid.uuid4())
        self.engine = tiger
        self.log = tiger.log.bind(pid=os.getpid())
        self.executor = (executor_class or EXECUTORS[executor or "fork"])(self)
        self.max_workers_per_queue = max_workers_per_queue
        self.single_worker_queues = _names(
            settings.single_worker_queues if single_worker_queues is None else single_worker_queues
        )
        self._filter = QueueFilter.of(queues or settings.only_queues, exclude_queues or settings.exclude_queues)
        self._build(store_tracebacks)

    def _build(self, store_tracebacks):
        engine, executor, log = self.engine, self.executor, self.log
        self._stop, self._patience = Stop(log), Patience(log)
        self._session = engine.leases.session(self.id)
        self._working_set = WorkingSet(engine, self._filter, self._stop.wait, log)
        self._preparation = Preparation(engine, log)
        counting = self._counting = Counting(engine, log)
        admission, pace, stats = Admission(engine, self._session, log), Pace(engine), Stats(engine, log)
        self._orders = Orders(executor, self._stop, log)
        access, locks = Access(engine, self, log), TaskLocks(engine, log)
        self._house = House(
            engine=engine,
            executor=executor,
            queue_filter=self._filter,
            facts=self._facts(),
            stop=self._stop,
            stats=stats,
            counting=counting,
            access=access,
            task_locks=locks,
            sweeper=Sweeper(engine, standby=True),
            admission=admission,
            orders=self._orders,
            log=log,
        )
        self._presence = self._house.presence = Presence(engine, self.id, self._house.describe, self._house.obey)
        self._pulse = self._house.pulse = Pulse(self._session, engine, self._house.renew, self._house.look_up)
        settlement = Settlement(engine, self._session, self._patience, self._may_wait, log, counting, store_tracebacks)
        self._runs = self._house.runs = Runs(
            engine=engine,
            session=self._session,
            executor=executor,
            pulse=self._pulse,
            admission=admission,
            preparation=self._preparation,
            settlement=settlement,
            locks=locks,
            pace=pace,
            patience=self._patience,
            presence=self._presence,
            stats=stats,
            counting=counting,
            log=log,
        )
        self._turn = Turn(
            session=self._session,
            runs=self._runs,
            pulse=self._pulse,
            admission=admission,
            settlement=settlement,
            pace=pace,
            patience=self._patience,
            stop=self._stop,
            orders=self._orders,
            log=log,
        )
        self._rounds = Rounds(
            engine=engine,
            executor=executor,
            working_set=self._working_set,
            admission=admission,
            access=access,
            turn=self._turn,
            pace=pace,
            stop=self._stop,
            log=log,
        )

    def _facts(self):
        return facts_of_this_process("worker", self.now()) | {
            "queues": sorted(map(shown, self.only_queues)),
            "exclude": sorted(map(shown, self.exclude_queues)),
            "executor": self.executor.name,
        }

    def now(self) -> float:
        """The engine's time in Unix seconds."""
        return self.engine.clock.now()

    # -- running --

    def run(self, once: bool = False, force_once: bool = False, exit_after: datetime.timedelta | None = None) -> None:
        """Works until SIGTERM or SIGINT, or for about `exit_after`; `once`: until there is nothing left to run;
        `force_once`: one round.

        A task that overruns its hard timeout under the sync executor ends this process with status 1.
        Raises InvalidRequest when that executor is not in the main thread, where alone it can interrupt a task."""
        if self.executor.batches and threading.current_thread() is not threading.main_thread():
            raise InvalidRequest("The sync executor runs in the main thread only.")
        with self._stop:
            try:
                self._begin(exit_after)
                self._work(once, force_once)
            except LeaveProcess:
                self._leave_hard()
            except Exception as error:
                if self._stop.requested and isinstance(error, StoreUnavailable | StoreFull):
                    self.log.warning("left while the store is away", error=str(error))
                    return
                self.log.exception("exception")
                raise
            finally:
                self._leave()

    def stop(self) -> None:
        """As a signal does: the running task is finished, the rest is given back."""
        self._stop.request()

    def _begin(self, exit_after):
        self._patience.until_done(self.engine.store.check_server, lambda: not self._stop.requested)
        self._presence.register()
        self._tell_ready(exit_after)
        self._leave_at = monotonic() + (exit_after.total_seconds() if exit_after else float("inf"))

    def _work(self, once, force_once):
        while not self._is_over():
            if not self._refresh(0 if once or force_once else self._wait_seconds):
                continue
            worked = self._rounds.make(self._takes_nothing)
            if not worked or self._house.wants_keeping:
                self._keep_house()
            if force_once or (once and not worked and (self._orders.quiet or not self._working_set.queues)):
                return
            if self._orders.quiet:
                self._stop.wait(min(self._wait_seconds, _QUIET_WAIT_SECONDS))  # tasks that wait would not let it rest

    @property
    def _wait_seconds(self):
        return max(self.engine.settings.poll_seconds, _SHORTEST_WAIT_SECONDS)

    def _is_over(self):
        self._stop.tell_once()
        return self._stop.requested or monotonic() >= self._leave_at

    def _takes_nothing(self):
        return self._is_over() or self._orders.quiet

    def _refresh(self, wait_seconds) -> bool:
        try:
            self._patience.until_done(lambda: self._working_set.refresh(wait_seconds), lambda: not self._stop.requested)
        except StoreError:
            return False  # asked to stop while the store is away
        return True

    def _keep_house(self):
        try:
            self._house.keep()
        except StoreError:
            self._working_set.close()

    def _may_wait(self):
        return self._turn.may_wait()

    # -- leaving --

    def _leave(self):
        try:
            self._turn.finish_up()
        except StoreError as error:
            self.log.error("store is away", error=str(error))
        self._house.leave()
        self._session.close()
        self._working_set.close()
        self.log.info("done")

    def _leave_hard(self):
        sys.stderr.write("exiting worker due to job timeout error\n")
        self._leave()
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        os._exit(1)

    def _tell_ready(self, exit_after):
        self.log.info(
            "ready",
            id=self.id,
            queues=self._house.facts["queues"],
            exclude_queues=self._house.facts["exclude"],
            single_worker_queues=sorted(map(shown, self.single_worker_queues)),
            max_workers=self.max_workers_per_queue,
            executor=type(self.executor).__name__,
            exit_after=str(exit_after) if exit_after else None,
        )


def _check(engine, executor):
    if executor is not None and executor not in EXECUTORS:
        raise InvalidRequest(f"There is no executor {executor!r}; there are {' and '.join(EXECUTORS)}.")
    if not engine.allow_list:
        raise InvalidRequest("This worker may run no function: name its modules with -m, or say --allow-any.")


def _names(queues) -> set[str]:
    # a plain string would be taken letter by letter
    assert not isinstance(queues, str), "give a list of queue names, not a string"
    return set(queues)
