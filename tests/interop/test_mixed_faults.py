"""Workers of both kinds serve the same queues, and are killed again and again."""

import collections
import contextlib
import os
import random
import signal

import pytest

from queue_core import JobTimeoutException, fixed
from tests.interop import errands
from tests.waiting import wait_until

TASKS = 200
KILLS = 10
QUEUES = [f"orders.{number}" for number in range(4)]
REPEATABLE = {"retry_on": [JobTimeoutException], "retry_method": fixed(0.05, 100)}
SETTINGS = {"max_recoveries": 100, "sweeper_lease_seconds": 1}


@pytest.fixture
def start(tiger, our_worker):
    """Call it to start a worker of some kind: (kind, process)."""
    kinds = {
        "theirs": tiger.worker,
        "ours": lambda: our_worker(**SETTINGS),
        "ours in one process": lambda: our_worker("--executor", "sync", **SETTINGS),
    }
    with contextlib.ExitStack() as stack:
        yield lambda kind: stack.enter_context(kinds[kind]())


@pytest.fixture
def tasks(engine, notes):
    """{number: id}: every second one may be repeated, every third one needs a lock."""

    def enqueue(number):
        options = (REPEATABLE if number % 2 else {}) | ({"lock_key": ["number"]} if number % 3 == 0 else {})
        arguments = {"path": str(notes), "number": number}
        return engine.delay(errands.begin_and_end, kwargs=arguments, queue=QUEUES[number % 4], **options).id

    return {number: enqueue(number) for number in range(TASKS)}


def _left(engine):
    sizes = map(engine.browse.sizes, QUEUES)
    return sum(size[state] for size in sizes for state in ("queued", "active", "scheduled"))


def _numbers(notes, word):
    return collections.Counter(int(one.split(":")[1]) for one in notes.words if one.startswith(word))


@pytest.mark.timeout(400)
@pytest.mark.usefixtures("claims_may_stay", "recoveries_may_stay")
@pytest.mark.parametrize("seed", [14, 20])
def test_no_task_is_lost_while_workers_of_both_kinds_are_killed(engine, start, tasks, notes, seed):
    chance = random.Random(seed)
    kinds = ["theirs", "ours", "ours in one process"]
    running = [start(kind) for kind in kinds]
    for _ in range(KILLS):
        before = len(notes.words)
        wait_until(lambda seen=before: len(notes.words) > seen + 10 or not _left(engine), 90)
        killed = running.pop(chance.randrange(len(running)))
        os.killpg(killed.pid, signal.SIGKILL)
        running.append(start(chance.choice(kinds)))
    running.append(start("ours"))
    wait_until(lambda: not _left(engine), 120)

    failed = {row.id for queue in QUEUES for row in engine.browse.page(queue, "error", limit=200).rows}
    begun, ended = _numbers(notes, "begin"), _numbers(notes, "end")
    assert {number for number, task_id in tasks.items() if task_id in failed and number % 2} == set()
    assert {number for number, count in begun.items() if count > 1 and number % 2 == 0} == set()
    assert {number for number, task_id in tasks.items() if not ended[number] and task_id not in failed} == set()
