"""Task locks and queue semaphores, as the wire has them (wire §9).

A lock is a key with its owner's token and an expiry; only its owner extends or deletes it.
"""

from queue_core.store import Store


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

    def semaphore_acquire(self, queue: str, worker_id: str, limit: int, seconds: float) -> bool:
        """Whether this worker may work on `queue`: at most `limit` do, and nobody while the queue is locked."""
        return self._store.run("enter_queue", queue=queue, worker=worker_id, limit=limit, seconds=seconds) == 1

    def semaphore_release(self, queue: str, worker_id: str) -> None:
        self._store.client.zrem(self._store.keys.semaphore(queue), worker_id)
