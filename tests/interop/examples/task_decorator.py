"""Task decorator: options at the function, and another way to queue."""

import tasktiger

from tests.interop.both.scene import QUICK, connect, journal, note, outcome, scene, work

tiger = tasktiger.TaskTiger(connection=connect(), config=QUICK, setup_structlog=True)


@tiger.task()
def greet(name, n=None):
    note("hello", name, n)
    return name


@tiger.task
def bare():
    note("bare")


class Desk:
    @staticmethod
    @tiger.task(queue="desk")
    def stamp(paper):
        note("stamp", paper)


def pause_of(number, factor):
    return number * factor


@tiger.task(
    queue="all", hard_timeout=7.5, unique=True, unique_key=["a"], lock=True, lock_key=["b"], retry=True,
    retry_on=[ValueError, tasktiger.JobTimeoutException], retry_method=(pause_of, (60,)), max_queue_size=10,
    max_stored_executions=3,
)  # fmt: skip
def with_all(a=1, b=2):
    note("all", a, b)


@scene(gives=["hello John 1", "hello John 1"])
def two_ways_to_queue():
    tiger.delay(greet, args=("John",), kwargs={"n": 1})
    greet.delay("John", n=1)
    work(tiger)
    return journal()


@scene(gives=["John", ["hello John None", "bare"], "greet"])
def a_decorated_function_stays_a_function():
    given = greet("John")
    bare()
    return [given, journal(), greet.__name__]


@scene(gives=["bare", "stamp 7"])
def without_parentheses_and_inside_a_class():
    bare.delay()
    Desk.stamp.delay(7)
    work(tiger)
    return sorted(journal())


@scene
def options_stand_at_the_function():
    named = vars(with_all)
    function, arguments = named["_task_retry_method"]
    plain = ("queue", "hard_timeout", "unique", "unique_key", "lock", "lock_key", "retry", "batch", "max_queue_size")
    return {
        "names": sorted(name for name in named if name.startswith("_task_")),
        "values": {name: named[f"_task_{name}"] for name in (*plain, "max_stored_executions")},
        "retry_on": [one.__name__ for one in named["_task_retry_on"]],
        "method": [function.__name__, list(arguments)],
        "bare": {name: value for name, value in vars(bare).items() if name.startswith("_task_")},
    }


@scene
def options_stand_in_the_payload():
    with_all.delay(a=5, b=6)
    greet.delay("x")
    return sorted(tiger.get_queue_stats())


@scene(gives=["Task", "queued", {"args": ["John"], "kwargs": {"n": 2}}])
def queueing_gives_a_task():
    task = greet.delay("John", n=2)
    return [type(task).__name__, task.state, {"args": task.args, "kwargs": task.kwargs}]


@scene(gives=["other", "all", 1, 7.5])
def options_of_the_call_win():
    other = tiger.delay(with_all, queue="other", hard_timeout=1)
    usual = tiger.delay(with_all)
    return [other.queue, usual.queue, other.hard_timeout, vars(with_all)["_task_hard_timeout"]]


@scene
def what_cannot_be_queued():
    return [
        outcome(lambda: tiger.delay(greet, args=[object()])),
        outcome(lambda: tiger.delay(greet, kwargs={"n": {1, 2}})),
        sorted(tiger.get_queue_stats()),
    ]


@scene
def a_second_periodic_function_of_that_name():
    tiger.task(schedule=tasktiger.periodic(hours=1))(bare_copy)
    return outcome(tiger.task(schedule=tasktiger.periodic(hours=1)), bare_copy)


def bare_copy():
    pass
