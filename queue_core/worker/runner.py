"""Runners: how the function of a task is called.  An application may bring its own (`runner_class=`)."""

import inspect

from queue_core import names
from queue_core.worker.timeouts import UnixSignalDeathPenalty


class BaseRunner:
    """What an application's runner derives from; one is made for each run.

    tiger: the engine.  Tasks are `Task` records with `func`, `args` and `kwargs`."""

    def __init__(self, tiger):
        self.tiger = tiger

    def run_single_task(self, task, hard_timeout):
        """Runs one task.  hard_timeout: seconds; a runner that sets no limit itself is interrupted all the same."""
        raise NotImplementedError(f"{type(self).__name__} runs no single tasks")

    def run_batch_tasks(self, tasks, hard_timeout):
        """Runs all tasks of a batch in one go."""
        raise NotImplementedError(f"{type(self).__name__} runs no batches")

    def run_eager_task(self, task):
        """Runs a task in the process of its producer (`always_eager`); what it gives, `Task.delay` gives."""
        raise NotImplementedError(f"{type(self).__name__} runs nothing eagerly")

    def on_permanent_error(self, task, execution):
        """Called in the worker's process when a task has failed for good.  execution: its newest record, or None."""


class DefaultRunner(BaseRunner):
    """Calls the function, with its hard timeout around it."""

    def run_single_task(self, task, hard_timeout):
        with UnixSignalDeathPenalty(hard_timeout):
            refuse_unrun(self._call(task))

    def run_batch_tasks(self, tasks, hard_timeout):
        with UnixSignalDeathPenalty(hard_timeout):
            refuse_unrun(tasks[0].func(as_batch(tasks)))

    def run_eager_task(self, task):
        return self._call(task)

    def _call(self, task):
        function = task.func
        if getattr(function, "_task_batch", False):
            return function(as_batch([task]))
        return function(*task.args, **task.kwargs)


for _class in (BaseRunner, DefaultRunner):
    names.register_alias(f"tasktiger.runner:{_class.__name__}", _class)


def as_batch(tasks) -> list[dict]:
    """What a batch function is called with: `[{"args": […], "kwargs": {…}}, …]`."""
    return [{"args": task.args, "kwargs": task.kwargs} for task in tasks]


def refuse_unrun(given) -> None:
    """Raises TypeError for what the call of an `async def` gives: nothing of the function has run yet."""
    if inspect.iscoroutine(given):
        given.close()
        raise TypeError("The function is async: nothing of it has run.  Let a plain function call asyncio.run().")
