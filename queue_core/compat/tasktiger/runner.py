from queue_core.worker.runner import BaseRunner, DefaultRunner

__all__ = ["BaseRunner", "DefaultRunner"]
