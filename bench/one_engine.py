"""Measures one engine in this process: `python -m bench.one_engine signalbox | tasktiger REDIS_URL TASKS KIND`.

KIND: once, or repeatable: tasks that may be started again when their worker was lost.

Prints JSON {"enqueue": tasks a second, "drain": tasks a second}.  It runs under the Python of either environment, so it
imports neither engine before it knows which one is meant.
"""

import json
import logging
import sys
import time

from bench import stamps


class Signalbox:
    """Ours, with its sync executor."""

    def __init__(self, redis_url):
        import structlog

        from queue_core import Engine, JobTimeoutException, Worker

        self.timeout = JobTimeoutException
        structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
        self._engine = Engine(redis_url, allow_modules=["bench.stamps"])
        self._worker = Worker(self._engine, executor="sync")

    def enqueue(self, options):
        self._engine.delay(stamps.stamp, **options)

    def drain(self):
        self._worker.run(once=True)


class TaskTiger:
    """TaskTiger with its own sync executor; set up as its command does, but silent."""

    def __init__(self, redis_url):
        import redis
        from tasktiger import TaskTiger, Worker
        from tasktiger.exceptions import JobTimeoutException
        from tasktiger.executor import SyncExecutor

        self.timeout = JobTimeoutException
        connection = redis.Redis.from_url(redis_url, decode_responses=True)
        self._tiger = TaskTiger(connection=connection, setup_structlog=True)
        logging.getLogger("tasktiger").setLevel(logging.WARNING)
        self._worker = Worker(self._tiger, executor_class=SyncExecutor)

    def enqueue(self, options):
        self._tiger.delay(stamps.stamp, **options)

    def drain(self):
        self._worker.run(once=True)


ENGINES = {"signalbox": Signalbox, "tasktiger": TaskTiger}


def measure(engine, count: int, kind: str) -> dict:
    """Rates in tasks a second.  The drain counts from the first task that ran to the last: start-up is left out."""
    options = {"retry_on": [engine.timeout]} if kind == "repeatable" else {}
    started = time.perf_counter()
    for _ in range(count):
        engine.enqueue(options)
    enqueue_seconds = time.perf_counter() - started
    engine.drain()
    assert len(stamps.RAN_AT) == count, f"{len(stamps.RAN_AT)} of {count} tasks ran"
    return {"enqueue": count / enqueue_seconds, "drain": (count - 1) / (stamps.RAN_AT[-1] - stamps.RAN_AT[0])}


if __name__ == "__main__":
    name, redis_url, count, kind = sys.argv[1:]
    print(json.dumps(measure(ENGINES[name](redis_url), int(count), kind)))
