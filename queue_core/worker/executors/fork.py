"""Runs calls in children made by fork.  All changes of state are the parent's."""

import contextlib

from queue_core.clock import monotonic
from queue_core.outcome import Done, Failed, Killed, Outcome, Stopped, TimedOut
from queue_core.text import shown
from queue_core.worker.executors import Executor, report
from queue_core.worker.executors.child import Child
from queue_core.worker.executors.childhood import LOST_LEASE_STATUS, Childhood

OUTSIDE_MARGIN_SECONDS = 7.0


class ForkExecutor(Executor):
    """A child for each call, or one for several calls of a function that run one after another."""

    name = "fork"

    def __init__(self, worker, outside_margin_seconds=OUTSIDE_MARGIN_SECONDS):
        super().__init__(worker)
        self._outside_margin_seconds = outside_margin_seconds
        self._leaving: list[Child] = []

    def run(self, call, pulse, started=lambda child_pid: None) -> Outcome:
        with self.kept([call]) as run:
            return run(call, pulse, started)

    @contextlib.contextmanager
    def kept(self, calls: list):
        household = _Household(self, calls)
        try:
            yield household.run
        finally:
            household.dismiss()

    def leave(self) -> None:
        for child in self._leaving:
            child.kill()
        self._leaving.clear()

    # -- for the household --

    def make_child(self, calls, position, lease_end) -> Child:
        self._leaving = [child for child in self._leaving if not child.has_ended()]
        return Childhood(self.perform, calls, lease_end).begin(position)

    def let_go(self, child) -> None:
        """What has said everything ends by itself meanwhile."""
        child.close()
        if not child.has_ended():
            self._leaving.append(child)

    def attend(self, child, call, pulse) -> Outcome:
        """Waits until the call has ended."""
        started_at = self._worker.now()
        ended_by = self._wait(child, call, pulse)
        ended_at, told = self._worker.now(), report.decode(child.report)
        # a task may leave with that status too, but it does so while the lease lasts
        ended_itself = child.exit_status == LOST_LEASE_STATUS and pulse.lease_end.left_seconds <= 0
        if ended_by is Stopped or (ended_itself and told is None):
            return Stopped(started_at, ended_at)
        if told is not None:
            return told
        child.kill()  # one that says what cannot be understood
        by = self.ended_by(call)
        overran = ended_at - started_at >= call.hard_timeout_seconds and child.signal is None
        if child.signal is not None:
            self._worker.log.error("child killed", return_code=-child.signal, child_pid=child.pid)
        if ended_by is TimedOut or overran:
            return TimedOut(started_at, ended_at, call.hard_timeout_seconds, by=by)
        return Killed(started_at, ended_at, child.signal, child.exit_status)

    def _wait(self, child, call, pulse):
        """None, or the kind of outcome for which the parent had to kill the child."""
        margin_seconds = max(self._outside_margin_seconds, call.grace_seconds)
        kill_at = monotonic() + call.hard_timeout_seconds + margin_seconds
        while not child.wait(min(pulse.next_in_seconds, kill_at - monotonic())):
            pulse.beat_if_due()
            if pulse.over:
                child.kill()
                return Stopped
            if self.ended_by(call) is not None:
                self._worker.log.error("task killed by an order", queue=shown(call.queue), child_pid=child.pid)
                child.kill()
                return TimedOut
            if monotonic() >= kill_at:
                facts = {"queue": shown(call.queue), "child_pid": child.pid}
                self._worker.log.error("hard timeout elapsed in parent process", **facts)
                child.kill()
                return TimedOut
        return None


class _Household:
    """The child that a few calls have in common; made anew when it has died of one."""

    def __init__(self, executor, calls):
        self._executor = executor
        self._calls = calls
        self._positions = {id(call): position for position, call in enumerate(calls)}
        self._child = None

    def run(self, call, pulse, started=lambda child_pid: None) -> Outcome:
        position, outcome = self._positions[id(call)], None
        self._executor.spare()
        while outcome is None:
            self._tell(position, pulse.lease_end)
            started(self._child.pid)
            outcome = self._executor.attend(self._child, call, pulse)
            if isinstance(outcome, Killed) and not self._child.begun:
                outcome = None  # it had ended before it heard of this call
            if not isinstance(outcome, (Done, Failed)) or self._child.has_ended():
                self.dismiss()  # a timeout may have broken into anything
        return outcome

    def dismiss(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            if child.report is None:
                child.kill()
            self._executor.let_go(child)

    def _tell(self, position, lease_end):
        if self._child is not None and self._child.tell(position):
            return
        self.dismiss()
        self._child = self._executor.make_child(self._calls, position, lease_end)
