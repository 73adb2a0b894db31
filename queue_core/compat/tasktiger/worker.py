from queue_core.worker.loop import Worker

LOCK_REDIS_KEY = "qslock"
"""The middle of the name of a queue's semaphore."""

__all__ = ["LOCK_REDIS_KEY", "Worker"]
