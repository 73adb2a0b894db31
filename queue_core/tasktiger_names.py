"""What TaskTiger's main object offers beside `task` and `delay`, by its names, told to the rooms of the engine."""

import importlib

from queue_core import states
from queue_core.acts import Actor
from queue_core.connection import also_the_librarys
from queue_core.moments import unix_seconds
from queue_core.queue_filter import QueueFilter
from queue_core.worker import running
from queue_core.worker.loop import Worker
from queue_core.worker_command import command_for

_CODE = Actor("application", "api")
_SIZED = (states.QUEUED, states.SCHEDULED, states.ACTIVE)


class OfTheClass:
    """A property of the class itself."""

    def __init__(self, read):
        self._read = read

    def __get__(self, instance, owner):
        return self._read(owner)


class TaskTigerNames:
    """The part of an Engine that goes by TaskTiger's names (wire §22.2)."""

    # -- what runs here --

    @property
    def current_task(self):
        """The task that runs in this process.  Raises RuntimeError outside a run, and in a batch."""
        found = _running()
        if found.batch:
            raise RuntimeError("A batch runs here: use current_tasks.")
        return found.tasks[0]

    @property
    def current_tasks(self) -> list:
        """The tasks of the batch that runs in this process.  Raises RuntimeError outside of one."""
        found = _running()
        if not found.batch:
            raise RuntimeError("A single task runs here: use current_task.")
        return list(found.tasks)

    @property
    def current_serialized_func(self) -> str:
        """The wire name of the function that runs in this process.  Raises RuntimeError outside a run."""
        return _running().func

    @property
    def current_task_is_batch(self) -> bool:
        """Whether a batch runs in this process.  Raises RuntimeError outside a run."""
        return _running().batch

    @OfTheClass
    def current_instance(cls):
        """The engine whose task runs in this process.  Raises RuntimeError outside a run."""
        return _running().tasks[0].tiger

    # -- workers --

    def run_worker(
        self,
        queues=None,
        module=None,
        exclude_queues=None,
        max_workers_per_queue=None,
        store_tracebacks=None,
        executor_class=None,
        exit_after=None,
    ) -> None:
        """Runs a worker here until SIGTERM or SIGINT.

        queues, exclude_queues, module: comma lists; a space belongs to a queue's name, and to no module's.  The modules
        are imported first, and their functions may be run.  executor_class: see `queue_core.worker.executors`.
        exit_after: a timedelta."""
        try:
            for name in filter(None, map(str.strip, _parts(module))):
                importlib.import_module(name)
                self.allow_list.modules.add(name)
                self.log.debug("imported module", module_name=name)
            worker = Worker(
                self,
                _parts(queues),
                _parts(exclude_queues),
                max_workers_per_queue=max_workers_per_queue,
                store_tracebacks=store_tracebacks,
                executor_class=executor_class,
            )
            worker.run(exit_after=exit_after)
        except Exception:
            self.log.exception("Unhandled exception")
            raise

    def run_worker_with_args(self, args: list[str]) -> None:
        """The same with the arguments of TaskTiger's command line; leaves by SystemExit (wire §16)."""
        command_for(lambda **address: self)(args=args)

    def would_process_configured_queue(self, queue_name: str) -> bool:
        """Whether the settings let workers serve that queue."""
        return QueueFilter.of(self.settings.only_queues, self.settings.exclude_queues).accepts(queue_name)

    # -- queues --

    @also_the_librarys()
    def get_queue_stats(self) -> dict[str, dict[str, int]]:
        """{queue: {state: tasks}}, with the states only in which the queue has any."""
        return self.lookup.stats()

    @also_the_librarys()
    def get_queue_sizes(self, queue: str) -> dict[str, int]:
        """{"queued": …, "scheduled": …, "active": …}"""
        return dict(zip(_SIZED, self.lookup.sizes((queue, state) for state in _SIZED), strict=True))

    def get_total_queue_size(self, queue: str) -> int:
        """Tasks that wait or run."""
        return sum(self.get_queue_sizes(queue).values())

    @also_the_librarys()
    def get_sizes_for_queues_and_states(self, queues_and_states) -> list[int]:
        """Tasks for each (queue, state), in that order."""
        return self.lookup.sizes(queues_and_states)

    @also_the_librarys()
    def set_queue_system_lock(self, queue: str, timeout: float) -> None:
        """Lets no worker begin anything from exactly this queue for so many seconds."""
        self.locks.lock_queue(queue, timeout)

    @also_the_librarys()
    def get_queue_system_lock(self, queue: str) -> float | None:
        """When that ends, in Unix seconds; None when the queue is not locked."""
        return self.locks.queue_locked_until(queue)

    @also_the_librarys()
    def purge_errored_tasks(
        self, queues=None, exclude_queues=None, last_execution_before=None, limit: int | None = 5000
    ) -> int:
        """Removes failed tasks for good, the oldest of each queue first, and gives how many.

        queues, exclude_queues: names; subqueues are meant too.  last_execution_before: a datetime; naive ones are UTC.
        limit: at most so many; None: all.  Raises AssertionError for a limit that is not above 0."""
        assert limit is None or limit > 0, "a limit is above 0"
        wanted = QueueFilter.of(list(queues or ()), list(exclude_queues or ()))
        not_after = None if last_execution_before is None else unix_seconds(last_execution_before)
        removed = 0
        for queue in filter(wanted.accepts, self.lookup.queues(states.ERROR)):
            left = None if limit is None else limit - removed
            if left == 0:
                break
            removed += self.control.purge_errors(
                queue, not_after, left, actor=_CODE, to_trash=self.settings.trash_code_deletes
            )
        return removed

    # -- names that tests of applications use --

    def _key(self, *parts: str) -> str:
        return ":".join((self.settings.prefix, *parts))

    @property
    def scripts(self):
        """What runs the scripts of the engine: `run(name, **values)`."""
        return self.store


def _running():
    try:
        return running.current()
    except RuntimeError as error:
        raise RuntimeError("No task is running here: this is for code inside a task.") from error


def _parts(text: str | None) -> list[str]:
    return text.split(",") if text else []
