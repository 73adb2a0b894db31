from queue_core.task import Task

__all__ = ["Task"]
