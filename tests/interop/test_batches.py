"""Batch queues: one side enqueues, the other takes several tasks together."""

import pytest

from tests.interop import application, errands
from tests.waiting import wait_until

SIZES = {"deliveries": 10}


@pytest.fixture(params=["we enqueue and they run", "they enqueue and we run"])
def crossing(request, tiger, engine, our_worker):
    """Call it to enqueue calls, {option: value}, of a function on one side, and to run them on the other; the ids.

    The worker starts when all of them are there, in the queue deliveries.north, and is gone at the end."""

    def cross(function, calls, until):
        options = {"queue": "deliveries.north"}
        if request.param.startswith("we"):
            ids = [engine.delay(function, **options | call).id for call in calls]
            running = tiger.worker({"BATCH_QUEUES": SIZES}, application=application.__name__)
        else:
            name = f"{function.__module__}:{function.__qualname__}"
            ids = tiger.act("delay_all", function=name, calls=calls, options=options)
            running = our_worker("-m", application.__name__, batch_queues="deliveries=10")
        with running:
            wait_until(until, 60)
        return ids

    return cross


def test_a_batch_function_is_called_once_for_all_tasks_of_the_queue(raw, crossing, notes):
    calls = [{"args": [str(notes)], "kwargs": {"name": str(number)}} for number in range(3)]
    crossing(application.deliver, calls, until=lambda: not raw.keys("t:task:*"))
    assert notes.words == ["3"]


def test_a_batch_that_fails_is_recorded_with_each_of_its_tasks(tiger, engine, crossing, notes):
    calls = [{"args": [str(notes)], "kwargs": {"name": name}} for name in ("a", "broken", "c")]
    ids = crossing(application.deliver, calls, lambda: engine.browse.sizes("deliveries.north")["error"] == 3)
    assert notes.words == ["3"]
    for task_id in ids:
        assert tiger.exceptions_of("deliveries.north", task_id) == ["builtins:ValueError"]
        assert engine.browse.task("deliveries.north", task_id).executions[0].message == "one of them is broken"


def test_other_functions_of_a_batch_queue_run_one_after_another(raw, crossing, notes):
    calls = [{"args": [str(notes), str(number)]} for number in range(4)]
    crossing(errands.note_or_fail, calls, until=lambda: not raw.keys("t:task:*"))
    assert notes.words == ["0", "1", "2", "3"]


def test_on_our_side_one_failure_does_not_touch_its_neighbours(tiger, engine, our_worker, notes):
    calls = [{"args": [str(notes), name]} for name in ("a", "broken", "c")]
    options = {"queue": "deliveries.north"}
    ids = tiger.act("delay_all", function="tests.interop.errands:note_or_fail", calls=calls, options=options)
    with our_worker(batch_queues="deliveries=10"):
        wait_until(lambda: engine.browse.sizes("deliveries.north") == _sizes(error=1), 60)
    assert notes.words == ["a", "broken", "c"]
    assert engine.browse.states("deliveries.north", ids[1]) == ["error"]


def test_on_their_side_a_failure_is_that_of_all_and_each_can_be_retried(tiger, engine, raw, work, notes):
    ids = [
        engine.delay(errands.note_or_fail, args=[str(notes), name], queue="deliveries").id for name in ("a", "broken")
    ]
    with tiger.worker({"BATCH_QUEUES": SIZES}):
        wait_until(lambda: engine.browse.sizes("deliveries") == _sizes(error=2), 60)
    tiger.act("retry", queue="deliveries", task_id=ids[0])
    work()
    assert notes.words == ["a", "broken", "a"] and engine.browse.sizes("deliveries") == _sizes(error=1)


def test_a_batch_function_is_given_a_list_also_outside_batch_queues(tiger, engine, raw, our_worker, notes):
    with our_worker("-m", application.__name__):
        tiger.delay(application.deliver, notes, queue="orders")
        wait_until(lambda: notes.words == ["1"] and not raw.keys("t:task:*"), 60)
    with tiger.worker(application=application.__name__):
        engine.delay(application.deliver, args=[str(notes)], queue="orders")
        wait_until(lambda: notes.words == ["1", "1"] and not raw.keys("t:task:*"), 60)


def _sizes(**numbers):
    return {"queued": 0, "active": 0, "scheduled": 0, "error": 0} | numbers
