"""Task options: queue, unique, lock, size, moment, time limit."""

import datetime
import subprocess
import sys
import time

import tasktiger

from tests.interop.both.scene import QUICK, connect, journal, note, outcome, scene, work, work_until

tiger = tasktiger.TaskTiger(connection=connect(), config=QUICK, setup_structlog=True)


@tiger.task(queue="mine", unique=True)
def greet():
    note("hello")


@tiger.task(unique_key=["number"])
def index(number, colour=None):
    note("index", number, colour)


@tiger.task(unique=True)
def index_again(number):
    """Changes while it is being indexed."""
    note("index", number)
    if len(journal()) == 1:
        tiger.delay(index_again, args=[number])


@tiger.task(lock=True)
def locked(name):
    note("begin", name)
    if len(journal()) == 1:
        _run_another_worker()
    note("end", name)


@tiger.task(lock_key=["account"])
def book(account, amount):
    note("begin", account, amount)
    if len(journal()) == 1:
        _run_another_worker()
    note("end", account, amount)


def _run_another_worker():
    """Beside this one, to its end."""
    program = ["-m", "tests.interop.both.on_engine", _engine(), "tests.interop.examples.another_worker"]
    done = subprocess.run([sys.executable, *program], check=False, timeout=30)
    note("other worker", done.returncode)


def _engine():
    return "tasktiger" if "site-packages" in tasktiger.__file__ else "compat"


@tiger.task(hard_timeout=0.3)
def too_long():
    time.sleep(20)


@tiger.task
def as_long_as_allowed():
    time.sleep(20)


@tiger.task(max_queue_size=2)
def few():
    pass


@scene(gives=["other", "mine", {"mine": {"queued": 1}, "other": {"queued": 1}}])
def a_queue_at_the_call_wins():
    return [tiger.delay(greet, queue="other").queue, greet.delay().queue, tiger.get_queue_stats()]


@scene(gives={"queued": 1, "ran": ["hello"]})
def a_unique_task_is_queued_once():
    ids = {greet.delay().id for _ in range(3)}
    queued = tiger.get_queue_sizes("mine")["queued"]
    work(tiger)
    return {"queued": queued and len(ids), "ran": journal()}


@scene(gives=["index 1 red", "index 2 red"])
def a_unique_key_names_what_counts():
    for number, colour in ((1, "blue"), (1, "red"), (2, "red")):
        tiger.delay(index, kwargs={"number": number, "colour": colour})
    work(tiger)
    return sorted(journal())


@scene(gives={"ran": ["index 7", "index 7"], "left": {}})
def a_unique_task_queued_while_it_runs_runs_again():
    index_again.delay(7)
    work_until(lambda: len(journal()) == 2, tiger)
    work(tiger)
    return {"ran": journal(), "left": tiger.get_queue_stats()}


@scene(gives=True)
def a_unique_task_keeps_its_first_moment():
    task = tiger.delay(greet, when=datetime.timedelta(hours=1))
    first = tiger.connection.zscore("t:scheduled:mine", task.id)
    tiger.delay(greet, when=datetime.timedelta(hours=5))
    return first == tiger.connection.zscore("t:scheduled:mine", task.id)


@scene(gives={"scheduled": 1, "queued": 1})
def a_unique_task_may_be_scheduled_and_queued():
    tiger.delay(greet, when=datetime.timedelta(hours=1))
    tiger.delay(greet)
    return tiger.get_queue_stats()["mine"]


@scene(gives=["begin a", "other worker 0", "end a", "begin a", "end a"])
def a_locked_task_waits_for_its_twin():
    locked.delay("a")
    locked.delay("a")
    work_until(lambda: len(journal()) == 5, tiger)
    return journal()


@scene(gives=["begin a", "begin b", "end b", "other worker 0", "end a"])
def other_arguments_have_another_lock():
    tiger.delay(locked, args=["a"])
    tiger.delay(locked, args=["b"])
    work_until(lambda: len(journal()) == 5, tiger)
    return journal()


@scene(gives=["begin 7 1", "other worker 0", "end 7 1", "begin 7 2", "end 7 2"])
def a_lock_key_names_what_counts():
    tiger.delay(book, kwargs={"account": 7, "amount": 1})
    tiger.delay(book, kwargs={"account": 7, "amount": 2})
    work_until(lambda: len(journal()) == 5, tiger)
    return journal()


@scene
def a_full_queue_refuses():
    tiger.delay(few)
    tiger.delay(few, when=datetime.timedelta(hours=1))
    return [
        outcome(tiger.delay, few),
        outcome(tiger.delay, few, when=datetime.timedelta(hours=2)),
        outcome(tiger.delay, few, max_queue_size=3)[0],
        outcome(tasktiger.Task(tiger, few, queue="small").delay, max_queue_size=0)[0],
        tiger.get_total_queue_size("default"),
    ]


@scene
def a_full_queue_refuses_a_unique_task_that_is_there_already():
    tiger.delay(greet)
    return outcome(tiger.delay, greet, max_queue_size=1)[0]


@scene
def moments():
    now = datetime.datetime.now(datetime.UTC)
    naive = datetime.datetime(2030, 1, 2, 3, 4, 5, 600_000)
    cest = datetime.timezone(datetime.timedelta(hours=2))
    tasks = [
        tiger.delay(few, queue=f"q{number}", when=when)
        for number, when in enumerate(
            [
                datetime.timedelta(minutes=5), naive, naive.replace(tzinfo=cest), naive.replace(tzinfo=datetime.UTC),
                now - datetime.timedelta(hours=1), datetime.timedelta(minutes=-5), datetime.timedelta(0), None,
            ]
        )
    ]  # fmt: skip
    return [
        [task.state, task.scheduled_at.isoformat() if task.scheduled_at.year == 2030 else "about now"] for task in tasks
    ]


@scene(gives=["Job exceeded maximum timeout value (0 seconds).", ["error"]])
def a_task_that_takes_too_long_fails():
    task = too_long.delay()
    work(tiger)
    failed = tasktiger.Task.from_id(tiger, "default", "error", task.id, load_executions=1)
    return [
        failed.executions[0]["traceback"].splitlines()[-1].split(": ", 1)[1],
        list(tiger.get_queue_stats()["default"]),
    ]


@scene(gives=["tasktiger.exceptions:JobTimeoutException", False])
def a_time_limit_at_the_call():
    task = tiger.delay(as_long_as_allowed, hard_timeout=1)
    work(tiger)
    execution = tasktiger.Task.from_id(tiger, "default", "error", task.id, load_executions=1).executions[0]
    return [execution["exception_name"], execution["success"]]


@scene(gives=["raised", "ValueError"])
def a_function_of_the_main_program_is_refused():
    function = type(few)(few.__code__, {"__name__": "__main__"}, "few")
    function.__module__ = "__main__"
    return outcome(tiger.delay, function)
