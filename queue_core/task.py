"""A task as applications see it: what it says, and its verbs."""

from queue_core import moments, names, states
from queue_core.acts import Actor
from queue_core.connection import also_the_librarys
from queue_core.draft import draft
from queue_core.errors import InvalidPayload, NameNotAllowed, TaskImportError, TaskNotFound
from queue_core.payload import Payload
from queue_core.worker import running
from queue_core.worker.runner import DefaultRunner

_CODE = Actor("application", "api")


class Task:
    """A call of a function, before it is enqueued, in a queue, or as it was found there.

    func, args, kwargs and the options as for `Engine.task` and `Engine.delay`; an existing task comes from `from_id` or
    `tasks_from_queue`.  Its verbs act on Redis and raise TaskNotFound when the task is not in that state any more.
    Two Tasks with one id are equal.

    Attributes: tiger, the engine.  Raises InvalidTask, AssertionError without a function."""

    def __init__(
        self,
        tiger,
        func=None,
        args=None,
        kwargs=None,
        queue=None,
        hard_timeout=None,
        unique=None,
        unique_key=None,
        lock=None,
        lock_key=None,
        retry=None,
        retry_on=None,
        retry_method=None,
        max_queue_size=None,
        max_stored_executions=None,
        runner_class=None,
        *,
        task_id=None,
        _data=None,
        _state=None,
        _ts=None,
        _executions=None,
    ):
        self.tiger = tiger
        self._func = func
        self._runner_class = runner_class or getattr(func, "_task_runner_class", None)
        self._state = _state
        self._ts = _ts
        self._executions = list(_executions or ())
        if _data is not None:
            self._data = _data
            self._queue = queue or tiger.settings.default_queue
            return
        assert func is not None, "a task needs a function"
        options = {
            "queue": queue, "hard_timeout": hard_timeout, "unique": unique, "unique_key": unique_key, "lock": lock,
            "lock_key": lock_key, "retry": retry, "retry_on": retry_on, "retry_method": retry_method,
            "max_stored_executions": max_stored_executions, "runner_class": runner_class,
        }  # fmt: skip
        made = draft(
            func, args, kwargs, options, default_queue=tiger.settings.default_queue,
            default_retry_method=tiger.settings.default_retry_method, task_id=task_id, strict=tiger.strict,
            max_queue_size=max_queue_size,
        )  # fmt: skip
        self._data = made.payload.fields
        self._queue = made.queue

    # -- how to come by one --

    @classmethod
    @also_the_librarys()
    def from_id(cls, tiger, queue: str, state: str, task_id: str, load_executions: int = 0) -> "Task":
        """The task in that state, with so many of its newest executions.

        Raises TaskNotFound; InvalidPayload when its payload is no JSON object."""
        return cls._found(tiger, queue, state, tiger.lookup.one(queue, state, task_id, load_executions))

    @classmethod
    @also_the_librarys()
    def tasks_from_queue(
        cls,
        tiger,
        queue: str,
        state: str,
        skip: int = 0,
        limit: int = 1000,
        load_executions: int = 0,
        include_not_found: bool = False,
    ) -> tuple[int, list["Task"]]:
        """(how many there are, Tasks in ascending order of their scores): the newest `limit` after `skip`.

        include_not_found: also those without a payload; their data is only `{"id": …}`."""
        total, found = tiger.lookup.listing(queue, state, skip, limit, load_executions)
        return total, [
            cls._found(tiger, queue, state, one) for one in found if one.fields is not None or include_not_found
        ]

    @classmethod
    def queue_from_function(cls, func, tiger) -> str:
        """The queue that a call of `func` goes to."""
        return getattr(func, "_task_queue", None) or tiger.settings.default_queue

    @classmethod
    def _found(cls, tiger, queue, state, found):
        data = {"id": found.id} if found.fields is None else found.fields
        return cls(tiger, queue=queue, _data=data, _state=state, _ts=found.score, _executions=found.executions)

    def clone(self) -> "Task":
        """The same task as another object."""
        return type(self)(
            self.tiger, self._func, queue=self._queue, runner_class=self._runner_class, _data=dict(self._data),
            _state=self._state, _ts=self._ts, _executions=self._executions,
        )  # fmt: skip

    # -- what it says --

    @property
    def id(self) -> str:
        return self._data["id"]

    @property
    def data(self) -> dict:
        """The JSON object of its payload."""
        return self._data

    @property
    def payload(self) -> Payload:
        return Payload(self._data)

    @property
    def queue(self) -> str:
        return self._queue

    @property
    def state(self) -> str | None:
        """The state that this object knows of; None before it is enqueued and after it has been removed."""
        return self._state

    @property
    def ts(self):
        """Its place in that state as a naive UTC datetime, or None."""
        return moments.naive_utc(self._ts)

    @property
    def time_last_queued(self):
        """When it was enqueued last, as a naive UTC datetime, or None."""
        return moments.naive_utc(self._data.get("time_last_queued"))

    @property
    def scheduled_at(self):
        """When it was to run, as a naive UTC datetime, or None."""
        return moments.naive_utc(self._data.get("scheduled_at"))

    @property
    def serialized_func(self) -> str:
        """The wire name of its function."""
        return self._data["func"]

    @property
    def func(self):
        """Its function.  Raises NameNotAllowed, TaskImportError."""
        if self._func is None:
            self._func = self.tiger.allow_list.resolve(self.serialized_func)
        return self._func

    @property
    def args(self) -> list:
        return self._data.get("args") or []

    @property
    def kwargs(self) -> dict:
        return self._data.get("kwargs") or {}

    @property
    def lock(self) -> bool:
        return self._data.get("lock", False)

    @property
    def lock_key(self) -> list | None:
        return self._data.get("lock_key")

    @property
    def unique(self) -> bool:
        return self._data.get("unique", False)

    @property
    def unique_key(self) -> list | None:
        return self._data.get("unique_key")

    @property
    def hard_timeout(self) -> float | None:
        """Seconds, where the call gave any."""
        return self._data.get("hard_timeout")

    @property
    def retry_method(self) -> tuple | None:
        """(wire name, [arguments])"""
        method = self._data.get("retry_method")
        return tuple(method) if isinstance(method, list) else method

    @property
    def retry_on(self) -> list | None:
        """Wire names of exception classes."""
        return self._data.get("retry_on")

    @property
    def max_stored_executions(self) -> int | None:
        return self._data.get("max_stored_executions")

    @property
    def serialized_runner_class(self) -> str | None:
        """The wire name of its runner class."""
        return self._data.get("runner_class")

    @property
    def runner_class(self) -> type:
        """Its runner class.  Raises NameNotAllowed, TaskImportError."""
        name = self.serialized_runner_class
        if self._runner_class is None:
            self._runner_class = self.tiger.allow_list.resolve(name) if name else DefaultRunner
        return self._runner_class

    @property
    def executions(self) -> list[dict]:
        """The records of its failed runs that were loaded, oldest first (wire §5)."""
        return self._executions

    def __repr__(self) -> str:
        return f"<Task {self._data.get('func', 'without a payload')} {self.id} in {self._queue}: {self._state}>"

    def __eq__(self, other) -> bool:
        return self.id == other.id if isinstance(other, Task) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.id)

    @also_the_librarys()
    def states(self) -> list[str]:
        """The states it is in now; a finished task is in none."""
        return self.tiger.browse.states(self._queue, self.id)

    @also_the_librarys()
    def n_executions(self) -> int:
        """How often it failed, ever.  Raises TaskNotFound."""
        return self.tiger.lookup.executions_count(self.id)

    def should_retry_on(self, exception_class: type, logger=None) -> bool:
        """Whether its `retry_on` covers that class.  logger: is told of names that cannot be resolved."""
        lineage = names.lineage(exception_class)
        return any(
            names.canonical(name) in lineage or self._covers(name, exception_class, logger)
            for name in self.retry_on or ()
        )

    def _covers(self, name, exception_class, logger) -> bool:
        try:
            known = self.tiger.allow_list.resolve(name)
        except (NameNotAllowed, TaskImportError):
            if logger is not None:
                logger.error("should_retry_on could not import class", exception_name=name)
            return False
        return isinstance(known, type) and issubclass(exception_class, known)

    # -- its verbs --

    def delay(self, when=None, max_queue_size: int | None = None, *, once: bool = False, remember_seconds=None):
        """Enqueues it: as queued, or as scheduled for `when`, as `Engine.delay` says.

        With `always_eager` a task that is due runs here and now, nothing is written, and this gives what its function
        gives; what it raises comes through."""
        engine, due_at = self.tiger, moments.due_at(when, self.tiger.store.now())
        size = (self._data.get("max_queue_size") if max_queue_size is None else max_queue_size) or 0
        if engine.settings.always_eager and engine.enqueue.is_due(due_at):
            return self._run_eagerly(size)
        with also_the_librarys():
            accepted = engine.enqueue.accept(
                self.payload, self._queue, due_at=due_at, max_queue_size=size, once=once,
                remember_seconds=remember_seconds,
            )  # fmt: skip
        self._data, self._state, self._ts = accepted.payload.fields, accepted.state, accepted.score
        return None

    def _run_eagerly(self, max_queue_size):
        with also_the_librarys():
            self._data = self.tiger.enqueue.rehearse(self.payload, self._queue, max_queue_size=max_queue_size).fields
        with self._inside():
            return self.runner_class(self.tiger).run_eager_task(self)

    def execute(self):
        """Calls its function here and now, as a worker would, and gives what that gives; Redis is not asked."""
        with self._inside():
            if self._is_batch:
                return self.func([{"args": self.args, "kwargs": self.kwargs}])
            return self.func(*self.args, **self.kwargs)

    def retry(self, actor: Actor = _CODE) -> None:
        """error -> queued."""
        self._act(states.ERROR, self.tiger.control.retry, self._queue, self.id, actor=actor)
        self._state = states.QUEUED

    def cancel(self, actor: Actor = _CODE) -> None:
        """scheduled -> gone."""
        self._act(states.SCHEDULED, self.tiger.control.cancel, self._queue, states.SCHEDULED, self.id, actor=actor)
        self._state = None

    def delete(self, actor: Actor = _CODE) -> None:
        """error -> gone, for good; to the trash where the setting `trash_code_deletes` is on."""
        to_trash = self.tiger.settings.trash_code_deletes
        self._act(
            states.ERROR, self.tiger.control.delete, self._queue, states.ERROR, self.id, actor=actor, to_trash=to_trash
        )
        self._state = None

    def update_scheduled_time(self, when, actor: Actor = _CODE) -> None:
        """scheduled -> scheduled, for another time; one that has passed means that it is due."""
        assert when is not None, "name the new time"
        now = self.tiger.store.now()
        due_at = moments.due_at(when, now)
        due_at = due_at if due_at > 0 else now
        self._act(
            states.SCHEDULED, self.tiger.control.reschedule, self._queue, states.SCHEDULED, self.id, due_at=due_at,
            actor=actor,
        )  # fmt: skip
        self._data["scheduled_at"] = self._ts = due_at

    def _move(self, from_state=None, to_state=None, when=None, mode=None) -> None:
        # its name and arguments are TaskTiger's: tests of applications put tasks into a state with it
        source = from_state or self._state
        self._act(
            source, self.tiger.control.shift, self._queue, self.id, source, to_state, at=when, mode=mode or "set",
            actor=_CODE,
        )  # fmt: skip
        self._state = to_state

    def _act(self, state, verb, *args, **named):
        try:
            with also_the_librarys():
                verb(*args, **named)
        except (TaskNotFound, InvalidPayload) as error:
            raise TaskNotFound(
                f'Task {self.id} not found in queue "{self._queue}" in state "{state}".', task_id=self.id
            ) from error

    @property
    def _is_batch(self) -> bool:
        return bool(getattr(self.func, "_task_batch", False))

    def _inside(self):
        return running.inside([self], self._is_batch)
