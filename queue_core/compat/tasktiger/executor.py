from queue_core.worker.executors import Executor
from queue_core.worker.executors.fork import ForkExecutor
from queue_core.worker.executors.sync import SyncExecutor

__all__ = ["Executor", "ForkExecutor", "SyncExecutor"]
