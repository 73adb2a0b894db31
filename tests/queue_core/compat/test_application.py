"""An application that was written for TaskTiger runs on our worker, unchanged."""

import signal

import pytest

from tests.waiting import wait_until

pytestmark = pytest.mark.slow

TASKS = """
import os

import redis
from tasktiger import JobTimeoutException, RetryException, Task, TaskTiger, fixed, periodic
from tasktiger.retry import exponential

tiger = TaskTiger(redis.Redis.from_url(os.environ["REDIS_URL"], decode_responses=True))


def note(*words):
    tiger.connection.rpush("notes", " ".join(words))


@tiger.task(queue="mail")
def send(to, copy=None):
    note("sent", to, str(copy), tiger.current_task.queue)


@tiger.task(queue="mail", retry_on=[ValueError], retry_method=fixed(0.01, 2))
def stumble():
    note("stumbled")
    raise ValueError("again")


@tiger.task(unique=True)
def once(number):
    if tiger.connection.incr("tries") < 2:
        raise RetryException(method=exponential(0.01, 2, 3))
    note("once", str(number))


@tiger.task(schedule=periodic(days=1), queue="mail")
def daily():
    pass
"""
ENQUEUE = """
from app.tasks import once, send, stumble, tiger

send.delay("ann", copy="bob")
tiger.delay(stumble)
once.delay(1)
once.delay(1)
"""
FILES = {"app/__init__.py": "", "app/tasks.py": TASKS, "enqueue.py": ENQUEUE}


def notes(raw):
    return sorted(word.decode() for word in raw.lrange("notes", 0, -1))


EXPECTED = ["once 1", "sent ann bob mail", "stumbled", "stumbled", "stumbled"]


def test_it_runs_on_a_worker_of_the_command_line(python, worker, raw):
    done = python("-m", "queue_core.compat.tasktiger", "enqueue.py", files=FILES)
    assert (done.returncode, done.stderr) == (0, "")
    with worker("-m", "app.tasks") as process:
        wait_until(lambda: notes(raw) == EXPECTED, 30)
        wait_until(lambda: raw.zcard("t:error:mail"), 10)
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
        lines = process.stderr.read().splitlines()
    assert lines[0] == "This worker runs any function that can be imported."
    assert [name.decode() for name in raw.zrange("t:scheduled:mail", 0, -1)], "the next day is planned"
    assert not raw.exists("t:queued:mail", "t:queued:default", "t:active:mail", "t:active:default")


LAUNCH = """
import sys
from app.tasks import tiger

tiger.run_worker_with_args(sys.argv[1:])
"""
INSTALLING = """
import queue_core.compat.tasktiger as compat
compat.install()
"""
PLAIN = """
from tasktiger import run_worker

run_worker()
"""


@pytest.mark.parametrize(
    ("files", "program"),
    [
        ({"launch.py": LAUNCH}, ["-m", "queue_core.compat.tasktiger", "launch.py"]),
        ({"launch.py": INSTALLING + LAUNCH}, ["launch.py"]),
        ({"launch.py": INSTALLING + PLAIN}, ["launch.py", "-m", "app.tasks"]),
    ],
    ids=["unchanged", "which installs us itself", "the plain command"],
)
@pytest.mark.parametrize("executor", ["fork", "sync"])
def test_it_runs_on_its_own_launch_script(python, worker, raw, files, program, executor):
    python("-m", "queue_core.compat.tasktiger", "enqueue.py", files=FILES | files)
    with worker(program=[*program, "--executor", executor, "-e", "other"]) as process:
        wait_until(lambda: notes(raw) == EXPECTED, 30)
        wait_until(lambda: raw.zcard("t:error:mail"), 10)
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
