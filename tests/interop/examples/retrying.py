"""Task options: retry, retry_on, retry_method; the built-in methods and methods of the application."""

import datetime
import time

import tasktiger
from tasktiger import JobTimeoutException, StopRetry, Task, exponential, fixed, linear

from tests.interop.both.scene import QUICK, connect, journal, note, scene, work

SOON = QUICK | {"DEFAULT_RETRY_METHOD": fixed(0, 2)}
tiger = tasktiger.TaskTiger(connection=connect(), config=SOON, setup_structlog=True)


class Trouble(Exception):
    pass


class SpecialTrouble(Trouble):
    pass


def fail(kind="ValueError"):
    note("run")
    raise {"ValueError": ValueError, "Trouble": Trouble, "SpecialTrouble": SpecialTrouble}[kind]("no luck")


@tiger.task(retry=True)
def fail_with_default():
    fail()


@tiger.task(retry_on=[JobTimeoutException], retry_method=fixed(0, 1), hard_timeout=0.2)
def take_too_long():
    note("run")
    time.sleep(20)


def fail_twice():
    note("run")
    if len(journal()) < 3:
        raise ValueError("not yet")


def next_pause(number):
    note("asked", number)
    return 0 if number < 4 else 6000


def next_pause_with(number, *more):
    note("asked", number, *more)
    if number > 2:
        raise StopRetry
    return 0


def minutes(number):
    return 60 * number


def exhaust(options, kind="ValueError"):
    """What happened until nothing was to be done any more."""
    task = tiger.delay(fail, args=[kind], **options)
    work(tiger, rounds=8)
    stats = tiger.get_queue_stats().get("default", {})
    return [len(journal()), stats, Task.from_id(tiger, "default", "error", task.id).n_executions()]


@scene(gives=[1, {"error": 1}, 1])
def without_retry_once():
    return exhaust({})


@scene(gives=[3, {"error": 1}, 3])
def retry_as_the_default_says():
    return exhaust({"retry": True})


@scene(gives=[4, {"error": 1}, 4])
def three_retries_are_four_runs():
    return exhaust({"retry_method": fixed(0, 3)})


@scene(gives=[3, {"error": 1}, 3])
def linear_retries():
    return exhaust({"retry_method": linear(0, 0.001, 2)})


@scene(gives=[3, {"error": 1}, 3])
def exponential_retries():
    return exhaust({"retry_method": exponential(0.001, 2, 2)})


@scene(gives=[3, {"error": 1}, 3])
def retry_on_an_exception():
    return exhaust({"retry_on": [ValueError]})


@scene(gives=[3, {"error": 1}, 3])
def retry_on_a_subclass():
    return exhaust({"retry_on": [Trouble]}, "SpecialTrouble")


@scene(gives=[1, {"error": 1}, 1])
def no_retry_on_another_exception():
    return exhaust({"retry_on": [SpecialTrouble, KeyError]}, "Trouble")


@scene(gives={"ran": ["run"] * 3, "left": {}})
def a_retry_that_succeeds_leaves_nothing():
    tiger.delay(fail_twice, retry=True)
    work(tiger, rounds=5)
    return {"ran": journal(), "left": tiger.get_queue_stats()}


@scene(gives=["run", "run"])
def retry_after_a_time_limit():
    take_too_long.delay()
    work(tiger, rounds=4)
    return journal()


@scene
def a_method_of_the_application():
    tiger.delay(fail, retry_method=next_pause)
    work(tiger, rounds=6)
    return [journal(), tiger.get_queue_stats()]


@scene(gives=["run", "asked 1 a 7", "run", "asked 2 a 7", "run", "asked 3 a 7"])
def a_method_with_arguments_that_stops():
    tiger.delay(fail, retry_method=(next_pause_with, ("a", 7)))
    work(tiger, rounds=6)
    return journal()


@scene
def the_pause_of_a_method():
    """Where the pauses are seen: in the moments of what is scheduled."""
    methods = {
        "fixed": fixed(120, 3),
        "linear": linear(60, 60, 3),
        "exponential": exponential(60, 2, 3),
        "own": minutes,
    }
    for name, method in methods.items():
        tiger.delay(fail, queue=name, retry_method=method)
    work(tiger)
    for name in methods:
        _, (task,) = Task.tasks_from_queue(tiger, name, "scheduled")
        task.update_scheduled_time(datetime.datetime.now(datetime.UTC))
    work(tiger, rounds=2)
    return tiger.get_queue_stats()


@scene
def what_the_built_in_methods_say():
    def said(method):
        function, arguments = method
        told = []
        for number in range(1, 6):
            try:
                told.append(function(number, *arguments))
            except StopRetry:
                told.append("stop")
        return [function.__module__.rpartition(".")[2], function.__name__, list(arguments), told]

    return [said(method) for method in (fixed(60, 3), linear(1, 2.5, 4), exponential(2, 3, 2), fixed(5, 0))]


@scene
def a_retry_keeps_the_budget_of_the_first_life():
    task = tiger.delay(fail, retry_method=fixed(0, 1))
    work(tiger, rounds=4)
    Task.from_id(tiger, "default", "error", task.id).retry()
    work(tiger, rounds=4)
    return [len(journal()), tiger.get_queue_stats()]


@scene
def a_default_of_the_function():
    fail_with_default.delay()
    work(tiger, rounds=6)
    return [len(journal()), tiger.get_queue_stats()]
