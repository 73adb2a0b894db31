"""The runs of claimed tasks: lock, start mark, call, outcome."""

import math
import time
from collections import deque
from dataclasses import dataclass, field

from queue_core.clock import monotonic
from queue_core.crash_points import at
from queue_core.errors import NameNotAllowed, StoreError
from queue_core.outcome import Done, Failed, Killed, Stopped, TimedOut
from queue_core.process.patience import Patience
from queue_core.process.presence import Presence
from queue_core.text import shown
from queue_core.worker import failure
from queue_core.worker.admission import Admission, Ready
from queue_core.worker.call import Call
from queue_core.worker.counting import Counting
from queue_core.worker.executors import NoProcess
from queue_core.worker.heartbeat import Pulse
from queue_core.worker.pace import Pace
from queue_core.worker.preparation import Preparation
from queue_core.worker.settlement import Settlement
from queue_core.worker.stats import Stats
from queue_core.worker.task_locks import TaskLocks
from queue_core.worker.telling import tell

_NO_PROCESS_SECONDS = 1.0
_SHOWN = 20
_OUTCOMES = {Done: "done", Failed: "failed", TimedOut: "timed out", Killed: "killed", Stopped: "stopped"}


class LeaveProcess(Exception):
    """This process must end with status 1: a task overran its hard timeout in it."""


@dataclass(eq=False)
class Runs:
    """The parts of a worker that a run needs; made once, used for every run.

    running: what runs now, as the registry shows it."""

    engine: object
    session: object
    executor: object
    pulse: Pulse
    admission: Admission
    preparation: Preparation
    settlement: Settlement
    locks: TaskLocks
    pace: Pace
    patience: Patience
    presence: Presence
    stats: Stats
    counting: Counting
    log: object
    running: list[dict] = field(default_factory=list)

    def of(self, tasks: list[Ready], may_go_on=lambda: True) -> None:
        """Runs tasks of one function and settles them: all in one call when it wants a batch, else one after another
        for as long as `may_go_on()`; what it does not come to is left as it is.

        Tasks that run one after another have an outcome each.  (In TaskTiger the first exception fails all that were
        taken together, those done and those not begun among them.)

        Raises LeaveProcess, and StoreUnavailable when Redis is away and may no longer be waited for."""
        waiting = deque(tasks)
        begun = self._begin_first(waiting)
        if not begun:
            return
        try:
            call = self._prepare(begun, waiting)
            if call is not None and call.batch:
                self._begin_the_rest(begun, waiting)
                if begun:
                    self._run(begun, self.preparation.call(begun, call.function), self.executor.run)
            elif call is not None:
                self._run_one_after_another(begun, waiting, call, may_go_on)
        except BaseException:
            # what may have begun is not given back as untouched: recovery reads the start mark and decides
            for one in begun:
                self.session.abandon(one.claimed)
            raise
        finally:
            self._end()

    def _run_one_after_another(self, begun, waiting, call, may_go_on):
        calls = deque([call, *(self.preparation.call([one], call.function) for one in waiting)])
        with self.executor.kept(list(calls)) as run:
            while begun:
                self._run(begun, _call_for(begun, calls), run)
                begun[:] = self._begin_first(waiting) if may_go_on() else []

    # -- before the call --

    def _begin_first(self, waiting) -> list[Ready]:
        begun = []
        while waiting and not begun:
            begun = self._begin([waiting.popleft()])
        return begun

    def _begin_the_rest(self, begun, waiting):
        try:
            begun += self._begin(list(waiting), beside=begun)
        except StoreError:
            # marked, but not called: it would be a pity if it counted
            while begun:
                self.session.release(begun.pop().claimed)
            raise
        # what was lost while the others were begun must not run beside its new holder
        begun[:] = [one for one in begun if self.session.holds(one.claimed)]

    def _begin(self, tasks, beside=()) -> list[Ready]:
        """Those of `tasks` that have their lock, are ours, and are marked as started.  beside: begun before them."""
        locked = [one for one in tasks if self._lock(one)]
        if not locked:
            return []
        ours = set(map(id, self.pulse.begin([one.claimed for one in (*beside, *locked)])))
        for one in locked:
            if id(one.claimed) not in ours:
                self.session.abandon(one.claimed)
                self.log.warning("lease lost", **one.facts, verb="start")
        begun = self._mark([one for one in locked if id(one.claimed) in ours])
        self._show([*beside, *begun])
        return begun

    def _lock(self, ready) -> bool:
        lock_id = ready.payload.lock_id
        try:
            if not lock_id or self.locks.take(lock_id):
                return True
        except StoreError:
            self.session.release(ready.claimed)
            raise
        self.log.info("could not acquire lock", queue=shown(ready.claimed.queue), task_id=shown(ready.claimed.id))
        self.session.defer(ready.claimed, self.engine.clock.now() + self.engine.settings.lock_retry_seconds)
        return False

    def _mark(self, tasks) -> list[Ready]:
        send = self.session.flush if all(one.payload.repeatable for one in tasks) else self._await_marks
        try:
            for one in tasks:
                self.session.start(one.claimed)
            self.patience.until_done(send, lambda: not self.pulse.over)
        except StoreError:
            # it has not begun; the start mark, if it arrives at all, arrives before this
            for one in tasks:
                self.session.release(one.claimed)
        return [one for one in tasks if self.session.holds(one.claimed)]

    def _await_marks(self):
        # should Redis and this process be killed together, the mark alone can say that the task was started
        self.settlement.note_replies(self.session.drain())

    def _show(self, begun):
        now = self.engine.clock.now()
        self.running = [
            {"id": one.claimed.id, "queue": one.claimed.queue, "func": one.payload.func, "started_at": now}
            for one in begun[:_SHOWN]
        ]

    def _prepare(self, begun, waiting) -> Call | None:
        """The call of what has begun; None when it cannot be had, and then all of them have been settled."""
        started_at = self.engine.clock.now()
        try:
            self.preparation.check_runners([*begun, *waiting])
            return self.preparation.call(begun, self.preparation.function(begun[0].payload.func))
        except NameNotAllowed:
            for one in (*begun, *waiting):
                self.admission.turn_away(one)
        except Exception as error:  # what was found is application code, and may object to being looked at
            outcome = failure.describe(error, started_at, self.engine.clock.now())
            for one in (*begun, *waiting):
                self.counting.start(one)
                self.settlement.settle(one, outcome, self.preparation.runner_to_tell(one))
        return None

    # -- the call --

    def _run(self, begun, call, run):
        began_at = monotonic()
        if math.isfinite(call.hard_timeout_seconds):
            # anew, not in place: the thread that beats may be writing the old ones down
            self.running = [one | {"hard_timeout_seconds": call.hard_timeout_seconds} for one in self.running]
        self.stats.report_task_start()
        for one in begun:
            self.counting.start(one)
        at("before_call")
        try:
            self._queue_next_occurrence(call)
            outcome = run(call, self.pulse, lambda child_pid: self._tell_start(begun, child_pid))
        except NoProcess as error:
            self._give_back(begun, error)
            return
        finally:
            self._end()
            self.stats.report_task_end()
            self.pace.note(begun[0].payload.func, (monotonic() - began_at) / len(begun))
        at("before_settle")
        for one in begun:
            self.settlement.settle(one, outcome, call.runner)
        self._note_recurring_run(call, outcome)
        if isinstance(outcome, TimedOut) and self.executor.leaves_after_timeout:
            raise LeaveProcess

    def _end(self):
        self.running = []
        self.pulse.end()
        self.locks.release_all()

    def _give_back(self, begun, error):
        self.log.error("no process can be made", **begun[0].facts, error=str(error))
        for one in begun:
            self.counting.start(one, -1)
            self.session.release(one.claimed)
        time.sleep(_NO_PROCESS_SECONDS)

    def _queue_next_occurrence(self, call):
        try:
            if getattr(call.function, "_task_schedule", None) is None:
                return
            if self.engine.periodic.queue_next(call.function, call.queue):
                self.log.debug("queued periodic task", func=call.payloads[0].func, queue=shown(call.queue))
        except Exception as error:  # a schedule is application code; the run goes on, and start_due looks after it
            fault = f"{type(error).__name__}: {error}"
            self.log.error("next occurrence not queued", queue=shown(call.queue), error=fault)

    def _note_recurring_run(self, call, outcome):
        try:
            if getattr(call.function, "_task_schedule", None) is None:
                return
            self.session.flush()  # that the task is settled shall not wait for this
            how, name = _OUTCOMES[type(outcome)], call.payloads[0].func
            self.engine.periodic.note_run(name, how, outcome.started_at, outcome.ended_at)
        except Exception as error:  # only people miss it; the task is settled
            self.log.warning("run not noted", queue=shown(call.queue), error=f"{type(error).__name__}: {error}")

    def _tell_start(self, begun, child_pid):
        for one in begun:
            facts = one.facts | ({"child_pid": child_pid} if child_pid else {})
            params = {"args": one.payload.args, "kwargs": one.payload.kwargs}
            tell(self.log.info, "processing", facts, params=params)
        if child_pid:
            self.presence.beat()


def _call_for(begun, calls):
    """The call that was made for the one task in `begun`; those before it did not come to run."""
    while calls[0].payloads[0] is not begun[0].payload:
        calls.popleft()
    return calls[0]
