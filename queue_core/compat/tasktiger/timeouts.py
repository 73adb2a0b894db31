from queue_core.errors import JobTimeoutException
from queue_core.worker.timeouts import BaseDeathPenalty, UnixSignalDeathPenalty

__all__ = ["BaseDeathPenalty", "JobTimeoutException", "UnixSignalDeathPenalty"]
