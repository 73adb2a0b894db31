"""The engine: one Redis, one prefix, an application's functions, and the rooms for everybody who works with them."""

from collections.abc import Iterator

import structlog

from queue_core.alerts import Alerts
from queue_core.answers import Answers
from queue_core.audit import Audit
from queue_core.background import BackgroundSearches
from queue_core.browse import Browse
from queue_core.checkups import Checkups, Finding
from queue_core.condition import Condition
from queue_core.config import Settings
from queue_core.control import Control
from queue_core.doctor import examine
from queue_core.draft import decorate
from queue_core.enqueue import Enqueue
from queue_core.error_groups import ErrorGroups
from queue_core.holds import Holds
from queue_core.leases import Leases
from queue_core.locks import Locks
from queue_core.lookup import Lookup
from queue_core.names import AllowList, wire_name
from queue_core.operations import Operations
from queue_core.payload import Payload
from queue_core.people import People
from queue_core.periodic import Periodic
from queue_core.process import logs
from queue_core.recent import Recents
from queue_core.saved_views import SavedViews
from queue_core.search import Search
from queue_core.snapshot import Snapshots
from queue_core.stats import Stats
from queue_core.store import Store
from queue_core.task import Task
from queue_core.task_files import TaskFiles
from queue_core.tasktiger_config import TaskTigerConfig
from queue_core.tasktiger_names import TaskTigerNames
from queue_core.timetable import Timetable
from queue_core.transfers import Transfers
from queue_core.trash import Trash
from queue_core.workers import Workers


class Engine(TaskTigerNames):
    """A queue engine.

    connection: a Redis client, whose address is taken over, a URL (redis://…, rediss://… or unix:///path), or None: as
    the settings or REDIS_URL say.  config: a Settings, or a mapping of TaskTiger's names (wire §17), or None: as the
    environment says.  setup_structlog: log JSON lines as TaskTiger does.  lazy_init: all of these come later, to
    `init`.  Nothing is sent to Redis yet.

    allow_modules: whose functions this process may run; allow_any: every name; None: unless strict.
    strict: refuse at enqueue what no worker could run or JSON does not carry (lambdas and inner functions, NaN, large
    arguments, odd queue names), with nothing written; else only what TaskTiger refuses.  None: as the class says.

    Rooms, by who calls them: `enqueue` producers, `leases` and `locks` workers, `periodic` recurring work, `control`,
    `operations`, `holds`, `trash`, `transfers` and `task_files` operators, `browse`, `search`, `background`,
    `error_groups`, `snapshot`, `stats`, `recents`, `timetable`, `condition`, `checkups`, `alerts` and `workers`
    people who look, `lookup` applications that do, `audit`, `answers`, `people`, `saved_views`.

    Raises InvalidSettings."""

    strict_by_default = True

    def __init__(
        self,
        connection=None,
        config=None,
        setup_structlog: bool = False,
        lazy_init: bool = False,
        *,
        allow_modules=(),
        allow_any: bool | None = None,
        strict: bool | None = None,
    ):
        self.strict = self.strict_by_default if strict is None else strict
        self.allow_list = AllowList(allow_modules, not self.strict if allow_any is None else allow_any)
        self.functions = {}
        self.periodic_task_funcs = {}
        self.config = None
        if lazy_init:
            assert connection is None and config is None and not setup_structlog, "with lazy_init these go to init()"
        else:
            self.init(connection, config, setup_structlog)

    def init(self, connection=None, config=None, setup_structlog: bool = False) -> None:
        """What the constructor leaves undone with `lazy_init`.  Raises RuntimeError when it has been done already."""
        if self.config is not None:
            raise RuntimeError("This engine has its connection and settings already; init() is called once.")
        config = self._config(config)
        self.store = Store(config.settings, connection)
        self.config = config
        self.config.changed = self.store.adopt
        if setup_structlog:
            logs.set_up_like_tasktiger(self.settings.logger_name)
        self.log = structlog.get_logger(self.settings.logger_name)
        self._given_client = None if connection is None or isinstance(connection, str) else connection
        self._own_text_client = None
        self.clock = self.store.clock
        self.enqueue = Enqueue(self.store, self.strict)
        self.leases = Leases(self.store)
        self.locks = Locks(self.store)
        self.periodic = Periodic(self.store, self.enqueue)
        self.control = Control(self.store)
        self.operations = Operations(self.store)
        self.transfers = Transfers(self.store)
        self.task_files = TaskFiles(self.store)
        self.trash = Trash(self.store)
        self.browse = Browse(self.store)
        self.lookup = Lookup(self.store)
        self.timetable = Timetable(self.store)
        self.condition = Condition(self.store)
        self.checkups = Checkups(self.store)
        self.error_groups = ErrorGroups(self.store)
        self.search = Search(self.store)
        self.background = BackgroundSearches(self.store, self.search.scan)
        self.holds = Holds(self.store)
        self.snapshot = Snapshots(self.store)
        self.stats = Stats(self.store)
        self.recents = Recents(self.store)
        self.workers = Workers(self.store)
        self.alerts = Alerts(self.store)
        self.audit = Audit(self.store)
        self.answers = Answers(self.store)
        self.people = People(self.store)
        self.saved_views = SavedViews(self.store)

    def _config(self, config) -> TaskTigerConfig:
        if isinstance(config, Settings):
            return TaskTigerConfig(config)
        settings = Settings.from_env()
        if not self.strict and settings.logger_name == Settings.logger_name:
            settings = settings.unchecked(logger_name="tasktiger")
        return TaskTigerConfig(settings, config)

    def __getattr__(self, name):
        # asked for what init() has not made yet
        when = " before init()" if self.__dict__.get("config") is None else ""
        raise AttributeError(f"{type(self).__name__} has no {name!r}{when}.")

    @property
    def settings(self) -> Settings:
        """The settings of the moment; what is written to `config` changes them."""
        return self.config.settings

    @property
    def connection(self):
        """A plain Redis client for the application: the one that was given, or one that gives text."""
        if self._given_client is not None:
            return self._given_client
        if self._own_text_client is None:
            self._own_text_client = self.store.text_client()
        return self._own_text_client

    def task(
        self,
        _fn=None,
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
        batch=False,
        max_queue_size=None,
        max_stored_executions=None,
        runner_class=None,
    ):
        """The same function, known to this engine and with a `.delay(*args, **kwargs)`.  With or without parentheses.

        queue: default queue.  hard_timeout: seconds.  unique, unique_key: one task per set of (named) arguments.
        lock, lock_key: not two at the same time with the same (named) arguments.  retry: as the default method says;
        retry_on: exception classes; retry_method: see `queue_core.retry`.  schedule: see `queue_core.schedule`.
        batch: it takes a list of calls, `[{"args": […], "kwargs": {…}}, …]`.  max_queue_size: tasks;
        max_stored_executions: newest failed runs that are kept.  runner_class: see `queue_core.worker.runner`.

        Raises InvalidTask for what has no name, AssertionError when another function with a schedule has that one."""
        options = {
            "queue": queue, "hard_timeout": hard_timeout, "unique": unique, "unique_key": unique_key, "lock": lock,
            "lock_key": lock_key, "retry": retry, "retry_on": retry_on, "retry_method": retry_method,
            "schedule": schedule, "max_queue_size": max_queue_size, "max_stored_executions": max_stored_executions,
            "runner_class": runner_class,
        }  # fmt: skip

        def register(function):
            decorate(function, options, batch)
            function.delay = lambda *args, **kwargs: self.delay(function, args, kwargs)
            self.functions[f"{function.__module__}:{function.__qualname__}"] = function
            if schedule is not None:
                self._note_schedule(function)
            for thing in (function, runner_class, _called(retry_method)):
                if thing is not None:
                    self.allow_list.register(thing)
            return function

        return register(_fn) if _fn is not None else register

    def _note_schedule(self, function):
        name = wire_name(function)
        assert name not in self.periodic_task_funcs, f"{name} has a schedule already"
        self.periodic_task_funcs[name] = function

    def delay(
        self,
        func,
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
        runner_class=None,
        *,
        task_id=None,
        remember_seconds=None,
    ) -> Task:
        """Enqueues a call of `func`; the options as for `task`, and they win over it.

        when: a timedelta from now, a datetime (naive ones are UTC), Unix seconds or None; what has passed means now.
        task_id: repeat an enqueue that was uncertain; nothing happens while that task is in any state, and with
        `remember_seconds` not for so long after either.  With `always_eager` a task that is due runs here and now.

        Raises InvalidTask, InvalidQueueName, QueueFullException, StoreUnavailable, StoreFull, and EnqueueUncertain when
        Redis went away before it answered."""
        task = Task(
            self, func, args, kwargs, queue=queue, hard_timeout=hard_timeout, unique=unique, unique_key=unique_key,
            lock=lock, lock_key=lock_key, retry=retry, retry_on=retry_on, retry_method=retry_method,
            max_stored_executions=max_stored_executions, runner_class=runner_class, task_id=task_id,
        )  # fmt: skip
        task.delay(when, max_queue_size, once=task_id is not None, remember_seconds=remember_seconds)
        return task

    def task_of(self, queue: str, state: str, payload: Payload, *, score=None, executions=()) -> Task:
        """A Task made of what is known of it.  score: in that state, Unix seconds; executions: oldest first."""
        return Task(self, queue=queue, _data=payload.fields, _state=state, _ts=score, _executions=executions)

    def examine(self) -> Iterator[Finding | None]:
        """What `signalbox doctor` has to say, in the order of its looks; None after each bounded piece of a long one.

        Reads only, for some seconds where there are thousands of queues."""
        return examine(self)

    def close(self) -> None:
        """Closes its connections; not those of a client that was given."""
        self.store.client.close()
        if self._own_text_client is not None:
            self._own_text_client.close()


def _called(method):
    return method[0] if isinstance(method, (tuple, list)) else method
