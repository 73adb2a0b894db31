"""Signalbox's queue engine: the public names.

An application needs Engine and what stands beside it; whoever works on Redis goes through an engine's rooms.
"""

from queue_core import errors, states
from queue_core.acts import Actor
from queue_core.config import Settings
from queue_core.embedded import Server
from queue_core.engine import Engine
from queue_core.errors import (
    JobTimeoutException,
    QueueFullException,
    RetryException,
    StopRetry,
    TaskImportError,
    TaskNotFound,
)
from queue_core.fingerprint import is_library
from queue_core.hold import held_place
from queue_core.masking import Masking, holds_hidden, masking_of
from queue_core.parent_death import end_with_parent
from queue_core.retry import exponential, fixed, linear
from queue_core.schedule import cron_expr, periodic
from queue_core.task import Task
from queue_core.text import shown
from queue_core.worker.executors.fork import ForkExecutor
from queue_core.worker.executors.sync import SyncExecutor
from queue_core.worker.loop import Worker
from queue_core.worker.runner import BaseRunner, DefaultRunner

__version__ = "0.1.0"

__all__ = [  # noqa: RUF022  (in groups)
    # -- the engine --
    "Actor",
    "Engine",
    "Server",
    "Settings",
    "Task",
    "Worker",
    "end_with_parent",
    "errors",
    "is_library",
    "held_place",
    "shown",
    "states",
    # -- what is secret --
    "Masking",
    "holds_hidden",
    "masking_of",
    # -- how tasks are run --
    "BaseRunner",
    "DefaultRunner",
    "ForkExecutor",
    "SyncExecutor",
    # -- when to run again --
    "cron_expr",
    "exponential",
    "fixed",
    "linear",
    "periodic",
    # -- what a task or a producer meets --
    "JobTimeoutException",
    "QueueFullException",
    "RetryException",
    "StopRetry",
    "TaskImportError",
    "TaskNotFound",
]
