"""Lets tasks drawn from a seed live: they are enqueued, run, retried and deleted; then tells what is left of them.

    python -m tests.interop.lives theirs|ours <address of Redis> <seed> sync|fork

Written for TaskTiger's names alone, and run with TaskTiger or with us under its name."""

import datetime
import json
import logging
import os
import random
import sys
import time

if __name__ == "__main__" and sys.argv[1] == "ours":
    from queue_core.compat.tasktiger import install

    install()

import redis
from tasktiger import Task, TaskTiger, Worker, exponential, fixed, linear
from tasktiger.executor import ForkExecutor, SyncExecutor

from tests.interop import behaviours

CONFIG = {
    "SELECT_TIMEOUT": 0,
    "LOCK_RETRY": 0.01,
    "QUEUE_SCHEDULED_TASKS_TIME": 0.001,
    "REQUEUE_EXPIRED_TASKS_INTERVAL": 0.001,
    "DEFAULT_RETRY_METHOD": fixed(0, 2),
    "BATCH_QUEUES": {"together": 3},
}
OPTIONS = {
    "unique": [True],
    "lock": [True],
    "lock_key": [["k"]],
    "retry": [True],
    "retry_on": [[ValueError], [LookupError], [Exception], [BaseException]],
    "retry_method": [fixed(0, 1), linear(0, 0, 2), exponential(0, 2, 1), behaviours.once],
    "max_stored_executions": [1, 2],
}
QUEUES = ("a", "a.b", "c", "c.d.e")
HOUR = datetime.timedelta(hours=1)
STATES = ("queued", "active", "scheduled", "error")
MOMENTS_AND_PLACES = {"time_started", "time_failed", "host", "traceback", "x"}
THROTTLES = "lockv2:queue_"
REST_SECONDS = 0.015
"""Until what was put off for no time is due, and the throttles have gone."""


class Life:
    """numbers: id -> which of the tasks drawn it was first."""

    def __init__(self, address, seed, executor):
        self.random = random.Random(seed)
        self.redis = redis.Redis.from_url(address, decode_responses=True)
        self.tiger = TaskTiger(self.redis, setup_structlog=True, config=CONFIG)
        self.tiger.task(batch=True, queue="together")(behaviours.together)
        self.executor = {"sync": SyncExecutor, "fork": ForkExecutor}[executor]
        self.numbers = {}

    def live(self):
        for _ in range(3):
            for _ in range(self.random.randint(20, 30)):
                self.numbers.setdefault(self.enqueue().id, len(self.numbers))
            self.work(5)
            if self.random.random() < 0.5:
                self.look_after_errors()
        self.work(12)

    def enqueue(self):
        draw = self.random
        if draw.random() < 0.2:
            call = {"args": [draw.choice(["succeed", "succeed", "fail"])], "kwargs": {"n": draw.randint(0, 2)}}
            return self.tiger.delay(behaviours.together, unique=draw.random() < 0.3, **call)
        options = {name: draw.choice(values) for name, values in OPTIONS.items() if draw.random() < 0.3}
        what, number = draw.choice(list(behaviours.BEHAVIOURS)), draw.randint(0, 3)
        when = draw.choice([HOUR, -HOUR, *[None] * 8])
        if when == HOUR:
            options.pop("unique", None)  # theirs forgets a later time when a run before it is retried (wire D22)
        # a queue for each number: theirs loses a unique task that stands in two (wire D7)
        return self.tiger.delay(
            behaviours.act, args=[what, number], kwargs={"k": draw.randint(0, 1)}, queue=QUEUES[number], when=when,
            **options,
        )  # fmt: skip

    def work(self, rounds):
        for _ in range(rounds):
            Worker(self.tiger, executor_class=self.executor).run(once=True)
            time.sleep(REST_SECONDS)

    def look_after_errors(self):
        for queue in sorted(self.redis.smembers("t:error")):
            failed = Task.tasks_from_queue(self.tiger, queue, "error")[1]
            for task in sorted(failed, key=lambda task: self.numbers[task.id])[:2]:
                self.random.choice([task.retry, task.delete])()

    def left(self):
        """One line each: the tasks that are left with their failed runs, and every key of the wire."""
        for state in STATES:
            for queue in sorted(self.redis.smembers(f"t:{state}")):
                for task in Task.tasks_from_queue(self.tiger, queue, state, load_executions=100)[1]:
                    runs = [self.plain(run) for run in task.executions]
                    yield f"{state} {queue} {self.numbers[task.id]} {task.n_executions()} {json.dumps(runs)}"
        for key in self.redis.keys("*"):
            if not key.startswith(("t:x:", f"t:{THROTTLES}")):
                yield " ".join(str(self.numbers.get(part, part)) for part in key.split(":"))

    def plain(self, run):
        return sorted((name, value) for name, value in run.items() if name not in MOMENTS_AND_PLACES)


if __name__ == "__main__":
    life = Life(sys.argv[2], int(sys.argv[3]), sys.argv[4])
    logging.getLogger("tasktiger").setLevel(logging.CRITICAL + 1)
    life.live()
    print("\n".join(sorted(life.left())))
    with open(os.environ["LIVES_LOG"], encoding="utf-8") as log:
        print("".join(sorted(log)))
