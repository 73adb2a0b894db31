import pytest

from queue_core import retry
from queue_core.errors import NameNotAllowed, StopRetry, TaskImportError
from queue_core.names import AllowList, lineage
from queue_core.outcome import Done, Failed, Killed, TimedOut
from queue_core.payload import Payload
from queue_core.retry import Finish, GiveUp, RetryLater, exponential, fixed, linear, next_step, to_wire

DEFAULT = to_wire(fixed(60, 3))


def delays(method, count=4):
    function, arguments = method
    return [function(number, *arguments) for number in range(1, count)]


@pytest.mark.parametrize(
    ("method", "wanted"),
    [
        (fixed(5, 3), [5, 5, 5]),
        (linear(5, 2, 3), [5, 7, 9]),
        (exponential(1, 2, 3), [1, 2, 4]),
        (exponential(10, 1.5, 3), [10, 15, 22.5]),
    ],
)
def test_the_delays_of_the_methods(method, wanted):
    assert delays(method) == wanted
    with pytest.raises(StopRetry):
        delays(method, 5)


def test_methods_stand_on_the_wire_by_their_private_names():
    assert to_wire(fixed(60, 3)) == ["tasktiger.retry:_fixed", [60, 3]]
    assert to_wire(linear(5, 2, 3)) == ["tasktiger.retry:_linear", [5, 2, 3]]
    assert to_wire(exponential(1, 2, 3)) == ["tasktiger.retry:_exponential", [1, 2, 3]]
    assert to_wire(custom) == [f"{__name__}:custom", []]


def custom(number):
    return {1: 7.5, 2: -3, 3: "soon"}[number]


def stop_at_once(number):
    raise StopRetry


def stop_as_an_installed_tasktiger_does(number):
    raise type("StopRetry", (Exception,), {"__module__": "tasktiger.exceptions"})


def failed(cls=ValueError, **more):
    return Failed(1.0, 2.0, lineage(cls)[0], lineage(cls), **more)


def after(outcome, failures=1, **fields):
    payload = Payload({"id": "a", "func": "app:work", **fields})
    return next_step(payload, outcome, failures, default_method=DEFAULT, resolve=AllowList([__name__]).resolve)


def test_a_success_finishes():
    assert after(Done(1, 2), retry_method=DEFAULT) == Finish()


def test_without_a_retry_method_a_failure_is_final():
    assert after(failed()) == GiveUp()


def test_fixed_three_means_one_run_and_three_retries():
    steps = [after(failed(), number, retry_method=DEFAULT) for number in (1, 2, 3, 4)]
    assert steps == [RetryLater(60, number, "tasktiger.retry:_fixed") for number in (1, 2, 3)] + [GiveUp()]


def test_a_count_of_zero_is_the_first_failure():
    assert after(failed(), 0, retry_method=DEFAULT).retry_number == 1


@pytest.mark.parametrize(
    ("raised", "retry_on", "wanted"),
    [
        (ValueError, ["builtins:ValueError"], True),
        (UnicodeDecodeError, ["builtins:ValueError"], True),
        (ValueError, ["builtins:KeyError", "builtins:Exception"], True),
        (ValueError, ["builtins:KeyError"], False),
        (ValueError, ["exceptions.ValueError"], False),
        (KeyboardInterrupt, ["builtins:Exception"], False),
    ],
)
def test_retry_on_covers_a_class_and_what_derives_from_it(raised, retry_on, wanted):
    step = after(failed(raised), retry_on=retry_on, retry_method=DEFAULT)
    assert isinstance(step, RetryLater if wanted else GiveUp)


@pytest.mark.parametrize("outcome", [TimedOut(1, 2, 5.0), Killed(1, 2, signal=9)])
@pytest.mark.parametrize(
    ("retry_on", "wanted"),
    [
        (["tasktiger.exceptions:JobTimeoutException"], True),
        (["tasktiger.timeouts:JobTimeoutException"], True),
        (["builtins:BaseException"], True),
        (["builtins:Exception"], False),
    ],
)
def test_a_child_that_died_counts_as_a_timeout(outcome, retry_on, wanted):
    step = after(outcome, retry_on=retry_on, retry_method=DEFAULT)
    assert isinstance(step, RetryLater if wanted else GiveUp)


def test_a_wanted_retry_takes_its_own_method_then_the_tasks_then_the_default():
    own = ("tasktiger.retry:_fixed", (1, 1))
    assert after(failed(retry_wanted=True, retry_method=own), retry_method=to_wire(fixed(2, 1))).delay_seconds == 1
    assert after(failed(retry_wanted=True), retry_method=to_wire(fixed(2, 1))).delay_seconds == 2
    assert after(failed(retry_wanted=True)).delay_seconds == 60


def test_a_wanted_retry_does_not_ask_for_the_class():
    assert isinstance(after(failed(retry_wanted=True), retry_on=["builtins:KeyError"]), RetryLater)


def test_the_last_wanted_retry_may_leave_no_error():
    assert after(failed(retry_wanted=True, log_error=False), 4) == Finish()
    assert after(failed(retry_wanted=True, log_error=True), 4) == GiveUp()


def test_a_method_of_the_application_is_asked():
    method = [f"{__name__}:custom", []]
    assert after(failed(), 1, retry_method=method).delay_seconds == 7.5
    assert after(failed(), 2, retry_method=method).delay_seconds == 0, "a negative delay is none"
    for name in ("stop_at_once", "stop_as_an_installed_tasktiger_does"):
        assert after(failed(), retry_method=[f"{__name__}:{name}", []]) == GiveUp()


@pytest.mark.parametrize(
    ("method", "why"),
    [
        ([f"{__name__}:custom", ["too many"]], "TypeError"),
        ([f"{__name__}:missing", []], "cannot be imported"),
        (["os:system", ["true"]], "not among"),
        (["", []], ""),
        (["tasktiger.retry:_fixed", 5], "TypeError"),
        (["tasktiger.retry:_exponential", [1.0, 10.0, 1e9]], "OverflowError"),
        (["tasktiger.retry:_linear", ["a", "b", 10**9]], "ValueError"),
    ],
)
def test_a_method_that_is_the_trouble_itself_ends_the_retries_and_says_so(method, why):
    step = after(failed(), 400, retry_method=method)
    assert isinstance(step, GiveUp) and why in step.why


def test_a_power_of_large_whole_numbers_does_not_keep_the_worker_busy():
    method = ["tasktiger.retry:_exponential", [1, 10, 10**15]]
    step = after(failed(), failures=10**7, retry_method=method)
    assert isinstance(step, GiveUp) and "OverflowError" in step.why


def test_a_delay_that_is_no_number_says_so():
    assert "ValueError" in after(failed(), 3, retry_method=[f"{__name__}:custom", []]).why


@pytest.mark.parametrize("error", [NameNotAllowed("no"), TaskImportError("no")])
def test_whatever_resolve_raises_is_no_accident(error):
    def resolve(name):
        raise error

    payload = Payload({"id": "a", "func": "app:work", "retry_method": DEFAULT})
    assert next_step(payload, failed(), 1, default_method=DEFAULT, resolve=resolve) == GiveUp(why="no")


def test_the_three_methods_are_known_by_their_wire_names():
    for function in (retry._fixed, retry._linear, retry._exponential):
        assert AllowList().resolve(f"tasktiger.retry:{function.__name__}") is function
