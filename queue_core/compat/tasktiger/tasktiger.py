from queue_core.compat.tasktiger.command import run_worker
from queue_core.compat.tasktiger.worker import LOCK_REDIS_KEY
from queue_core.engine import Engine as TaskTiger
from queue_core.retry import fixed
from queue_core.task import Task
from queue_core.worker.loop import Worker

__all__ = ["LOCK_REDIS_KEY", "Task", "TaskTiger", "Worker", "fixed", "run_worker"]
