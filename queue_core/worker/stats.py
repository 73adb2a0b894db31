"""How busy a worker was: a line in the log every `stats_seconds`."""

from queue_core.clock import monotonic


class Stats:
    """Nobody waits for it: whoever passes by calls `tell_if_due`."""

    def __init__(self, engine, log):
        self._engine = engine
        self._log = log
        self._began_at = monotonic()
        self._busy_seconds = 0.0
        self._task_began_at = None

    def report_task_start(self) -> None:
        self._task_began_at = monotonic()

    def report_task_end(self) -> None:
        began_at, self._task_began_at = self._task_began_at, None
        self._busy_seconds += monotonic() - max(began_at, self._began_at)

    def tell_if_due(self) -> None:
        every_seconds = self._engine.settings.stats_seconds
        if every_seconds and monotonic() - self._began_at >= every_seconds:
            self.compute_stats()

    def compute_stats(self) -> None:
        """Writes the line and begins anew."""
        now, task_began_at = monotonic(), self._task_began_at
        total = now - self._began_at
        busy = self._busy_seconds + (now - max(task_began_at, self._began_at) if task_began_at is not None else 0.0)
        self._began_at, self._busy_seconds = now, 0.0
        utilization = 100.0 * busy / total if total else 0.0
        self._log.info("stats", time_total=total, time_busy=busy, utilization=utilization)
