"""Custom retrying: a task that raises RetryException."""

import tasktiger
from tasktiger import Task
from tasktiger.exceptions import RetryException, StopRetry
from tasktiger.retry import exponential, fixed

from tests.interop.both.scene import QUICK, connect, journal, note, scene, work

SOON = QUICK | {"DEFAULT_RETRY_METHOD": fixed(0, 1)}
tiger = tasktiger.TaskTiger(connection=connect(), config=SOON, setup_structlog=True)


class NetworkTrouble(Exception):
    pass


def not_ready():
    note("run")
    raise RetryException(method=fixed(0, 3))


def plain():
    note("run")
    raise RetryException


def quiet():
    note("run")
    raise RetryException(log_error=False)


def fetch():
    raise NetworkTrouble("the line is cut")


def original():
    note("run")
    try:
        fetch()
    except NetworkTrouble:
        raise RetryException(method=exponential(0.001, 2, 2), original_traceback=True, log_error=False)  # noqa: B904 - as documented


def original_loud():
    try:
        fetch()
    except NetworkTrouble:
        raise RetryException(method=fixed(0, 0), original_traceback=True)  # noqa: B904


def own_traceback():
    try:
        fetch()
    except NetworkTrouble:
        raise RetryException(method=fixed(0, 0))  # noqa: B904


def original_without_one():
    raise RetryException(method=fixed(0, 0), original_traceback=True)


def by_turns():
    """Another method every time; the number of all runs counts."""
    note("run")
    raise RetryException(method=fixed(0, 9) if len(journal()) < 4 else fixed(0, 3))


def stop(number):
    note("asked", number)
    raise StopRetry


def stopped():
    note("run")
    raise RetryException(method=stop)


def much_later():
    raise RetryException(method=fixed(600, 1))


def told(function, **options):
    """Runs, where it is, and what the newest execution says."""
    task = tiger.delay(function, **options)
    work(tiger, rounds=7)
    stats = tiger.get_queue_stats().get("default", {})
    if "error" not in stats:
        return [journal(), stats]
    execution = Task.from_id(tiger, "default", "error", task.id, load_executions=1).executions[-1]
    lines = [line for line in execution.pop("traceback").splitlines() if not line.startswith(" ")]
    lines = [line.rpartition(".")[2] if line.startswith(("tasktiger.", "queue_core.")) else line for line in lines]
    return [journal(), stats, lines, sorted(execution), execution["exception_name"]]


@scene
def a_method_of_its_own():
    return told(not_ready)


@scene
def without_a_method_the_default():
    return told(plain)


@scene
def without_a_method_the_task_s():
    return told(plain, retry_method=fixed(0, 2))


@scene(gives=[["run", "run"], {}])
def a_quiet_end_leaves_nothing():
    return told(quiet)


@scene(gives=[["run"] * 3, {}])
def the_example_of_the_documentation():
    return told(original)


@scene
def the_original_traceback():
    return told(original_loud)


@scene
def the_traceback_of_the_retry():
    return told(own_traceback)


@scene
def an_original_traceback_that_there_is_not():
    return told(original_without_one)


@scene
def all_runs_count_whatever_the_method():
    return told(by_turns)


@scene
def a_method_that_stops():
    return told(stopped)


@scene(gives=[[], {"scheduled": 1}])
def retry_much_later():
    return told(much_later)


@scene
def retry_on_does_not_matter():
    return told(not_ready, retry_on=[KeyError])
