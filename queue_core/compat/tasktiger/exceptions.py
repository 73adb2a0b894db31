from queue_core.errors import (
    JobTimeoutException,
    QueueFullException,
    RetryException,
    StopRetry,
    TaskImportError,
    TaskNotFound,
)

__all__ = [
    "JobTimeoutException",
    "QueueFullException",
    "RetryException",
    "StopRetry",
    "TaskImportError",
    "TaskNotFound",
]
