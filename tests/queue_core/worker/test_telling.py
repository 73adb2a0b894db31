"""Log lines about a task."""

import pytest

from queue_core.worker.telling import tell


def _nested(depth):
    value = []
    for _ in range(depth):
        value = [value]
    return value


def _writer(lines):
    return lambda event, **facts: lines.append((event, repr(facts)))


def test_a_line_has_the_facts_and_the_arguments():
    lines = []
    tell(_writer(lines), "processing", {"queue": "a"}, params=[1])
    assert lines == [("processing", "{'queue': 'a', 'params': [1]}")]


def test_arguments_that_are_nested_too_deep_are_left_out():
    lines = []
    tell(_writer(lines), "processing", {"queue": "a"}, params=_nested(100_000))
    assert lines == [("processing", "{'queue': 'a'}")]


def test_other_errors_of_a_log_are_not_hidden():
    def broken(event, **facts):
        raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        tell(broken, "processing", {})
