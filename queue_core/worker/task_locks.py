"""The task locks that a worker holds for what it runs now."""

import uuid

from queue_core.errors import StoreCorrupt, StoreError, StoreFull


class TaskLocks:
    """A lock is taken once, however many tasks of a batch share it."""

    def __init__(self, engine, log):
        self._engine = engine
        self._log = log
        self._held: dict[str, str] = {}

    def take(self, lock_id: str) -> bool:
        """Whether it is ours now.  Raises StoreUnavailable."""
        if lock_id in self._held:
            return True
        token = uuid.uuid1().hex
        try:
            if not self._engine.locks.acquire(lock_id, token, self._engine.settings.lease_seconds):
                return False
        except StoreFull:
            return False  # a new lock needs memory; a task that waits needs none
        self._held[lock_id] = token
        return True

    def renew(self) -> None:
        for lock_id, token in list(self._held.items()):
            if not self._is_renewed(lock_id, token):
                self._log.warning("could not reacquire lock", lock=self._key(lock_id))

    def _is_renewed(self, lock_id, token) -> bool:
        try:
            return self._engine.locks.renew(lock_id, token, self._engine.settings.lease_seconds)
        except StoreCorrupt:
            return False  # what is renewed behind it must not lapse for that

    def release_all(self) -> None:
        while self._held:
            lock_id, token = self._held.popitem()
            try:
                released = self._engine.locks.release(lock_id, token)
            except StoreError:
                released = False
            if not released:
                self._log.warning("could not release lock", lock=self._key(lock_id))

    def _key(self, lock_id):
        return self._engine.store.keys.lock(lock_id).decode()
