"""A deployment moves, worker by worker, and back again, while tasks keep coming."""

import collections
import contextlib
import itertools
import signal
import threading

import pytest

from queue_core import fixed
from tests.interop import errands
from tests.waiting import wait_until

PER_PHASE = 6


@pytest.fixture
def stream(tiger, engine, notes, tmp_path):
    """Tasks of several kinds that keep coming from producers of both kinds: every one is to run exactly once."""
    marks = tmp_path / "marks"
    marks.mkdir()
    numbers, over, troubles = itertools.count(), threading.Event(), []

    def enqueue(number):
        kinds = [
            (errands.say_who, {}),
            (errands.say_who, {"unique": True}),
            (errands.say_who, {"lock_key": ["path"]}),
            (errands.fail_at_first, {"retry_method": fixed(0.05, 3)}),
        ]
        function, options = kinds[number % len(kinds)]
        more = {"marks": str(marks)} if function is errands.fail_at_first else {}
        engine.delay(function, kwargs={"path": str(notes), "number": number} | more, queue="orders", **options)

    def produce():
        try:
            while not over.wait(0.02):
                enqueue(next(numbers))
        except Exception as error:
            troubles.append(error)

    def produce_theirs():
        calls = [{"args": [str(notes), next(numbers)]} for _ in range(PER_PHASE)]
        tiger.act("delay_all", function="tests.interop.errands:say_who", calls=calls, options=THEIRS)

    thread = threading.Thread(target=produce)
    thread.start()
    yield Stream(produce_theirs, lambda: over.set() or thread.join() or next(numbers))
    over.set()
    thread.join()
    assert not troubles


THEIRS = {"queue": "orders.north"}
Stream = collections.namedtuple("Stream", "produce_theirs end")


def _sides(notes):
    return collections.Counter(word.partition(":")[2] for word in notes.words)


@pytest.mark.timeout(300)
def test_workers_are_replaced_one_by_one_in_both_directions_and_every_task_runs_exactly_once(
    tiger, engine, raw, our_worker, notes, stream
):
    workers = {
        "theirs": tiger.worker,
        "ours": our_worker,
        "ours in one process": lambda: our_worker("--executor", "sync"),
    }
    steps = ["theirs", "theirs", "ours", "ours in one process", "ours", "theirs", "theirs"]
    with contextlib.ExitStack() as stack:
        running = collections.deque()
        for step in steps:
            running.append(stack.enter_context(workers[step]()))
            side = step.split()[0]
            if len(running) > 2:
                leaving = running.popleft()
                leaving.send_signal(signal.SIGTERM)
                leaving.wait(60)
            before = _sides(notes)[side]
            stream.produce_theirs()
            wait_until(lambda one=side, before=before: _sides(notes)[one] >= before + PER_PHASE, 90)
        count = stream.end()
        wait_until(lambda: not raw.keys("t:task:*"), 90)
    assert sorted(int(word.partition(":")[0]) for word in notes.words) == list(range(count))
    assert min(_sides(notes).values()) >= 2 * PER_PHASE
