"""What scenes are made with.  Runs on both sides, so it knows `tasktiger` only."""

import contextlib
import os
import time

import redis

QUICK = {
    "SELECT_TIMEOUT": 0,
    "QUEUE_SCHEDULED_TASKS_TIME": 0.02,
    "ACTIVE_TASK_UPDATE_TIMER": 0.5,
    "ACTIVE_TASK_UPDATE_TIMEOUT": 5,
    "REQUEUE_EXPIRED_TASKS_INTERVAL": 0.02,
    "LOCK_RETRY": 0.02,
    "STATS_INTERVAL": 0,
}
"""TaskTiger's timers, shortened."""


def scene(function=None, *, gives=None):
    """A function to be run on an empty Redis, whose facts are compared on both engines, and with `gives` if there."""

    def mark(function):
        function.gives = gives
        return function

    return mark(function) if function else mark


def connect():
    """A client of the Redis of this run."""
    return redis.Redis(
        unix_socket_path=os.environ["SCENE_SOCKET"], password=os.environ.get("SCENE_PASSWORD"), decode_responses=True
    )


def work(tiger, rounds=1, **options):
    """So many single runs of a worker, each of which may promote."""
    from tasktiger import Worker

    for _ in range(rounds):
        worker = Worker(tiger, **options)
        _wait(lambda: not list(tiger.connection.scan_iter("*:lockv2:queue_scheduled_tasks:*", count=1000)))
        worker.run(once=True)


def work_once(tiger, **options):
    """One round of a worker, also where `once` would wait for a queue that is held."""
    from tasktiger import Worker

    Worker(tiger, **options).run(once=True, force_once=True)


def work_until(condition, tiger, **options):
    """Single runs of a worker until something is true."""
    deadline = time.monotonic() + 10
    while not (met := condition()):
        assert time.monotonic() < deadline, "the workers did not get there"
        work(tiger, **options)
    return met


def _wait(condition, seconds=10):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.002)


def outcome(call, *args, **kwargs):
    """What a call returns or raises: ["returned", value], or ["raised", the class to catch it by]."""
    try:
        return ["returned", call(*args, **kwargs)]
    except BaseException as error:
        return ["raised", _known_class(error).__name__]


def _known_class(error) -> type:
    """The nearest class of it that Python or TaskTiger has; of several, the first by name."""
    import tasktiger

    known = [one for one in type(error).__mro__ if one.__module__ == "builtins" or one.__name__ in tasktiger.__all__]
    nearest = [one for one in known if not any(issubclass(other, one) for other in known if other is not one)]
    return min(nearest, key=lambda one: one.__name__)


def note(*words):
    """Writes into the journal of the run, from any process."""
    with open(os.environ["SCENE_JOURNAL"], "a") as journal:
        journal.write(" ".join(map(str, words)) + "\n")


def journal() -> list[str]:
    """What has been noted so far."""
    with contextlib.suppress(FileNotFoundError), open(os.environ["SCENE_JOURNAL"]) as lines:
        return lines.read().splitlines()
    return []
