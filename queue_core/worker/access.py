"""The limit of workers at one queue: `max_workers_per_queue`, and one for single-worker queues (wire §9.2)."""

from queue_core.errors import StoreError
from queue_core.queue_filter import ancestry
from queue_core.text import shown


class Access:
    """worker: has an id, `max_workers_per_queue` and `single_worker_queues`, which may change at any time."""

    def __init__(self, engine, worker, log):
        self._engine = engine
        self._worker = worker
        self._log = log
        self._entered = None

    def limit(self, queue: str) -> int | None:
        """How many workers may be at `queue` together; None: as many as want to."""
        return 1 if self._is_for_one(queue) else self._worker.max_workers_per_queue

    def _is_for_one(self, queue) -> bool:
        return any(name in self._worker.single_worker_queues for name in ancestry(queue))

    def enter(self, queue: str) -> bool:
        """Whether the worker may claim from `queue` now; then `leave` is due.  Raises StoreError."""
        limit = self.limit(queue)
        if not limit:
            return True
        if self._is_for_one(queue):
            self._log.debug("single worker queue", queue=shown(queue))
        entered, inside = self._hold(queue, limit)
        if entered:
            self._entered = queue
            self._log.debug("acquired queue lock", queue=shown(queue), locks=inside)
        return entered

    def renew(self) -> None:
        queue = self._entered
        limit = queue and self.limit(queue)
        if limit and not self._hold(queue, limit)[0]:
            self._log.debug("queue lock renew failure", queue=shown(queue))

    def leave(self) -> None:
        queue, self._entered = self._entered, None
        if queue is None:
            return
        try:
            self._engine.locks.semaphore_release(queue, self._worker.id)
            self._log.debug("released swq lock", queue=shown(queue))
        except StoreError:
            self._log.warning("could not release lock", queue=shown(queue), lock="semaphore")

    def _hold(self, queue, limit):
        return self._engine.locks.semaphore_enter(queue, self._worker.id, limit, self._engine.settings.lease_seconds)
