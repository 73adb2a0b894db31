"""Task options: runner_class, its four hooks; and context managers around every task."""

import tasktiger
from tasktiger import JobTimeoutException, Task, fixed
from tasktiger.runner import BaseRunner, DefaultRunner

from tests.interop.both.scene import QUICK, connect, journal, note, outcome, scene, work


class Around:
    """A context manager that may be entered again and again."""

    def __init__(self, name):
        self.name = name

    def __enter__(self):
        note(self.name, "in")

    def __exit__(self, *_):
        note(self.name, "out")


class Stumbling(Around):
    def __enter__(self):
        raise OSError("no connection")


tiger = tasktiger.TaskTiger(connection=connect(), config=QUICK | {"BATCH_QUEUES": {"batch": 5}}, setup_structlog=True)
around = tasktiger.TaskTiger(
    connection=connect(),
    config=QUICK | {"CHILD_CONTEXT_MANAGERS": [Around("outer"), Around("inner")]},
    setup_structlog=True,
)


class Tattler(BaseRunner):
    """All four hooks."""

    def run_single_task(self, task, hard_timeout):
        note("single", task.serialized_func.split(":")[1], f"{hard_timeout:g}", self.tiger.current_task.id == task.id)
        task.func(*task.args, **task.kwargs)
        note("after")

    def run_batch_tasks(self, tasks, hard_timeout):
        note("batch", len(tasks), f"{hard_timeout:g}")
        tasks[0].func([{"args": task.args, "kwargs": task.kwargs} for task in tasks])

    def run_eager_task(self, task):
        note("eager", task.args)
        return "from the runner"

    def on_permanent_error(self, task, execution):
        note("for good", task.serialized_func.split(":")[1], execution["exception_name"], task.state)


class Renaming(DefaultRunner):
    """Only what is between."""

    def run_single_task(self, task, hard_timeout):
        note("before")
        super().run_single_task(task, hard_timeout)
        note("after")


class Impatient(DefaultRunner):
    def run_single_task(self, task, hard_timeout):
        note("asked for", f"{hard_timeout:g}")
        raise JobTimeoutException("at once")


class Quarrelsome(Tattler):
    def on_permanent_error(self, task, execution):
        note("for good")


@tiger.task(runner_class=Tattler)
def greet(name="you"):
    note("hello", name)


@tiger.task(runner_class=Tattler, batch=True, queue="batch")
def greet_all(calls):
    note("hello", *[call["args"][0] for call in calls])


@tiger.task(runner_class=Tattler)
def fail():
    raise ValueError("no luck")


def plain(name="you"):
    note("plain", name)


def fail_plain():
    raise ValueError("no luck")


@tiger.task(batch=True, queue="batch")
def plain_batch(calls):
    note("plain", len(calls))


@scene(gives=["single greet 300 True", "hello Ann", "after"])
def a_runner_runs_a_single_task():
    greet.delay("Ann")
    work(tiger)
    return journal()


@scene(gives=["batch 3 300", "hello a b c"])
def a_runner_runs_a_batch():
    for letter in "abc":
        greet_all.delay(letter)
    work(tiger)
    return journal()


@scene
def a_runner_runs_eagerly():
    tiger.config["ALWAYS_EAGER"] = True
    return [Task(tiger, greet, args=["Ann"]).delay(), type(greet.delay("Bob")).__name__, journal()]


@scene
def a_runner_hears_of_failures_for_good():
    fail.delay()
    work(tiger)
    return journal()


@scene
def a_runner_hears_only_of_the_last_failure():
    tiger.delay(fail, retry_method=fixed(0, 2))
    work(tiger, rounds=5)
    return journal()


@scene(gives=["before", "plain Ann", "after"])
def a_runner_at_the_call():
    tiger.delay(plain, args=["Ann"], runner_class=Renaming)
    work(tiger)
    return journal()


@scene
def a_runner_and_the_time_limit():
    tiger.delay(plain, runner_class=Impatient, hard_timeout=7)
    work(tiger)
    _, (task,) = Task.tasks_from_queue(tiger, "default", "error", load_executions=1)
    return [journal(), task.executions[0]["exception_name"], task.serialized_runner_class]


@scene
def a_runner_that_is_not_there():
    task = tiger.delay(plain, runner_class=Renaming)
    key = f"t:task:{task.id}"
    tiger.connection.set(key, tiger.connection.get(key).replace(":Renaming", ":Nobody"))
    ended = outcome(work, tiger)
    return [ended, journal(), tiger.get_queue_stats()]


@scene
def two_runners_in_one_batch():
    tiger.delay(plain_batch, args=["a"], runner_class=Renaming)
    tiger.delay(plain_batch, args=["b"], runner_class=Quarrelsome)
    work(tiger)
    return [sorted(journal()), tiger.get_queue_stats()]


@scene
def the_hooks_of_the_base():
    base = BaseRunner(tiger)
    task = Task(tiger, plain)
    return [
        outcome(base.run_single_task, task, 1),
        outcome(base.run_batch_tasks, [task], 1),
        outcome(base.run_eager_task, task),
        outcome(base.on_permanent_error, task, {}),
        base.tiger is tiger,
        issubclass(DefaultRunner, BaseRunner),
    ]


@scene(gives=["outer in", "inner in", "plain Ann", "inner out", "outer out"])
def context_managers_around_a_task():
    around.delay(plain, args=["Ann"])
    work(around)
    return journal()


@scene(gives=["outer in", "inner in", "plain Ann", "inner out", "outer out"])
def context_managers_around_a_task_in_the_same_process():
    around.delay(plain, args=["Ann"])
    work(around, executor_class=_sync())
    return journal()


@scene
def context_managers_around_a_failure():
    around.delay(fail_plain)
    work(around)
    return [journal(), around.get_queue_stats()]


@scene
def a_context_manager_that_cannot_begin():
    config = QUICK | {"CHILD_CONTEXT_MANAGERS": [Around("outer"), Stumbling("inner")]}
    stumbling = tasktiger.TaskTiger(connection=connect(), config=config, setup_structlog=True)
    stumbling.delay(plain)
    work(stumbling)
    return [journal(), stumbling.get_queue_stats()]


def _sync():
    from tasktiger.executor import SyncExecutor

    return SyncExecutor
