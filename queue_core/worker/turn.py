"""One turn at a queue: claim, run what was claimed, settle."""

import time
import uuid
from collections import deque
from dataclasses import dataclass, field

import structlog

from queue_core.clock import monotonic
from queue_core.errors import NameNotAllowed, StoreError, StoreFull, TaskImportError
from queue_core.outcome import Outcome, TimedOut
from queue_core.process.patience import Patience
from queue_core.process.presence import Presence
from queue_core.process.stop import Stop
from queue_core.text import shown
from queue_core.worker import failure
from queue_core.worker.admission import Admission
from queue_core.worker.call import Call
from queue_core.worker.executors import NoProcess
from queue_core.worker.heartbeat import Pulse
from queue_core.worker.pace import Pace
from queue_core.worker.settlement import Settlement
from queue_core.worker.telling import tell

log = structlog.get_logger("signalbox")

_STALE_SECONDS = 1.0
_NO_PROCESS_SECONDS = 1.0
_LONGEST_TIMEOUT_SECONDS = 10.0 * 365 * 86_400


class LeaveProcess(Exception):
    """This process must end with status 1: a task overran its hard timeout in it."""


@dataclass(eq=False)
class Turn:
    """The parts of a worker that one turn needs; made once, used for every turn.

    lock_held: (id, token) of the task lock that is held now.  running: what runs now, as the registry shows it."""

    engine: object
    session: object
    executor: object
    pulse: Pulse
    admission: Admission
    settlement: Settlement
    pace: Pace
    patience: Patience
    stop: Stop
    presence: Presence
    lock_held: tuple[str, str] | None = None
    running: list[dict] = field(default_factory=list)

    def take(self, queue: str, limit: int) -> int:
        """How many tasks of `queue` were claimed.  Raises QueuePaused, StoreError, LeaveProcess."""
        claimed = self.session.claim(queue, limit)
        waiting = deque(claimed)
        # what waits longer than meant goes back, so that a pause, or another worker that is idle, has its effect
        stale_at = monotonic() + _STALE_SECONDS
        try:
            while waiting and not self.stop.requested and monotonic() < stale_at:
                self._next(waiting)
        finally:
            self._give_back(waiting)
            self._read_replies()
        return len(claimed)

    def finish_up(self) -> None:
        """Gives back everything that is still held and reads the last replies."""
        self._give_back(deque(self.session.held))
        self._read_replies()

    def may_wait(self) -> bool:
        """Whether to wait on for a store that is away; after a stop request only as long as the lease lasts."""
        return not self.stop.requested or self.session.lease_left_seconds() > 0

    def _next(self, waiting):
        claimed = waiting.popleft()
        payload = self.admission.read(claimed)
        if payload is not None:
            self._run_locked(claimed, payload, waiting)

    def _run_locked(self, claimed, payload, waiting):
        if payload.lock_id and not self._lock(claimed, payload.lock_id):
            log.info("could not acquire lock", queue=shown(claimed.queue), task_id=shown(claimed.id))
            self.session.defer(claimed, self.engine.clock.now() + self.engine.settings.lock_retry_seconds)
            return
        if waiting and not self.pace.fits(payload.func):
            self._give_back(waiting)
        try:
            self._run_and_settle(claimed, payload)
        except BaseException:
            # it may have begun, so it is not given back as untouched; recovery reads the start mark and decides
            self.session.abandon(claimed)
            raise

    def _run_and_settle(self, claimed, payload):
        try:
            outcome = self._start_and_run(claimed, payload)
        finally:
            self._unlock()
        if outcome is not None:
            self.settlement.settle(claimed, payload, outcome)
            if isinstance(outcome, TimedOut) and self.executor.leaves_after_timeout:
                raise LeaveProcess

    # -- the run --

    def _start_and_run(self, claimed, payload) -> Outcome | None:
        """None when it did not come to a run."""
        if not self.pulse.begin(claimed):
            self.session.abandon(claimed)
            log.warning("lease lost", queue=shown(claimed.queue), task_id=shown(claimed.id), verb="start")
            return None
        began_at, now = monotonic(), self.engine.clock.now()
        self.running = [{"id": claimed.id, "queue": claimed.queue, "func": payload.func, "started_at": now}]
        try:
            if not self._send_start(claimed, payload):
                return None
            return self._run(claimed, payload, now)
        except NoProcess as error:
            log.error("no process can be made", queue=shown(claimed.queue), task_id=shown(claimed.id), error=str(error))
            self.session.release(claimed)
            time.sleep(_NO_PROCESS_SECONDS)
            return None
        finally:
            self.running = []
            self.pulse.end()
            self.pace.note(payload.func, monotonic() - began_at)

    def _send_start(self, claimed, payload) -> bool:
        send = self.session.flush if payload.repeatable else self._await_start
        try:
            self.session.start(claimed)
            self.patience.until_done(send, lambda: not self.pulse.over)
        except StoreError:
            # it has not begun; the start mark, if it arrives at all, arrives before this
            self.session.release(claimed)
            return False
        return any(held is claimed for held in self.session.held)

    def _await_start(self):
        # should Redis and this process be killed together, the mark alone can say that the task was started
        self.settlement.note_replies(self.session.drain())

    def _run(self, claimed, payload, started_at):
        try:
            function = self._resolve(payload.func)
        except NameNotAllowed:
            self.admission.turn_away(claimed, payload)
            return None
        except TaskImportError as error:
            return failure.describe(error, started_at, self.engine.clock.now())
        self._queue_next_occurrence(function, claimed)
        call = Call(claimed.queue, payload, function, self._hard_timeout(payload, function))
        return self.executor.run(call, self.pulse, lambda child_pid: self._tell_start(claimed, payload, child_pid))

    def _resolve(self, name):
        try:
            return self.engine.allow_list.resolve(name)
        except SystemExit as error:  # of a module that leaves the process while it is imported
            raise TaskImportError(f"{name} cannot be imported: its module left with status {error.code}.") from error

    def _queue_next_occurrence(self, function, claimed):
        if getattr(function, "_task_schedule", None) is None:
            return
        try:
            if self.engine.periodic.queue_next(function, claimed.queue):
                log.info("queued periodic task", func=function.__qualname__, queue=shown(claimed.queue))
        except Exception as error:  # a schedule is application code; the run goes on, and start_due looks after it
            log.error(
                "next occurrence not queued", queue=shown(claimed.queue), error=f"{type(error).__name__}: {error}"
            )

    def _hard_timeout(self, payload, function) -> float:
        for seconds in (payload.hard_timeout_seconds, getattr(function, "_task_hard_timeout", None)):
            if seconds and 0 < seconds < _LONGEST_TIMEOUT_SECONDS:
                return float(seconds)
        return self.engine.settings.hard_timeout_seconds

    def _tell_start(self, claimed, payload, child_pid):
        facts = {"queue": shown(claimed.queue), "func": payload.func, "task_id": shown(claimed.id)}
        facts |= {"child_pid": child_pid} if child_pid else {}
        tell(log.info, "processing", facts, params={"args": payload.args, "kwargs": payload.kwargs})
        if child_pid:
            self.presence.beat()

    # -- what goes with it --

    def _lock(self, claimed, lock_id) -> bool:
        token, seconds = uuid.uuid1().hex, self.engine.settings.lease_seconds
        try:
            if not self.engine.locks.acquire(lock_id, token, seconds):
                return False
        except StoreFull:
            return False  # a new lock needs memory; a task that waits needs none
        except StoreError:
            self.session.release(claimed)
            raise
        self.lock_held = (lock_id, token)
        return True

    def _unlock(self):
        if self.lock_held is None:
            return
        (lock_id, token), self.lock_held = self.lock_held, None
        try:
            released = self.engine.locks.release(lock_id, token)
        except StoreError:
            released = False
        if not released:
            log.warning("could not release lock", lock=lock_id)

    def _give_back(self, waiting):
        while waiting:
            self.session.release(waiting.popleft())

    def _read_replies(self):
        settled = self.patience.until_done(self.session.drain, self.may_wait)
        self.settlement.note_replies(settled)
        self.pulse.forget_lost()
