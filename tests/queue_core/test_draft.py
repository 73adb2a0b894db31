import json

import pytest

from queue_core.draft import decorate, draft
from queue_core.errors import InvalidTask, JobTimeoutException
from queue_core.payload import hashed_id, keyed_id
from queue_core.retry import exponential, fixed, to_wire
from queue_core.schedule import periodic

DEFAULT = to_wire(fixed(60, 3))


@pytest.fixture
def function():
    """A new function of this module in each test, since a decorator writes on it."""

    def work(*args, **kwargs):
        """Nobody runs it."""

    work.__qualname__ = "work"
    return work


def make(function, args=(), kwargs=None, decorated=None, **options):
    decorate(function, decorated or {})
    return draft(function, args, kwargs, options, default_queue="default", default_retry_method=DEFAULT)


def fields(*args, **more):
    return make(*args, **more).payload.fields


def test_a_plain_call_has_only_what_it_needs(function):
    made = make(function)
    assert made.payload.fields == {"id": made.payload.id, "func": f"{__name__}:work"}
    assert (made.queue, made.max_queue_size) == ("default", 0)


def test_the_worked_payload_of_the_wire(function):
    made = fields(
        function, (1,), {"b": 2}, hard_timeout=9.5, lock=True, retry_method=exponential(1, 2, 3),
        retry_on=[JobTimeoutException, ValueError], max_stored_executions=5,
    )  # fmt: skip
    made["id"] = "a"
    assert json.dumps(made) == (
        '{"id": "a", "func": "' + __name__ + ':work", "lock": true, "args": [1], "kwargs": {"b": 2}, '
        '"hard_timeout": 9.5, "retry_method": ["tasktiger.retry:_exponential", [1, 2, 3]], "retry_on": '
        '["tasktiger.exceptions:JobTimeoutException", "builtins:ValueError"], "max_stored_executions": 5}'
    )


def test_the_call_wins_over_the_decorator(function):
    made = make(
        function, decorated={"queue": "slow", "max_queue_size": 5, "max_stored_executions": 1}, queue="quick",
        max_stored_executions=0,
    )  # fmt: skip
    assert (made.queue, made.max_queue_size) == ("quick", 5)
    assert made.payload.fields["max_stored_executions"] == 0 and made.payload.fields["max_queue_size"] == 5


def test_a_size_given_at_the_call_is_not_kept_in_the_payload(function):
    made = make(function, max_queue_size=7)
    assert made.max_queue_size == 7 and "max_queue_size" not in made.payload.fields


def test_the_timeout_of_a_decorator_stays_with_the_function(function):
    assert "hard_timeout" not in fields(function, decorated={"hard_timeout": 5})
    assert function._task_hard_timeout == 5


def test_unique_calls_have_the_id_of_their_arguments(function):
    made = fields(function, (1,), {"b": "é"}, unique=True)
    assert made["id"] == hashed_id(f"{__name__}:work", [1], {"b": "é"}) and made["unique"] is True


def test_unique_keys_make_the_id_and_imply_unique(function):
    made = fields(function, (), {"a": 7, "b": "x"}, unique_key=("a",))
    assert made["id"] == keyed_id(f"{__name__}:work", ["a"], {"a": 7})
    assert made["unique"] is True and made["unique_key"] == ["a"]


def test_a_lock_key_implies_a_lock(function):
    made = fields(function, (), {"b": 1}, decorated={"lock_key": ("b",)})
    assert made["lock"] is True and made["lock_key"] == ["b"]


def test_scheduled_functions_are_unique(function):
    made = fields(function, decorated={"schedule": periodic(hours=1)})
    assert made["unique"] is True and made["id"] == hashed_id(f"{__name__}:work", [], {})


@pytest.mark.parametrize("options", [{"retry": True}, {"retry_on": [ValueError]}])
def test_a_wanted_retry_without_a_method_takes_the_default(function, options):
    assert fields(function, **options)["retry_method"] == DEFAULT


def test_without_a_wish_there_is_no_retry(function):
    assert "retry_method" not in fields(function)


def custom(number):
    return 1


def test_a_method_of_the_application_is_named(function):
    assert fields(function, retry_method=custom)["retry_method"] == [f"{__name__}:custom", []]


@pytest.mark.parametrize("thing", ["text", 5, lambda: None])
def test_what_no_worker_could_import_is_refused(thing):
    if callable(thing):
        thing.__module__ = "__main__"
    with pytest.raises(InvalidTask):
        draft(thing, (), {}, {}, default_queue="q", default_retry_method=DEFAULT)


def test_arguments_that_make_no_id_are_refused(function):
    with pytest.raises(InvalidTask):
        make(function, (object(),), unique=True)


def test_an_id_can_be_chosen(function):
    made = draft(function, (), {}, {}, default_queue="q", default_retry_method=DEFAULT, task_id="chosen")
    assert made.payload.id == "chosen"


def test_what_the_decorator_says_stands_on_the_function(function):
    decorate(function, {"queue": "q", "retry": None, "max_stored_executions": 0})
    assert (function._task_queue, function._task_max_stored_executions, function._task_batch) == ("q", 0, False)
    assert not hasattr(function, "_task_retry")
