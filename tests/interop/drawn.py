"""Draws tasks and schedules from a seed and says what they come to: run with TaskTiger, or with us under its name.

    python -m tests.interop.drawn theirs|ours <address of Redis> <seed> <how many>

One line of JSON each, of tasks as they stand in Redis, without moments and ids made by chance, and as they describe
themselves; of what `periodic` and `cron_expr` find next; of the delays of retry methods."""

import datetime
import json
import random
import sys

if __name__ == "__main__" and sys.argv[1] == "ours":
    from queue_core.compat.tasktiger import install

    install()

import redis
from tasktiger import (
    JobTimeoutException,
    RetryException,
    StopRetry,
    Task,
    TaskTiger,
    cron_expr,
    exponential,
    fixed,
    linear,
    periodic,
)
from tasktiger.runner import BaseRunner, DefaultRunner

MODULE = "tests.interop.drawn"
TOLD = (
    "args kwargs lock lock_key unique unique_key hard_timeout retry_method retry_on max_stored_executions "
    "serialized_runner_class serialized_func queue state"
)
TEXTS = ["", "é\u2028\U0001f600", "a:b"]
NUMBERS = [0, -1, 1.5, 2**60 + 1, 1e-9]


class Runner(BaseRunner):
    """Nobody uses it."""


def wait(number, *more):
    """Nobody calls it."""


for _thing in (Runner, wait):
    _thing.__module__ = MODULE

OPTIONS = {
    "queue": ["a", "b.c", "é"],
    "hard_timeout": [0, 5, 2.5],
    "unique": [True, False],
    "unique_key": [[], ["x"], ("x", "y")],
    "lock": [True, False],
    "lock_key": [[], ["x"], ("y",)],
    "retry": [True, False],
    "retry_on": [[], [ValueError], (JobTimeoutException, RetryException, KeyError)],
    "retry_method": [fixed(1, 2), linear(1, 2, 3), exponential(1, 2.5, 3), wait, (wait, (1, 2))],
    "max_queue_size": [0, 100_000],
    "max_stored_executions": [0, 5],
    "runner_class": [DefaultRunner, Runner],
}
FIELDS = [(0, 59), (0, 23), (1, 28), (1, 12), (0, 6)]


class Lot:
    """What is drawn, always the same from one seed."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def value(self, depth=0):
        kinds = [lambda: None, lambda: self.random.random() < 0.5, lambda: self.random.choice([*NUMBERS, *TEXTS])]
        if depth < 3:
            kinds.append(lambda: [self.value(depth + 1) for _ in range(self.random.randint(0, 3))])
            kinds.append(lambda: {str(n): self.value(depth + 1) for n in self.random.sample(range(20), 2)})
        return self.random.choice(kinds)()

    def options(self):
        return {name: self.random.choice(values) for name, values in OPTIONS.items() if self.random.random() < 0.2}

    def arguments(self):
        args = [self.value() for _ in range(self.random.randint(0, 3))]
        kwargs = {name: self.value() for name in self.random.sample("xyz", self.random.randint(0, 3))}
        return self.random.choice([args, tuple(args), None]), self.random.choice([kwargs, None])

    def moment(self):
        return datetime.datetime(self.random.choice([1999, 2001, 2020]), 1, 1) + datetime.timedelta(
            seconds=self.random.randrange(366 * 86_400), microseconds=self.random.choice([0, 1, 999_999])
        )

    def bounds(self):
        return {name: self.random.choice([None, self.moment()]) for name in ("start_date", "end_date")}

    def cron(self):
        return " ".join(self._cron_field(*one) for one in FIELDS)

    def _cron_field(self, first, last):
        low, high = sorted(self.random.sample(range(first, last + 1), 2))
        step = self.random.randint(2, 5)
        return self.random.choice(
            ["*", "*", f"*/{step}", str(low), f"{low}-{high}", f"{high}-{low}", f"{low}-{high}/{step}", f"{low},{high}"]
        )


def task_drawn(lot, tiger, number):
    def function():
        """Nobody calls it."""

    function.__module__, function.__qualname__ = MODULE, f"function_{number}"
    decorated, options, (args, kwargs) = lot.options(), lot.options(), lot.arguments()
    if lot.random.random() < 0.5:
        tiger.task(**decorated)(function)
    if lot.random.random() < 0.5:
        task = Task(tiger, function, args, kwargs, **options)
        fields = dict(task.data)
    else:
        task = tiger.delay(function, args, kwargs, **options)
        fields = json.loads(tiger.connection.get(f"t:task:{task.id}"))
        del fields["time_last_queued"], fields["scheduled_at"]
    if not task.unique:
        fields["id"] = "by chance"
    return [list(fields.items()), [getattr(task, name) for name in TOLD.split()]]


def next_times(lot):
    units = {name: lot.random.choice([0, 0, 1, 3, 2.5]) for name in ("seconds", "minutes", "hours", "days", "weeks")}
    units["seconds"] += not any(units.values())
    cron = lot.cron()
    for what, schedule in ((units, periodic(**units, **lot.bounds())), (cron, cron_expr(cron, **lot.bounds()))):
        (rule, arguments), moment = schedule, lot.moment()
        yield [what, str(moment), str(rule(moment, *arguments))]


def delays(lot):
    base, step, most = lot.random.choice([0, 1, 2.5]), lot.random.choice([-1, 1, 1.5, 3]), lot.random.randint(0, 5)
    for rule, arguments in (fixed(base, most), linear(base, step, most), exponential(base, abs(step), most)):
        for number in range(1, 8):
            try:
                yield [number, float(rule(number, *arguments))]
            except StopRetry:
                yield [number, "stop"]


def main(address, seed, count):
    lot = Lot(seed)
    tiger = TaskTiger(redis.Redis.from_url(address, decode_responses=True))
    for number in range(count):
        print(json.dumps([task_drawn(lot, tiger, number), *next_times(lot), *delays(lot)]))


if __name__ == "__main__":
    main(sys.argv[2], *map(int, sys.argv[3:]))
