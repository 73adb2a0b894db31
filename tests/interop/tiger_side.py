"""The other side: run by the Python that has the real TaskTiger, never imported by our tests.

    python -m tests.interop.tiger_side '{"socket": …, "config": {…}, "do": "work" | an act, …}'

An act prints its answer as one line of JSON.
"""

import datetime
import importlib
import json
import sys

import redis
import tasktiger
from tasktiger import Task, TaskTiger

CLASSES = {"JobTimeoutException": tasktiger.JobTimeoutException, "ValueError": ValueError}
METHODS = {"fixed": tasktiger.fixed, "linear": tasktiger.linear, "exponential": tasktiger.exponential}


def work(tiger, **options):
    tiger.run_worker(**options)


def delay(tiger, function, options):
    """The id of the new task."""
    options = dict(options)
    if method := options.get("retry_method"):
        options["retry_method"] = METHODS[method[0]](*method[1])
    if "when_seconds" in options:
        options["when"] = datetime.timedelta(seconds=options.pop("when_seconds"))
    if "retry_on" in options:
        options["retry_on"] = [CLASSES[name] for name in options["retry_on"]]
    return tiger.delay(_function(function), **options).id


def executions(tiger, queue, state, task_id):
    """What TaskTiger reads of the failed runs of a task."""
    task = Task.from_id(tiger, queue, state, task_id, load_executions=100)
    return [one["exception_name"] for one in task.executions]


def lock_queue(tiger, queue, seconds):
    tiger.set_queue_system_lock(queue, seconds)


def retry(tiger, queue, task_id):
    Task.from_id(tiger, queue, "error", task_id).retry()


def _function(name):
    module, _, function = name.partition(":")
    return getattr(importlib.import_module(module), function)


def main():
    told = json.loads(sys.argv[1])
    connection = redis.Redis(unix_socket_path=told.pop("socket"), decode_responses=True)
    tiger = TaskTiger(connection, config=told.pop("config"), setup_structlog=True)
    act = {"work": work, "delay": delay, "executions": executions, "lock_queue": lock_queue, "retry": retry}
    print(json.dumps(act[told.pop("do")](tiger, **told)))


if __name__ == "__main__":
    main()
