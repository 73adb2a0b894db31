"""Executors: each runs calls and gives their outcomes; how, is its own affair."""

import contextlib

from queue_core.outcome import Outcome
from queue_core.worker.call import Call, make, perform


class NoProcess(Exception):
    """No process can be made to run a task in."""


_REPLACED = {"execute", "heartbeat"}
"""What TaskTiger's executors do there, and ours in other ways."""


class Executor:
    """worker: gives `now()`, the engine's time in Unix seconds, and `log`.

    batches: whether one claim may bring several tasks.  leaves_after_timeout: whether a hard timeout costs the process
    of the worker."""

    name = ""
    batches = False
    leaves_after_timeout = False

    def __init__(self, worker):
        self._worker = worker
        self._call = None
        self._doomed = None

    def __init_subclass__(cls, **options):
        super().__init_subclass__(**options)
        for name in sorted(_REPLACED & vars(cls).keys()):
            raise TypeError(f"{cls.__name__}.{name} would never be called: an executor is extended by execute_tasks.")

    # -- for an application's own executor --

    @property
    def worker(self):
        return self._worker

    @property
    def tiger(self):
        return self._worker.tiger

    @property
    def config(self):
        return self._worker.config

    @property
    def connection(self):
        return self._worker.connection

    def execute_tasks(self, tasks, log) -> bool:
        """Makes the call that these tasks are for, inside all its limits and contexts, where it runs.  An application's
        own executor may put something around this.  Raises what the call raises; gives True."""
        make(self._call)
        return True

    # -- for the worker --

    def perform(self, call: Call, alarm) -> Outcome:
        """Makes the call here, and says how that ended."""
        self._call = call
        return perform(call, alarm, self._worker.now, self._making)

    def _making(self, call):
        self.execute_tasks(list(call.tasks), self._worker.log)

    def run(self, call, pulse, started=lambda child_pid: None) -> Outcome:
        """How the call ended.  pulse: keeps the leases meanwhile.  started(child_pid or None): called once it runs.

        Stopped: the lease could not be kept.  Raises NoProcess."""
        raise NotImplementedError

    @contextlib.contextmanager
    def kept(self, calls: list):
        """Gives a `run` for some or all of these calls, in their order; what they need is kept between them."""
        yield self.run

    def kill(self, order) -> bool:
        """The run of the task that `order` names is to end now, as at its hard timeout; whether this will be tried.

        May be called by the thread that beats."""
        self._doomed = order
        return True

    def spare(self) -> None:
        """A run begins: what was asked of an earlier one, perhaps of the same task, is not meant for it."""
        self._doomed = None

    def ended_by(self, call: Call) -> str | None:
        """Who has asked for the end of this call, if anybody has."""
        order = self._doomed
        if order is None or order.queue != call.queue:
            return None
        return order.by if any(payload.id == order.task_id for payload in call.payloads) else None

    def leave(self) -> None:
        """The worker ends."""
