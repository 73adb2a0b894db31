"""`import tasktiger`, answered by this engine: the same names, for an application that was written for TaskTiger.

    import queue_core.compat.tasktiger as compat
    compat.install()                        # before the application imports tasktiger
    from tasktiger import TaskTiger         # is queue_core.Engine

`python -m queue_core.compat.tasktiger script.py …` does so around a script, `signalbox worker --compat tasktiger`
around a worker.
"""

from queue_core import (
    Engine,
    JobTimeoutException,
    QueueFullException,
    RetryException,
    StopRetry,
    Task,
    TaskImportError,
    TaskNotFound,
    Worker,
    cron_expr,
    exponential,
    fixed,
    linear,
    periodic,
)
from queue_core.compat.stand_in import StandIn
from queue_core.compat.tasktiger.command import run_worker as run_worker

TaskTiger = Engine

__version__ = "0.26.3"

__all__ = [  # noqa: RUF022  (as there)
    "TaskTiger",
    "Worker",
    "Task",
    "JobTimeoutException",
    "RetryException",
    "StopRetry",
    "TaskImportError",
    "TaskNotFound",
    "QueueFullException",
    "fixed",
    "linear",
    "exponential",
    "periodic",
    "cron_expr",
]

PARTS = (
    "_internal", "exceptions", "executor", "logging", "migrations", "redis_semaphore", "retry", "runner", "schedule",
    "stats", "task", "tasktiger", "test_helpers", "timeouts", "types", "utils", "worker",
)  # fmt: skip
"""The modules below.  Two more, `rollbar` and `flask_script`, need the package that they are named after."""

_stand_in = StandIn("tasktiger", __name__)


def install() -> None:
    """From now on `import tasktiger` and its modules are ours in this process, and engines are as lenient as TaskTiger.

    May be repeated.  Raises InvalidRequest when the real package has been imported already."""
    _stand_in.install(PARTS)
    Engine.strict_by_default = False


def uninstall() -> None:
    """Takes it back: the name is free, and new engines are strict."""
    _stand_in.uninstall()
    Engine.strict_by_default = True
