"""Tasks put into Redis as any producer on the wire would, and workers as processes of their own."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from queue_core.payload import plain_id
from tests.waiting import wait_until

ROOT = Path(__file__).parents[3]
MODULE = "tests.queue_core.worker.functions"
QUICK = {
    "lease_seconds": 2.0,
    "heartbeat_seconds": 0.4,
    "recover_seconds": 0.5,
    "redis_timeout_seconds": 0.4,
    "poll_seconds": 0.1,
    "sweeper_lease_seconds": 2.0,
}
"""Settings under which a lost task is noticed soon."""


def queue_task(raw, function, *args, queue="orders", score=None, task_id=None, **fields) -> str:
    """A queued task; the id."""
    task_id = task_id or plain_id()
    name = function if isinstance(function, str) else f"{function.__module__}:{function.__name__}"
    payload = {"id": task_id, "func": name, "args": list(args), **fields}
    raw.set(f"t:task:{task_id}", json.dumps(payload))
    raw.zadd(f"t:queued:{queue}", {task_id: score or time.time()})
    raw.sadd("t:queued", queue)
    raw.publish("t:activity", queue)
    return task_id


def members(raw, state, queue="orders") -> list[str]:
    return [member.decode() for member in raw.zrange(f"t:{state}:{queue}", 0, -1)]


def executions(raw, task_id) -> list[dict]:
    return [json.loads(entry) for entry in raw.lrange(f"t:task:{task_id}:executions", 0, -1)]


def lines(path) -> list[str]:
    """The first words that tasks have noted in a file."""
    return [line.split()[0] for line in Path(path).read_text().splitlines()] if Path(path).exists() else []


@contextlib.contextmanager
def worker_process(url, executor="fork", kind="worker", **settings):
    """A worker (or sweeper) in its own process; killed at the end if it still runs."""
    program = f"from tests.queue_core.worker import process; process.{kind}()"
    facts = json.dumps({"url": url, "executor": executor, "settings": {**QUICK, **settings}})
    process = subprocess.Popen([sys.executable, "-c", program, facts], cwd=ROOT, stderr=subprocess.STDOUT)
    try:
        yield process
    finally:
        if process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGCONT)
            process.kill()
            process.wait()


def wait_gone(raw, task_id, seconds=15.0):
    wait_until(lambda: not raw.exists(f"t:task:{task_id}"), seconds, f"{task_id} should be done")
