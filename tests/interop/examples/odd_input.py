"""What applications hand over by mistake or on purpose: arguments, names, options and moments of all kinds."""

import datetime
import decimal
import uuid

import tasktiger
from tasktiger import Task

from tests.interop.both.scene import QUICK, connect, journal, note, outcome, scene, work

tiger = tasktiger.TaskTiger(connection=connect(), config=QUICK, setup_structlog=True)


class Trouble(BaseException):
    pass


class Quiet(Exception):
    def __str__(self):
        raise ValueError("I cannot be printed")


def say(*args, **kwargs):
    note(repr(args), repr(sorted(kwargs.items())))


def fail(kind):
    kinds = {
        "interrupt": KeyboardInterrupt,
        "base": Trouble,
        "full": tasktiger.QueueFullException,
        "quiet": Quiet,
        "timeout": tasktiger.JobTimeoutException,
        "stop": tasktiger.StopRetry,
        "nul": ValueError,
        "generator": GeneratorExit,
    }
    raise kinds[kind]("a\x00b\udcffc" if kind == "nul" else "no luck")


class Desk:
    @staticmethod
    def static(paper):
        note("static", paper)

    @classmethod
    def of_class(cls, paper):
        note("class", paper)

    def method(self):
        note("method")


def queued(*args, function=say, **options):
    """How it went, shortly: "raised", of whatever class, or the state."""
    answer = outcome(tiger.delay, function, *args, **options)
    return "raised" if answer[0] == "raised" else answer[1].state


def runs(*args, **options):
    return [queued(*args, **options), work(tiger, rounds=2), journal(), tiger.get_queue_stats()]


@scene
def arguments_of_all_kinds():
    odd = [
        1.5,
        -0.0,
        1e300,
        2**70,
        "é\u2028\U0001f600",
        "\x00\x1f",
        "\ud800",
        [],
        {},
        [[], {"a": []}],
        None,
        True,
        "",
        {"1": {}},
    ]
    return runs(args=odd, kwargs={"é": odd, "self": 1, "func": 2})


@scene
def arguments_that_json_changes():
    return runs(args=[(1, (2,)), {1: "a", None: "b", False: "c", 2.5: "d"}])


@scene
def no_numbers():
    return runs(args=[float("inf"), float("-inf")], kwargs={"nan": float("nan")})


@scene
def arguments_that_json_cannot_carry():
    circle = []
    circle.append(circle)
    odd = [datetime.datetime(2020, 1, 1), decimal.Decimal(1), uuid.UUID(int=1), b"bytes", {1, 2}, object(), say, circle]
    return [queued(args=[one]) for one in odd] + [queued(args=[{(1, 2): 3}]), tiger.get_queue_stats()]


@scene
def a_text_as_arguments():
    return runs(args="ab")


@scene
def a_large_argument():
    answer = queued(args=["x" * 2_000_000])
    work(tiger)
    return [answer, len(journal()[0]), tiger.get_queue_stats()]


@scene
def functions_of_all_kinds():
    def inner():
        pass

    import functools

    odd = [lambda: None, inner, Desk.static, Desk.of_class, Desk, functools.partial(say, 1), len, "say", None, 7]
    return [queued(function=one) for one in odd] + [sorted(tiger.get_queue_stats())]


@scene
def functions_that_cannot_be_found_again():
    def inner():
        note("inner")

    queued(function=inner)
    queued(function=lambda: note("lambda"))
    from tasktiger.executor import SyncExecutor

    work(tiger, executor_class=SyncExecutor)
    return [journal(), tiger.get_queue_stats()]


@scene
def methods_as_tasks():
    queued(args=["a"], function=Desk.static)
    queued(args=["b"], function=Desk.of_class)
    work(tiger)
    return [journal(), tiger.get_queue_stats()]


@scene
def names_of_queues():
    odd = ["a b", "a:b", "é", "[a]*?", "a..b", ".a", "a.", "UPPER", "x" * 300, "new\nline", "-1", "0"]
    answers = [queued(args=[number], queue=name) for number, name in enumerate(odd)]
    listed = sorted(tiger.get_queue_stats())
    work(tiger)
    return [answers, listed, sorted(journal()), tiger.get_queue_stats()]


@scene
def a_queue_without_a_name():
    return [queued(queue=""), queued(queue=None), tiger.get_queue_stats()]


@scene
def moments_of_all_kinds():
    odd = [0, 60, 1.5, -1, "soon", True, datetime.date(2030, 1, 1), datetime.time(1, 2)]
    return [queued(when=one) for one in odd]


@scene
def moments_at_the_ends_of_time():
    odd = [
        datetime.datetime(1, 1, 1),
        datetime.datetime(1970, 1, 1),
        datetime.datetime(9999, 12, 31, 23, 59, 59),
        datetime.timedelta(days=-10_000),
        datetime.timedelta.max,
    ]
    return [queued(when=one) for one in odd]


@scene
def time_limits_of_all_kinds():
    return [[queued(hard_timeout=one), work(tiger), len(journal())] for one in (0, None, 0.5, 3, 10**6, "5")[:5]]


@scene
def retries_of_all_kinds():
    options = [
        {"retry": False},
        {"retry_on": []},
        {"retry_on": (ValueError,)},
        {"retry_method": [tasktiger.retry._fixed, [60, 3]]},
        {"retry_method": (tasktiger.retry._fixed, (60, 3)), "retry": False},
        {"retry_on": [KeyError], "retry": True},
        {"retry_method": len},
        {"retry_on": ["ValueError"]},
        {"retry_on": ValueError},
        {"retry_method": 7},
    ]
    answers = [queued(args=["base"], function=fail, queue=f"q{number}", **one) for number, one in enumerate(options)]
    return [answers, sorted(tiger.get_queue_stats())]


@scene
def unique_and_lock_together():
    keys = [
        {"unique_key": ["a"], "kwargs": {"b": 1}},
        {"unique_key": []},
        {"unique": True, "args": [1, "é"], "kwargs": {"b": [2]}},
        {"lock_key": ["a", "b"], "kwargs": {"a": {"x": 1}}},
        {"lock_key": []},
        {"unique": False, "lock": False},
        {"unique_key": ("a",), "lock_key": ("b",), "kwargs": {"a": None}},
        {"unique": False, "unique_key": ["a"]},
    ]
    answers = [queued(queue=f"q{number}", **one) for number, one in enumerate(keys)]
    return [answers, [tiger.connection.zrange(f"t:queued:q{number}", 0, -1) for number in (0, 1, 2, 6, 7)]]


@scene
def sizes_of_all_kinds():
    return [queued(max_queue_size=one) for one in (0, 1, 2, 100, -1, None)] + [tiger.get_queue_stats()]


@scene
def stored_executions_of_all_kinds():
    for number, size in enumerate((0, 1, -1, 3, None)):
        tiger.delay(
            fail, args=["stop"], queue=f"q{number}", retry_method=tasktiger.fixed(0, 2), max_stored_executions=size
        )
    work(tiger, rounds=8)
    tasks = [Task.tasks_from_queue(tiger, f"q{number}", "error", load_executions=9)[1] for number in range(5)]
    return [[len(one.executions), one.n_executions()] for (one,) in tasks]


def failed_with(kind):
    tiger.delay(fail, args=[kind])
    work(tiger)
    return tiger.get_queue_stats()


@scene
def a_task_that_raises_a_base_exception():
    return failed_with("base")


@scene
def a_task_that_finds_a_queue_full():
    return failed_with("full")


@scene
def a_task_that_raises_a_timeout_of_its_own():
    return failed_with("timeout")


@scene
def a_task_that_raises_stop_retry():
    return failed_with("stop")


@scene
def a_task_whose_exception_cannot_be_printed():
    return failed_with("quiet")


@scene
def a_task_whose_exception_has_odd_letters():
    return failed_with("nul")


@scene
def unknown_options():
    return [
        outcome(tiger.delay, say, priority=1)[:2],
        outcome(tiger.task, priority=1)[:2],
        outcome(Task, tiger, say, when=1)[:2],
        outcome(tasktiger.Worker, tiger, threads=3)[:2],
    ]


@scene
def states_of_all_kinds():
    odd = ["queued", "", "QUEUED", "x:audit", "error "]
    return [outcome(Task.tasks_from_queue, tiger, "default", state) for state in odd]


@scene
def a_task_twice_queued():
    task = Task(tiger, say, args=[1])
    task.delay()
    second = outcome(task.delay)
    return [second, tiger.get_queue_stats()]


@scene
def payloads_of_older_versions():
    """Only a name and a function, which is written with a dot."""
    module = "tests.interop.examples.odd_input"
    texts = [
        '{"id": "ID", "func": "MODULE.say"}',
        '{"id":"ID","func":"MODULE:say","args":{},"kwargs":[]}',
        '{"id": "ID", "func": "MODULE:say", "args": null, "kwargs": null, "unknown": [1]}',
        '{"id": "ID", "func": "MODULE:Desk.static", "args": ["\\u00e9"], "lock": false}',
    ]
    for number, text in enumerate(texts):
        task_id = "abcd"[number] * 64
        text = text.replace("ID", task_id).replace("MODULE", module)
        tiger.connection.set(f"t:task:{task_id}", text)
        tiger.connection.zadd("t:queued:default", {task_id: number + 1})
    tiger.connection.sadd("t:queued", "default")
    answer = outcome(work, tiger)
    return [answer, journal(), tiger.get_queue_stats()]
