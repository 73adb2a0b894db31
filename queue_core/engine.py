"""The engine: one Redis, one prefix, an application's functions, and the rooms for everybody who works with them."""

import datetime

from queue_core.audit import Audit
from queue_core.browse import Browse
from queue_core.config import Settings
from queue_core.control import Control
from queue_core.draft import decorate, draft
from queue_core.enqueue import Enqueue
from queue_core.leases import Leases
from queue_core.locks import Locks
from queue_core.names import AllowList
from queue_core.operations import Operations
from queue_core.payload import Payload
from queue_core.people import People
from queue_core.periodic import Periodic
from queue_core.snapshot import Snapshots
from queue_core.store import Store
from queue_core.task import Task
from queue_core.worker import running
from queue_core.workers import Workers


class Engine:
    """A queue engine.

    redis_url: redis://…, rediss://… or unix:///path; None: as the settings or REDIS_URL say.
    allow_modules: whose functions this process may run; allow_any: every name.  Nothing is sent to Redis yet.

    Rooms, by who calls them: `enqueue` producers, `leases` and `locks` workers, `periodic` recurring work, `control`
    and `operations` operators, `browse`, `snapshot` and `workers` readers, `audit`, `people`.

    Raises InvalidSettings."""

    def __init__(
        self,
        redis_url: str | None = None,
        settings: Settings | None = None,
        *,
        allow_modules=(),
        allow_any: bool = False,
    ):
        self.settings = settings or Settings.from_env()
        self.store = Store(self.settings, redis_url)
        self.clock = self.store.clock
        self.allow_list = AllowList(allow_modules, allow_any)
        self.functions = {}
        self.enqueue = Enqueue(self.store)
        self.leases = Leases(self.store)
        self.locks = Locks(self.store)
        self.periodic = Periodic(self.store, self.enqueue)
        self.control = Control(self.store)
        self.operations = Operations(self.store)
        self.browse = Browse(self.store)
        self.snapshot = Snapshots(self.store)
        self.workers = Workers(self.store)
        self.audit = Audit(self.store)
        self.people = People(self.store)

    def task(
        self,
        function=None,
        *,
        queue=None,
        hard_timeout=None,
        unique=None,
        unique_key=None,
        lock=None,
        lock_key=None,
        retry=None,
        retry_on=None,
        retry_method=None,
        schedule=None,
        max_queue_size=None,
        max_stored_executions=None,
    ):
        """The same function, known to this engine and with a `.delay(*args, **kwargs)`.  With or without parentheses.

        queue: default queue.  hard_timeout: seconds.  unique, unique_key: one task per set of (named) arguments.
        lock, lock_key: not two at the same time with the same (named) arguments.  retry: as the default method says;
        retry_on: exception classes; retry_method: see `queue_core.retry`.  schedule: see `queue_core.schedule`.
        max_queue_size: tasks; max_stored_executions: newest failed runs that are kept."""
        options = {
            "queue": queue, "hard_timeout": hard_timeout, "unique": unique, "unique_key": unique_key, "lock": lock,
            "lock_key": lock_key, "retry": retry, "retry_on": retry_on, "retry_method": retry_method,
            "schedule": schedule, "max_queue_size": max_queue_size, "max_stored_executions": max_stored_executions,
        }  # fmt: skip

        def register(function):
            decorate(function, options)
            function.delay = lambda *args, **kwargs: self.delay(function, args, kwargs)
            self.functions[f"{function.__module__}:{function.__qualname__}"] = function
            self.allow_list.register(function)
            return function

        return register(function) if function is not None else register

    def delay(
        self,
        function,
        args=None,
        kwargs=None,
        queue=None,
        hard_timeout=None,
        unique=None,
        unique_key=None,
        lock=None,
        lock_key=None,
        when=None,
        retry=None,
        retry_on=None,
        retry_method=None,
        max_queue_size=None,
        max_stored_executions=None,
        *,
        task_id=None,
        remember_seconds=None,
    ) -> Task:
        """Enqueues a call of `function`; the options as for `task`, and they win over it.

        when: a timedelta from now, a datetime (naive ones are UTC) or None; what has passed means now.
        task_id: repeat an enqueue that was uncertain; nothing happens while that task is in any state, and with
        `remember_seconds` not for so long after either.

        Raises InvalidTask, InvalidQueueName, QueueFullException, StoreUnavailable, StoreFull, and EnqueueUncertain when
        Redis went away before it answered."""
        options = {
            "queue": queue, "hard_timeout": hard_timeout, "unique": unique, "unique_key": unique_key, "lock": lock,
            "lock_key": lock_key, "retry": retry, "retry_on": retry_on, "retry_method": retry_method,
            "max_queue_size": max_queue_size, "max_stored_executions": max_stored_executions,
        }  # fmt: skip
        made = draft(
            function, args, kwargs, options, default_queue=self.settings.default_queue,
            default_retry_method=self.settings.default_retry_method, task_id=task_id,
        )  # fmt: skip
        state = self.enqueue.put(
            made.payload,
            made.queue,
            due_at=self._moment(when),
            max_queue_size=made.max_queue_size,
            once=task_id is not None,
            remember_seconds=remember_seconds,
        )
        return Task(made.payload.id, made.queue, state, made.payload, self)

    @property
    def current_task(self) -> Task:
        """The task that runs in this process.  Raises RuntimeError outside a run."""
        queue, payload = running.current()
        return Task(payload.id, queue, "active", Payload(payload.fields), self)

    def close(self) -> None:
        """Closes its connections."""
        self.store.client.close()

    def _moment(self, when) -> float | None:
        if isinstance(when, datetime.timedelta):
            return self.store.now() + when.total_seconds()
        if isinstance(when, datetime.datetime):
            return (when if when.tzinfo else when.replace(tzinfo=datetime.UTC)).timestamp()
        return when
