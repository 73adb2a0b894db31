"""A thread that writes how busy a worker is, every STATS_INTERVAL seconds."""

import threading

from queue_core.worker.stats import Stats


class StatsThread(threading.Thread):
    """tiger: a worker.  Told of every start and end of a task; writes the line `stats` to the worker's log."""

    def __init__(self, tiger):
        super().__init__(daemon=True)
        self._worker = tiger
        self._stats = Stats(tiger.engine, tiger.log)
        self._one_at_a_time = threading.Lock()
        self._stopped = threading.Event()

    def report_task_start(self) -> None:
        with self._one_at_a_time:
            self._stats.report_task_start()

    def report_task_end(self) -> None:
        with self._one_at_a_time:
            self._stats.report_task_end()

    def compute_stats(self) -> None:
        """Writes the line and begins to measure anew."""
        with self._one_at_a_time:
            self._stats.compute_stats()

    def run(self) -> None:
        while not self._stopped.wait(self._worker.config["STATS_INTERVAL"]):
            self.compute_stats()

    def stop(self) -> None:
        self._stopped.set()
