"""How a worker of an unchanged application leaves, and where it goes."""

import signal
import socket

import pytest
import redis

from queue_core.embedded import Server
from tests.servers import wanted_binary
from tests.waiting import wait_until

pytestmark = pytest.mark.slow

TASKS = """
import os, time
import redis
from tasktiger import TaskTiger

tiger = TaskTiger(redis.Redis.from_url(os.environ["REDIS_URL"], decode_responses=True))


@tiger.task(hard_timeout=0.2)
def overrun():
    while True:
        time.sleep(0.01)


@tiger.task()
def wait():
    tiger.connection.set("begun", 1)
    while not tiger.connection.exists("go on"):
        time.sleep(0.01)
"""


def application(enqueue):
    return {"tasks.py": TASKS, "enqueue.py": f"import tasks\n{enqueue}\n"}


def enqueue(python, call, **variables):
    done = python("-m", "queue_core.compat.tasktiger", "enqueue.py", files=application(call), **variables)
    assert done.returncode == 0 and not done.stderr, done.stderr


def test_a_task_that_overruns_takes_the_sync_worker_along(python, worker, raw):
    enqueue(python, "tasks.overrun.delay()")
    with worker("-m", "tasks", "--executor", "sync") as process:
        assert process.wait(30) == 1
        assert "exiting worker due to job timeout error" in process.stderr.read().splitlines()
    assert raw.zcard("t:error:default") == 1


def test_a_request_to_stop_waits_for_the_task_that_runs(python, worker, raw):
    enqueue(python, "tasks.wait.delay()")
    with worker("-m", "tasks") as process:
        wait_until(lambda: raw.exists("begun"), 30)
        process.send_signal(signal.SIGTERM)
        raw.set("go on", 1)
        assert process.wait(10) == 0
    assert [key for key in raw.keys("t:*") if b":x:" not in key] == []


def test_an_error_in_a_module_ends_it_at_once(python, worker):
    python("-c", "", files={"tasks.py": "1 / 0"})
    with worker("-m", "tasks") as process:
        assert process.wait(30) == 1
        assert process.stderr.read().splitlines()[-1] == "ZeroDivisionError: division by zero"


@pytest.fixture
def guarded_server(tmp_path):
    """A Redis on a port of its own, behind a password; (port, client on its database 2)."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = Server(tmp_path / "redis", port=port, binary=wanted_binary(), password="s/cret@").start()
    with redis.Redis(port=port, password="s/cret@", db=2) as client:
        yield port, client
    server.stop()


def test_the_parts_of_an_address_lead_there(python, worker, guarded_server):
    port, client = guarded_server
    enqueue(python, "tasks.wait.delay()", REDIS_URL=f"redis://:s%2Fcret%40@127.0.0.1:{port}/2")
    client.set("go on", 1)
    with worker("-m", "tasks", "-h", "127.0.0.1", "-p", str(port), "-a", "s/cret@", "-n", "2"):
        wait_until(lambda: client.exists("begun") and not client.exists("t:active:default"), 30)
