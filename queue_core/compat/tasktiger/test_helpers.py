"""For test cases of applications: run what is queued."""

from queue_core.task import Task
from queue_core.worker.loop import Worker


class TaskTigerTestMixin:
    """To be mixed into a test case."""

    def run_worker(self, tiger, raise_on_errors=True, **kwargs) -> None:
        """Two rounds: the second one runs what the first has promoted.  kwargs: for the worker.

        Prints every task in error with its traceback; raises when there is one, unless told not to."""
        Worker(tiger, **kwargs).run(once=True)
        Worker(tiger, **kwargs).run(once=True)
        failed = [task for queue in _queues_in_error(tiger) for task in _failed_tasks(tiger, queue)]
        for task in failed:
            _tell(task)
        if failed and raise_on_errors:
            raise Exception("One or more tasks have failed.")


def _queues_in_error(tiger):
    return sorted(queue for queue, counts in tiger.get_queue_stats().items() if counts.get("error"))


def _failed_tasks(tiger, queue):
    _, tasks = Task.tasks_from_queue(tiger, queue, "error", load_executions=1)
    return tasks


def _tell(task):
    newest = task.executions[-1] if task.executions else {}
    print(f"\n{task!r} failed:\n{newest.get('traceback', newest.get('exception_name', ''))}")
