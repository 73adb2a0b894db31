"""Features: what the list of them says beside what has a section of its own."""

import datetime
import logging
import threading
import time

import structlog
import tasktiger
from tasktiger import Task
from tasktiger.executor import SyncExecutor
from tasktiger.logging import tasktiger_processor

from tests.interop.both.scene import QUICK, connect, journal, note, outcome, scene, work

tiger = tasktiger.TaskTiger(connection=connect(), config=QUICK, setup_structlog=True)
COUNTS = {}


def greet(name="you"):
    note("hello", name)


def count():
    """What one process keeps in mind."""
    COUNTS["runs"] = COUNTS.get("runs", 0) + 1
    note(COUNTS["runs"])


def speak():
    structlog.get_logger("app").warning("spoken", own=1)


@tiger.task(batch=True)
def speak_together(calls):
    structlog.get_logger("app").warning("spoken together", own=len(calls))


def fail():
    note("run")
    raise ValueError("no luck")


def start_a_thread():
    def late():
        time.sleep(0.2)
        note("thread")

    threading.Thread(target=late).start()
    note("task")


@scene(gives=["1", "1"])
def a_forked_task_forgets():
    for _ in range(2):
        tiger.delay(count)
    work(tiger)
    return journal()


@scene(gives=["1", "2"])
def a_task_in_the_same_process_remembers():
    for _ in range(2):
        tiger.delay(count)
    work(tiger, executor_class=SyncExecutor)
    return journal()


@scene
def customers_do_not_block_each_other():
    """One task of each queue in every round."""
    for customer in "abc":
        for number in range(2):
            tiger.delay(greet, args=[f"{customer}{number}"], queue=f"mail.{customer}")
    work(tiger)
    told = [line.split()[1] for line in journal()]
    return [sorted(told[:3]), sorted(told[3:])]


@scene
def log_lines_of_a_task_carry_its_id():
    structlog.configure(
        processors=[
            structlog.stdlib.add_log_level, tasktiger_processor, structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.stdlib.LoggerFactory(), wrapper_class=structlog.stdlib.BoundLogger,
    )  # fmt: skip
    logging.basicConfig(format="%(message)s", level=logging.INFO)
    own = tasktiger.TaskTiger(connection=connect(), config=QUICK)
    own.delay(speak)
    own.delay(speak_together, queue="together")
    structlog.get_logger("app").warning("spoken outside")
    work(own)


@scene
def the_processor_outside_of_a_task():
    return tasktiger_processor(None, "info", {"event": "x"})


@scene(gives=[["run", "run"], {"default": {"error": 1}}, {}])
def an_error_is_kept_until_it_is_retried_or_deleted():
    task = tiger.delay(fail)
    work(tiger)
    Task.from_id(tiger, "default", "error", task.id).retry()
    work(tiger)
    stats = tiger.get_queue_stats()
    Task.from_id(tiger, "default", "error", task.id).delete()
    return [journal(), stats, tiger.get_queue_stats()]


@scene(gives=["task", "thread"])
def threads_of_a_task_are_waited_for():
    tiger.delay(start_a_thread)
    work(tiger)
    return journal()


@scene
def the_log_level_is_set_at_the_log():
    tiger.log.setLevel(logging.CRITICAL)
    tiger.delay(fail)
    work(tiger)
    return tiger.get_queue_stats()


@scene
def a_moment_soon():
    tiger.delay(greet, when=datetime.timedelta(seconds=0.05))
    before = tiger.get_queue_stats()
    time.sleep(0.06)
    work(tiger, rounds=2)
    return [before, journal(), tiger.get_queue_stats()]


@scene
def names_at_the_door():
    return [sorted(tasktiger.__all__), outcome(lambda: tasktiger.__version__), callable(tasktiger.run_worker)]


@scene
def exceptions_and_their_bases():
    from tasktiger import exceptions

    names = [name for name in tasktiger.__all__ if hasattr(exceptions, name)]
    bases = (BaseException, Exception, ImportError, ValueError)
    return {name: [base.__name__ for base in bases if issubclass(getattr(exceptions, name), base)] for name in names}
