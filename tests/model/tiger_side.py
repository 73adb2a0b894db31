"""A real TaskTiger that does what it is told, run by the Python that has it: `python -m tests.model.tiger_side URL`.

Reads one JSON object per line, {"do": name, "now": its clock, …}, and answers with one line: JSON, or null.
"""

import datetime
import hashlib
import json
import logging
import os
import sys
import time

import redis
import tasktiger
from tasktiger import Task, TaskTiger, fixed
from tasktiger.executor import SyncExecutor

CONFIG = {"STATS_INTERVAL": 0, "LOCK_RETRY": 1, "REQUEUE_EXPIRED_TASKS_INTERVAL": 1e6}
RETRY_SECONDS, MAX_RETRIES = 30, 2

_fails = False


def play(name):
    """The only task."""
    if _fails:
        raise ValueError(name)


def enqueue(tiger, queue, name, due_at, unique, retries):
    """The id; chance gives the same one for the same name, so that a run can be repeated."""
    os.urandom = lambda size: hashlib.sha256(name.encode()).digest()[:size]
    return tiger.delay(
        play,
        args=[name],
        queue=queue,
        when=datetime.datetime.fromtimestamp(due_at, datetime.timezone.utc) if due_at else None,  # noqa: UP017
        unique=unique,
        retry_method=fixed(RETRY_SECONDS, MAX_RETRIES) if retries else None,
    ).id


def round_of_worker(tiger, queue, fails, promotes):
    """One task of the queue is run; then, perhaps, what is due is promoted."""
    global _fails
    _fails = fails
    tiger.config["SELECT_TIMEOUT"] = -1 if promotes else 1e12
    # a throttle of nearly nothing
    tiger.config["QUEUE_SCHEDULED_TASKS_TIME"] = 0.001
    tasktiger.Worker(tiger, queues=[queue], executor_class=SyncExecutor).run(once=True, force_once=True)


def retry(tiger, queue, task_id):
    Task.from_id(tiger, queue, "error", task_id).retry()


def cancel(tiger, queue, task_id):
    Task.from_id(tiger, queue, "scheduled", task_id).cancel()


def delete(tiger, queue, task_id):
    Task.from_id(tiger, queue, "error", task_id).delete()


def reschedule(tiger, queue, task_id, due_at):
    when = datetime.datetime.fromtimestamp(due_at, datetime.timezone.utc)  # noqa: UP017
    Task.from_id(tiger, queue, "scheduled", task_id).update_scheduled_time(when)


def purge(tiger, queue):
    return tiger.purge_errored_tasks(queues=[queue])


ACTS = {one.__name__: one for one in (enqueue, round_of_worker, retry, cancel, delete, reschedule, purge)}


def main():
    logging.basicConfig(level=logging.CRITICAL)
    tiger = TaskTiger(redis.Redis.from_url(sys.argv[1], decode_responses=True), config=CONFIG, setup_structlog=True)
    logging.getLogger("tasktiger").setLevel(logging.CRITICAL + 1)
    for line in sys.stdin:
        told = json.loads(line)
        now = told.pop("now")
        time.time = lambda now=now: now
        print(json.dumps(ACTS[told.pop("do")](tiger, **told)), flush=True)


if __name__ == "__main__":
    # tasks are found under the module's name, not as __main__
    from tests.model import tiger_side

    tiger_side.main()
