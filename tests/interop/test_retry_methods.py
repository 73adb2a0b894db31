"""Retry methods and exceptions cross the wire by name: who enqueues says when, who runs waits as long."""

import contextlib

import pytest

from queue_core import JobTimeoutException, exponential, fixed, linear
from tests.interop import application, errands
from tests.interop.conftest import told_in
from tests.waiting import wait_until

METHODS = {
    "fixed": (fixed(0.03, 2), ["fixed", [0.03, 2]], "tasktiger.retry:_fixed", [0.03, 0.03]),
    "linear": (linear(0.02, 0.03, 2), ["linear", [0.02, 0.03, 2]], "tasktiger.retry:_linear", [0.02, 0.05]),
    "exponential": (
        exponential(0.02, 3, 2), ["exponential", [0.02, 3, 2]], "tasktiger.retry:_exponential", [0.02, 0.06],
    ),
    "of the application": (
        application.soon_twice, ["tests.interop.application:soon_twice", []],
        "tests.interop.application:soon_twice", [0.01, 0.02],
    ),
    "of the application, with arguments": (
        (application.soon, (2,)), ["tests.interop.application:soon", [2]],
        "tests.interop.application:soon", [0.01, 0.02],
    ),
}  # fmt: skip
"""name: as we say it, as they say it, its wire name, the waits it gives."""

WISHES = {
    "a built-in": (errands.look_up, {}, [KeyError], ["KeyError"], 2),
    "a base of it": (errands.look_up, {}, [LookupError], ["LookupError"], 2),
    "another one": (errands.fail, {}, [LookupError], ["LookupError"], 1),
    "a hard timeout": (errands.last, {"hard_timeout": 0.2}, [JobTimeoutException], ["JobTimeoutException"], 2),
    "no hard timeout": (errands.last, {"hard_timeout": 0.2}, [LookupError], ["LookupError"], 1),
}
"""the task, its options, retry_on as we say it, as they say it, how often it runs with one retry."""


@pytest.fixture(params=["we enqueue and they run", "they enqueue and we run", "they enqueue and run"])
def crossing(request, tiger, engine, our_worker, tmp_path):
    """Enqueues on one side and runs on the other until the task is in error; (its id, how the retries were told)."""

    def cross(function, *args, ours, theirs):
        ours_enqueues, ours_runs = request.param.startswith("we"), request.param.endswith("we run")
        if ours_enqueues:
            task_id = engine.delay(function, args=args, queue="orders", **ours).id
        else:
            task_id = tiger.delay(function, *args, queue="orders", **theirs)
        running = our_worker("-m", application.__name__) if ours_runs else tiger.worker()
        log_path = tmp_path / ("worker.log" if ours_runs else "tiger.log")
        with running:
            wait_until(lambda: engine.browse.sizes("orders")["error"], 60)
            wait_until(lambda: any("retry_delay" not in line for line in told_in(log_path, "task error")), 60)
        return task_id, told_in(log_path, "task error")

    return cross


@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
def test_a_retry_method_means_the_same_on_both_sides(tiger, crossing, method):
    in_our_words, in_theirs, wire_name, waits = method
    task_id, told = crossing(errands.fail, ours={"retry_method": in_our_words}, theirs={"retry_method": in_theirs})
    assert [line.get("retry_func") for line in told[:-1]] == [wire_name] * 2
    assert [line.get("retry_num") for line in told[:-1]] == [1, 2]
    assert [round(line["retry_delay"], 6) for line in told[:-1]] == waits
    assert [line["level"] for line in told] == ["warning", "warning", "error"]
    assert tiger.exceptions_of("orders", task_id) == ["builtins:ValueError"] * 3


@pytest.mark.parametrize("wish", WISHES.values(), ids=WISHES)
def test_a_task_is_retried_on_the_same_exceptions_on_both_sides(tiger, crossing, notes, wish):
    function, options, in_our_words, in_theirs, runs = wish
    args = [str(notes), 30] if function is errands.last else []
    ours = options | {"retry_method": fixed(0.01, 1), "retry_on": in_our_words}
    theirs = options | {"retry_method": ["fixed", [0.01, 1]], "retry_on": in_theirs}
    task_id, _ = crossing(function, *args, ours=ours, theirs=theirs)
    assert len(tiger.exceptions_of("orders", task_id)) == runs


def test_a_retry_exception_with_a_method_of_its_own_means_the_same_on_both_sides(tiger, crossing, notes):
    task_id, told = crossing(application.ask_for_retry, str(notes), 2, ours={}, theirs={})
    assert notes.words == ["ran"] * 3
    assert [round(line["retry_delay"], 6) for line in told[:-1]] == [0.01, 0.02]
    assert tiger.exceptions_of("orders", task_id) == ["tasktiger.exceptions:RetryException"] * 3


@pytest.mark.parametrize("ours_runs", [True, False], ids=["on ours", "on theirs"])
def test_a_retry_exception_that_wants_no_error_leaves_none_at_its_end(tiger, engine, raw, our_worker, notes, ours_runs):
    running = our_worker("-m", application.__name__) if ours_runs else tiger.worker()
    with contextlib.ExitStack() as stack:
        stack.enter_context(running)
        if ours_runs:
            tiger.delay(application.ask_once_and_say_nothing, notes, queue="orders")
        else:
            engine.delay(application.ask_once_and_say_nothing, args=[str(notes)], queue="orders")
        wait_until(lambda: notes.words == ["ran"] and not raw.keys("t:task:*"), 60)
    assert engine.browse.sizes("orders")["error"] == 0
