"""Task locks and queue semaphores, as the wire has them (wire §9).

A lock is a key with its owner's token and an expiry; only its owner extends or deletes it.
"""

import math

from queue_core.keys import SYSTEM_LOCK
from queue_core.store import Store

_LOCK_EXPIRY_MARGIN_SECONDS = 10


class Locks:
    """The room of workers that must not run some things side by side."""

    def __init__(self, store: Store):
        self._store = store

    def acquire(self, lock_id: str, token: str, seconds: float) -> bool:
        """Whether the task lock is ours now, for `seconds`."""
        key = self._store.keys.lock(lock_id)
        return bool(self._store.client.set(key, token, nx=True, px=int(seconds * 1000)))

    def renew(self, lock_id: str, token: str, seconds: float) -> bool:
        """Whether it was still ours; then it is for `seconds` more."""
        return self._store.run("renew_lock", lock=self._store.keys.lock(lock_id), token=token, seconds=seconds) == 1

    def release(self, lock_id: str, token: str) -> bool:
        """Whether it was still ours; then it is free."""
        return self._store.run("release_lock", lock=self._store.keys.lock(lock_id), token=token) == 1

    def semaphore_enter(self, queue: str, worker_id: str, limit: int, seconds: float) -> tuple[bool, int]:
        """(whether this worker may work on `queue` for `seconds`, workers that do); -1 workers: the queue is locked."""
        entered, inside = self._store.run("enter_queue", queue=queue, worker=worker_id, limit=limit, seconds=seconds)
        return entered == 1, inside

    def semaphore_acquire(self, queue: str, worker_id: str, limit: int, seconds: float) -> bool:
        """Whether this worker may work on `queue`: at most `limit` do, and nobody while the queue is locked."""
        return self.semaphore_enter(queue, worker_id, limit, seconds)[0]

    def semaphore_release(self, queue: str, worker_id: str) -> None:
        self._store.client.zrem(self._store.keys.semaphore(queue), worker_id)

    def lock_queue(self, queue: str, seconds: float) -> None:
        """Lets no worker of ours, and no TaskTiger worker with a limit, begin anything from `queue` for `seconds`.

        An application's lock: without author, reason or audit entry; see `Control.pause`.  Any number of seconds."""
        ends_at = self._store.now() + seconds
        pipeline = self._store.client.pipeline(transaction=True)
        pipeline.zadd(self._store.keys.semaphore(queue), {SYSTEM_LOCK: ends_at})
        pipeline.expireat(self._store.keys.semaphore(queue), math.ceil(ends_at + _LOCK_EXPIRY_MARGIN_SECONDS))
        pipeline.execute()

    def queue_locked_until(self, queue: str) -> float | None:
        """When the lock of `queue` ends, in Unix seconds; None when there is none, or when it has ended."""
        ends_at = self._store.client.zscore(self._store.keys.semaphore(queue), SYSTEM_LOCK)
        return ends_at if ends_at is not None and ends_at > self._store.now() else None
