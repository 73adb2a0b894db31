"""What a worker does beside its tasks: show itself, sweep, start recurring work, renew what goes with the leases."""

import contextlib
from dataclasses import dataclass

from queue_core.clock import monotonic
from queue_core.errors import StoreError
from queue_core.moments import naive_utc
from queue_core.process.presence import Presence
from queue_core.process.stop import Stop
from queue_core.queue_filter import QueueFilter
from queue_core.sweeper import Sweeper
from queue_core.worker import recurring
from queue_core.worker.access import Access
from queue_core.worker.admission import Admission
from queue_core.worker.counting import Counting
from queue_core.worker.heartbeat import Pulse
from queue_core.worker.orders import Orders
from queue_core.worker.runs import Runs
from queue_core.worker.stats import Stats
from queue_core.worker.task_locks import TaskLocks

_KEEP_EVERY_SECONDS = 0.05


@dataclass(eq=False)
class House:
    """facts: what the registry says of the worker besides what runs now."""

    engine: object
    executor: object
    queue_filter: QueueFilter
    facts: dict
    stop: Stop
    stats: Stats
    counting: Counting
    access: Access
    task_locks: TaskLocks
    sweeper: Sweeper
    admission: Admission
    orders: Orders
    log: object
    presence: Presence | None = None
    pulse: Pulse | None = None
    runs: Runs | None = None
    _keep_at: float = 0.0
    _periodic_at: float = 0.0
    _recurring: tuple = ()

    @property
    def wants_keeping(self) -> bool:
        return monotonic() >= self._keep_at

    def keep(self) -> None:
        """Between two rounds.  Raises StoreError."""
        self._keep_at = monotonic() + _KEEP_EVERY_SECONDS
        self.stats.tell_if_due()
        self.counting.write_if_due()
        self.pulse.beat_if_due()
        self.presence.beat()
        self._start_periodic()
        self.sweeper.step()

    def look_up(self) -> None:
        """While a task runs: a parent that waits for its child can sweep meanwhile, a heartbeat thread cannot."""
        self.stop.tell_once()
        self.stats.tell_if_due()
        if not self.executor.batches and self.runs.running and self.pulse.steady:
            self.counting.write_if_due()
            with contextlib.suppress(StoreError):
                self.sweeper.step()

    def renew(self) -> None:
        """After every heartbeat."""
        self.task_locks.renew()
        self.access.renew()
        self.presence.beat()

    def describe(self) -> dict:
        more = {"quiet": True} if self.orders.quiet else {}
        if self._recurring:
            more["recurring"] = list(self._recurring)
        return self.facts | {"running": self.runs.running, "refused_queues": self.admission.refused_queues} | more

    def obey(self, order) -> None:
        """Does what a person asks of this worker."""
        self.orders.obey(order, self.runs.running)

    def leave(self) -> None:
        self.executor.leave()
        self.counting.write()
        self.sweeper.leave()
        self.presence.leave()

    def _start_periodic(self):
        # a sweeper knows no functions, so whoever has them looks to it that they recur
        if monotonic() < self._periodic_at:
            return
        is_first, self._periodic_at = not self._periodic_at, monotonic() + self.engine.settings.recover_seconds
        try:
            functions = recurring.functions(self.engine, self.queue_filter)
        except Exception as error:  # what stands in a module is application code
            self.log.error("recurring work not started", error=f"{type(error).__name__}: {error}")
            return
        self._recurring = tuple(self.engine.periodic.told(functions))
        started = self.engine.periodic.start_due(functions, self._tell_failed_schedule)
        for name in functions:
            if name in started:
                self.log.info("queued periodic task", func=name, when=naive_utc(started[name]).isoformat())
            elif is_first:
                self.log.debug("periodic task already in queue", func=name)

    def _tell_failed_schedule(self, name, error):
        self.log.error("recurring work not started", func=name, error=f"{type(error).__name__}: {error}")
