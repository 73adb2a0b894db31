"""Exceptions of tasks as values."""

import time

import pytest

from queue_core.errors import RetryException
from queue_core.payload import Payload
from queue_core.worker import failure
from queue_core.worker.call import Call, perform
from queue_core.worker.limits import Alarm, LeaseEnd
from tests.queue_core.worker import functions


def described(function, *args):
    with pytest.raises(BaseException) as caught:
        function(*args)
    return failure.describe(caught.value, 1.0, 2.0)


def test_the_exception_and_its_bases_are_kept_by_name():
    failed = described(functions.fail)
    assert failed.exception_name == "builtins:ValueError"
    assert failed.lineage == ("builtins:ValueError", "builtins:Exception", "builtins:BaseException", "builtins:object")
    assert "no such order" in failed.traceback and not failed.retry_wanted


def test_a_chained_exception_is_told_with_its_cause():
    traceback = described(functions.fail_chained).traceback
    assert traceback.index("KeyError: 'sku-1'") < traceback.index("direct cause") < traceback.index("no such order")


def performed(function, *args):
    """The failed run of a task that calls `function`."""
    lease_end = LeaseEnd()
    lease_end.set_in(60)
    call = Call("mail", (Payload({"id": "1", "func": "f", "args": list(args)}),), function, hard_timeout_seconds=60)
    return perform(call, Alarm(60, lease_end, on_lease_over=pytest.fail), time.time)


@pytest.mark.parametrize("function", [functions.fail, functions.fail_chained])
def test_a_traceback_begins_in_the_function_of_the_task(function):
    traceback = performed(function).traceback
    assert function.__name__ in traceback and "perform" not in traceback
    assert all(part.count('  File "') == 1 for part in traceback.split("The above exception"))


def test_a_call_with_wrong_arguments_keeps_the_only_frame_there_is():
    traceback = performed(functions.fail, 1, 2, 3).traceback
    assert traceback.startswith("Traceback") and "in perform" in traceback and "TypeError" in traceback


def test_a_long_traceback_keeps_both_ends():
    traceback = described(functions.fail_long).traceback
    assert len(traceback.encode()) <= failure.MAX_TRACEBACK_BYTES
    assert traceback.startswith("Traceback") and traceback.endswith(" tail\n") and "bytes left out" in traceback


def test_a_cut_never_splits_a_character():
    assert len(failure.clipped("é" * 1000, 301).encode()) <= 301


def test_an_odd_exception_class_is_described_all_the_same():
    failed = described(functions.fail_oddly)
    assert failed.exception_name == "None:OddError" and "OddError" in failed.traceback


def test_a_class_that_cannot_be_hashed_is_described_all_the_same():
    meta = type("Meta", (type,), {"__hash__": None})
    failed = failure.describe(meta("Unhashable", (Exception,), {})(), 1.0, 2.0)
    assert failed.exception_name == f"{__name__}:Unhashable"


def test_a_wish_for_a_retry_carries_its_method_and_log_error():
    failed = described(functions.ask_for_retry)
    assert failed.exception_name == "tasktiger.exceptions:RetryException"
    assert failed.retry_wanted and not failed.log_error
    assert failed.retry_method == ("tasktiger.retry:_fixed", [7, 2])


def test_a_wish_for_a_retry_can_keep_the_original_traceback():
    failed = described(functions.ask_for_retry_after_an_error)
    assert "the shop is closed" in failed.traceback and "RetryException" not in failed.traceback
    assert failed.exception_name == "tasktiger.exceptions:RetryException" and failed.retry_method is None


def test_a_retry_exception_of_an_installed_tasktiger_is_known_by_its_name():
    foreign = type("RetryException", (BaseException,), {"__module__": "tasktiger.exceptions", "method": None})
    assert failure.describe(foreign(), 1.0, 2.0).retry_wanted


def test_a_retry_method_that_has_no_name_becomes_the_failure():
    failed = failure.describe(RetryException(method=object()), 1.0, 2.0)
    assert failed.exception_name == "queue_core.errors:InvalidTask" and not failed.retry_wanted
