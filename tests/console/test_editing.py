"""The form in which arguments are edited."""

from types import SimpleNamespace

import pytest

from console import editing
from console.editing import Arguments, Edited
from queue_core.masking import Masking

MASKING = Masking()


def original(args=(), **kwargs):
    return SimpleNamespace(args=list(args), kwargs=kwargs)


def test_what_was_offered_is_read_back_as_it_was():
    task = original(["a\x00\u202e", 2**70, 0.1, None], note={"é": []})
    assert editing.read(editing.offered(task), task, MASKING) == Edited(task.args, task.kwargs)


def test_a_hidden_value_that_was_left_alone_keeps_its_value():
    task = original(password="hunter2", order=1)
    edited = editing.read(Arguments("[]", '{"password": "[hidden]", "order": 2}'), task, MASKING)
    assert edited == Edited([], {"password": "hunter2", "order": 2})


@pytest.mark.parametrize(
    ("args", "kwargs", "fault"),
    [
        ("[", "{}", "args is not JSON: Expecting value in line 1, column 2."),
        ("{}", "{}", "args has to be a list"),
        ("[]", "[]", "kwargs has to be an object"),
        ("[NaN]", "{}", "NaN is no JSON"),
        ("[]", '{"a": 1, "a": 2}', "the same name twice"),
        ("[" * 100_000, "{}", "nested too deeply"),
        ("[]", '{"order": "[hidden]"}', "stands where no hidden value was"),
        ("__import__('os')", "{}", "not JSON"),
    ],
)
def test_the_form_comes_back_with_its_fault(args, kwargs, fault):
    form = editing.read(Arguments(args, kwargs), original(password="hunter2", order=1), MASKING)
    assert (form.args, form.kwargs) == (args, kwargs)
    assert fault in form.fault


def test_what_cannot_be_read_or_is_too_long_is_not_offered():
    assert editing.offered(SimpleNamespace(args=None, kwargs=None)) is None
    assert editing.offered(original(["x" * 300_000])) is None
