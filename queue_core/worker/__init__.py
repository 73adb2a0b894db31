"""Worker processes: claim, run, settle."""

from queue_core.worker.loop import EXECUTORS, Worker

__all__ = ["EXECUTORS", "Worker"]
