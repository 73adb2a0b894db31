"""The worker: rounds over its queues until it is asked to stop."""

import contextlib
import os
import random
import sys
import threading
import uuid

import structlog

from queue_core.clock import monotonic
from queue_core.errors import InvalidRequest, QueuePaused, StoreCorrupt, StoreError
from queue_core.process.patience import Patience
from queue_core.process.presence import Presence, facts_of_this_process
from queue_core.process.stop import Stop
from queue_core.queue_filter import QueueFilter
from queue_core.sweeper import Sweeper
from queue_core.text import shown
from queue_core.worker import recurring
from queue_core.worker.admission import Admission
from queue_core.worker.executors.fork import ForkExecutor
from queue_core.worker.executors.sync import SyncExecutor
from queue_core.worker.heartbeat import Pulse
from queue_core.worker.pace import Pace
from queue_core.worker.settlement import Settlement
from queue_core.worker.turn import LeaveProcess, Turn
from queue_core.worker.working_set import WorkingSet

log = structlog.get_logger("signalbox")

EXECUTORS = ("fork", "sync")

_FIRST_REST_SECONDS = 0.1
_LONGEST_REST_SECONDS = 5.0


class Worker:
    """Runs the tasks of an engine, one at a time.

    queues, exclude_queues: names; subqueues are meant too.  executor: "fork" | "sync".  max_workers_per_queue: how many
    workers may be at one queue at the same time.  exit_after_seconds: leave after about so long.

    Raises InvalidRequest for an unknown executor, or when the engine knows no function that may be run."""

    def __init__(
        self,
        engine,
        queues=None,
        exclude_queues=None,
        executor="fork",
        max_workers_per_queue=None,
        exit_after_seconds=None,
    ):
        _check(engine, executor)
        self.id = str(uuid.uuid4())
        self._engine = engine
        self._filter = QueueFilter.of(queues, exclude_queues)
        self._max_workers = max_workers_per_queue
        self._exit_after_seconds = exit_after_seconds
        self._executor_name = executor
        self._semaphore_held = None
        self._periodic_at = 0.0
        self._rest_seconds = _FIRST_REST_SECONDS
        self._build()

    def _build(self):
        engine, settings = self._engine, self._engine.settings
        self._stop = Stop()
        self._patience = Patience()
        self._pace = Pace(settings)
        self._working_set = WorkingSet(engine, self._filter)
        self._session = engine.leases.session(self.id)
        self._executor = self._make_executor()
        self._facts = facts_of_this_process("worker", engine.clock.now()) | {
            "queues": sorted(map(shown, self._filter.only)),
            "exclude": sorted(map(shown, self._filter.exclude)),
            "executor": self._executor_name,
        }
        self._presence = Presence(engine, self.id, self._describe)
        self._pulse = Pulse(self._session, settings, self._renew_companions, self._look_up)
        self._admission = Admission(engine, self._session)
        settlement = Settlement(engine, self._session, self._patience, self._may_wait)
        self._turn = Turn(
            engine=engine,
            session=self._session,
            executor=self._executor,
            pulse=self._pulse,
            admission=self._admission,
            settlement=settlement,
            pace=self._pace,
            patience=self._patience,
            stop=self._stop,
            presence=self._presence,
        )
        self._sweeper = Sweeper(engine, standby=True)

    def _make_executor(self):
        if self._executor_name == "sync":
            return SyncExecutor(self._engine.clock.now)
        return ForkExecutor(self._engine.clock.now, self._leave_connections)

    # -- running --

    def run(self, once: bool = False, force_once: bool = False) -> None:
        """Works until SIGTERM or SIGINT; `once`: until there is nothing left to run; `force_once`: one round.

        A task that overruns its hard timeout under the sync executor ends this process with status 1.
        Raises InvalidRequest when that executor is not in the main thread, where alone it can interrupt a task."""
        if self._executor.batches and threading.current_thread() is not threading.main_thread():
            raise InvalidRequest("The sync executor runs in the main thread only.")
        with self._stop:
            try:
                self._begin()
                self._work(once, force_once)
            except LeaveProcess:
                self._leave_hard()
            except Exception:
                log.exception("exception")
                raise
            finally:
                self._leave()

    def stop(self) -> None:
        """As a signal does: the running task is finished, the rest is given back."""
        self._stop.request()

    def _begin(self):
        self._patience.until_done(self._engine.store.check_server, lambda: not self._stop.requested)
        self._presence.register()
        self._tell_ready()
        self._leave_at = monotonic() + (self._exit_after_seconds or float("inf"))

    def _work(self, once, force_once):
        while not self._is_over():
            if not self._refresh(wait_seconds=0 if once or force_once else self._engine.settings.poll_seconds):
                continue
            worked = self._round()
            self._keep_house()
            if force_once or (once and not worked and not self._working_set.queues):
                return

    def _is_over(self):
        self._stop.tell_once()
        return self._stop.requested or monotonic() >= self._leave_at

    def _refresh(self, wait_seconds) -> bool:
        try:
            self._patience.until_done(lambda: self._working_set.refresh(wait_seconds), lambda: not self._stop.requested)
        except StoreError:
            return False  # asked to stop while the store is away
        return True

    def _round(self) -> bool:
        """Every queue of the working set once, in random order; whether anything was claimed."""
        self._working_set.queues = set(filter(self._admission.serves, self._working_set.queues))
        queues = list(self._working_set.queues)
        random.shuffle(queues)
        limit = self._pace.size() if self._executor.batches else 1
        worked = False
        try:
            for queue in queues:
                if self._is_over():
                    break
                worked |= self._visit(queue, limit)
            self._rest_seconds = _FIRST_REST_SECONDS
        except StoreError as error:
            self._rest(error)
        return worked

    def _rest(self, error):
        """A Redis that still answers but refuses writes would be asked again at once."""
        log.error("nothing can be taken", error=str(error))
        self._working_set.close()  # the next look at the working set waits until the store is back
        self._stop.wait(self._rest_seconds)
        self._rest_seconds = min(self._rest_seconds * 2, _LONGEST_REST_SECONDS)

    def _visit(self, queue, limit) -> bool:
        taken = 0
        try:
            taken = self._take(queue, limit)
        except StoreCorrupt as error:
            log.error("queue cannot be read", queue=shown(queue), error=str(error))
        if not taken:
            self._working_set.queues.discard(queue)
        return bool(taken)

    def _take(self, queue, limit) -> int:
        if not self._enter(queue):
            return 0
        try:
            return self._turn.take(queue, limit)
        except QueuePaused:
            return 0
        finally:
            self._exit(queue)

    # -- the limit of workers per queue --

    def _enter(self, queue) -> bool:
        if self._max_workers is None:
            return True
        seconds = self._engine.settings.lease_seconds
        if not self._engine.locks.semaphore_acquire(queue, self.id, self._max_workers, seconds):
            return False
        self._semaphore_held = queue
        return True

    def _exit(self, queue):
        if self._semaphore_held is None:
            return
        self._semaphore_held = None
        try:
            self._engine.locks.semaphore_release(queue, self.id)
        except StoreError:
            log.warning("could not release lock", queue=shown(queue), lock="semaphore")

    # -- between rounds --

    def _keep_house(self):
        self._pulse.beat_if_due()
        self._presence.beat()
        try:
            self._start_periodic()
            self._sweeper.step()
        except StoreError:
            self._working_set.close()

    def _look_up(self):
        """While a task runs: a parent that waits for its child can sweep meanwhile, a heartbeat thread cannot."""
        self._stop.tell_once()
        if not self._executor.batches and self._turn.running and self._pulse.steady:
            with contextlib.suppress(StoreError):
                self._sweeper.step()

    def _start_periodic(self):
        # a sweeper knows no functions, so whoever has them looks to it that they recur
        if monotonic() < self._periodic_at:
            return
        self._periodic_at = monotonic() + self._engine.settings.recover_seconds
        try:
            for name in self._engine.periodic.start_due(recurring.functions(self._engine, self._filter)):
                log.info("queued periodic task", func=name)
        except StoreError:
            raise
        except Exception as error:  # a schedule is application code
            log.error("recurring work not started", error=f"{type(error).__name__}: {error}")

    def _renew_companions(self):
        seconds = self._engine.settings.lease_seconds
        lock_held, queue = self._turn.lock_held, self._semaphore_held
        if lock_held and not self._engine.locks.renew(*lock_held, seconds):
            log.warning("could not reacquire lock", lock=lock_held[0])
        if queue is not None:
            self._engine.locks.semaphore_acquire(queue, self.id, self._max_workers, seconds)
        self._presence.beat()

    def _describe(self) -> dict:
        return self._facts | {"running": self._turn.running, "refused_queues": self._admission.refused_queues}

    def _may_wait(self):
        return self._turn.may_wait()

    # -- leaving --

    def _leave(self):
        self._pulse.closed = True
        try:
            self._turn.finish_up()
        except StoreError as error:
            log.error("store is away", error=str(error))
        self._sweeper.leave()
        self._presence.leave()
        self._close_connections()
        log.info("done", pid=os.getpid())

    def _leave_hard(self):
        sys.stderr.write("exiting worker due to job timeout error\n")
        self._leave()
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        os._exit(1)

    def _leave_connections(self):
        self._close_connections()
        self._engine.store.client.connection_pool.disconnect()

    def _close_connections(self):
        self._session.close()
        self._working_set.close()

    def _tell_ready(self):
        log.info(
            "ready",
            id=self.id,
            pid=os.getpid(),
            queues=self._facts["queues"],
            exclude_queues=self._facts["exclude"],
            single_worker_queues=[],
            max_workers=self._max_workers,
            executor=self._executor_name,
            exit_after=self._exit_after_seconds,
        )


def _check(engine, executor):
    if executor not in EXECUTORS:
        raise InvalidRequest(f"There is no executor {executor!r}; there are {' and '.join(EXECUTORS)}.")
    if not engine.allow_list:
        raise InvalidRequest("This worker may run no function: name its modules with -m, or say --allow-any.")
