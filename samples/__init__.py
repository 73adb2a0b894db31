"""The sample application: a small shop's background work, and what `signalbox up` starts for it."""

from samples.processes import PROCESSES, WORKER_MODULES

__all__ = ["PROCESSES", "WORKER_MODULES"]
