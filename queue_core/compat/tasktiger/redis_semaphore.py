"""The semaphore of a queue: a limited number of holders, each until its time is over, and the lock of the system
(wire §9.2)."""

import math

from queue_core import scripts

SYSTEM_LOCK_ID = "SYSTEM_LOCK"
_KEPT_LONGER_SECONDS = 10


class Semaphore:
    """One holder of the semaphore under the key `name`.

    redis: any client.  lock_id: who holds.  timeout: seconds.  max_locks: how many may hold at the same time.
    Times are those of the server's clock."""

    def __init__(self, redis, name, lock_id, timeout, max_locks=1):
        self.redis = redis
        self.name = name
        self.lock_id = lock_id
        self.timeout = timeout
        self.max_locks = max_locks

    @classmethod
    def get_system_lock(cls, redis, name) -> float | None:
        """When the lock of the system ends, in Unix seconds; None when there is none, or no more."""
        ends_at = redis.zscore(name, SYSTEM_LOCK_ID)
        return ends_at if ends_at is not None and ends_at > _now(redis) else None

    @classmethod
    def set_system_lock(cls, redis, name, timeout) -> None:
        """Nobody can acquire for `timeout` seconds, a whole number or not."""
        pipeline = redis.pipeline(transaction=True)
        pipeline.zadd(name, {SYSTEM_LOCK_ID: _now(redis) + timeout})
        pipeline.expire(name, math.ceil(timeout + _KEPT_LONGER_SECONDS))
        pipeline.execute()

    def acquire(self) -> tuple[bool, int]:
        """(whether it is held now, how many hold it).  The number is -1 while the lock of the system is on."""
        source = scripts.load("enter_queue").source
        granted, holders = self.redis.eval(source, 1, self.name, self.lock_id, self.max_locks, self.timeout)
        return granted == 1, holders

    renew = acquire

    def release(self) -> None:
        self.redis.zrem(self.name, self.lock_id)


def _now(redis) -> float:
    seconds, microseconds = redis.time()
    return seconds + microseconds / 1_000_000
