"""A task as a line of a file: nothing is lost, and nothing bad gets through."""

import io
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from queue_core import task_line
from queue_core.task_line import BadLine, TaskLine, read_lines
from queue_core.text import to_text
from tests.builders import payload_text

WHOLE = TaskLine("orders", "error", "a", 100.5, payload_text("a"), ('{"n": 1}',), 3)
raw_text = st.binary(max_size=60).map(to_text)


def fields(**changes):
    return json.loads(WHOLE.encode()) | changes


def line(**changes):
    return json.dumps(fields(**changes)).encode()


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(),
    lambda one: st.lists(one) | st.dictionaries(st.sampled_from([*fields()]) | st.text(), one),
)


def test_a_line_holds_all_of_a_task():
    assert TaskLine.decode(WHOLE.encode()) == WHOLE
    assert WHOLE.encode().isascii() and WHOLE.encode().count(b"\n") == 1


@settings(deadline=None)
@given(
    st.builds(
        TaskLine,
        queue=st.text(st.characters(categories=("L", "N")), min_size=1, max_size=50),
        state=st.just("error"),
        id=st.binary(min_size=1, max_size=60).map(to_text),
        score=st.floats(allow_nan=False, allow_infinity=False, min_value=-1e15, max_value=1e15),
        payload=st.binary(min_size=1, max_size=200).map(to_text),
        executions=st.lists(raw_text, max_size=5).map(tuple),
        executions_count=st.integers(0, 2**50),
    )
)
def test_whatever_bytes_a_task_is_made_of_come_back(task):
    assert TaskLine.decode(task.encode()) == task


@settings(deadline=None)
@given(st.binary(max_size=200) | json_values.map(lambda value: json.dumps(value).encode()))
def test_what_is_no_task_is_refused_in_words(raw):
    with pytest.raises(BadLine, match="It is"):
        TaskLine.decode(raw)


@given(st.sampled_from(sorted(fields().keys() - {"executions", "executions_count"})), st.one_of(
    st.none(), st.booleans(), st.lists(st.integers()), st.dictionaries(st.text(), st.text()), st.just(float("nan"))
))  # fmt: skip
@settings(deadline=None)
def test_a_field_of_a_wrong_type_is_refused(name, value):
    with pytest.raises(BadLine):
        TaskLine.decode(line(**{name: value}))


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"\xff\xfe", "not UTF-8, at byte 1"),
        (b'{"kind": "signalbox task", "id": "\x00"}', "not JSON"),
        (b"[" * 100_000, "nested too deeply"),
        (b"[1]", "not an object with"),
        (b"{}", "not an object with"),
        (line(masked=True), "secrets hidden"),
        (line(state="active"), "not to 'active'"),
        (line(state="x" * 10**6), "not to 'xxx"),
        (line(id=""), "id is not a text"),
        (line(id="x" * 2000), "id is not a text"),
        (line(queue=""), "--queue"),
        (line(queue="a\nb"), "--queue"),
        (line(score=True), "score is not a number"),
        (line(score=float("inf")), "score is not a number"),
        (line(score=10**400), "score is not a number"),
        (line(payload=None), "no payload"),
        (line(payload=""), "no payload"),
        (line(payload=7), "no payload"),
        (line(executions="x"), "not a list of texts"),
        (line(executions=[1]), "not a list of texts"),
        (line(executions=[""] * 1001), "more than 1,000"),
        (line(executions_count=-1), "whole number"),
        (line(executions_count=1.5), "whole number"),
        (line(executions_count=2**60), "whole number"),
        (line(state="queued", payload="{"), "error only"),
        (line(state="scheduled", payload=payload_text("b")), "error only"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_bad_line_says_what_is_wrong(raw, why):
    with pytest.raises(BadLine) as fault:
        TaskLine.decode(raw)
    assert why in str(fault.value) and len(str(fault.value)) < 500


def test_another_queue_may_be_named():
    assert TaskLine.decode(line(queue="\n"), to_queue="mail").queue == "mail"


def test_lines_of_a_file_are_read_one_by_one_with_their_numbers():
    other = line(id="b", payload=payload_text("b"))
    file = io.BytesIO(b"\n".join([WHOLE.encode().strip(), b"", b"{", other, line(), b"   "]))
    read = list(read_lines(file))
    assert [(one.number, one.task and one.task.id) for one in read] == [(1, "a"), (3, None), (4, "b"), (5, None)]
    assert "earlier line has the same id" in read[-1].fault
    assert read[0].end < read[-1].end


def test_a_line_that_is_too_long_is_not_kept_in_memory_and_the_next_ones_are_read(monkeypatch):
    monkeypatch.setattr(task_line, "LONGEST_LINE", 1000)
    short = line()
    for long in (b"x" * 1001, b"x" * 5000, b"y" * 1000 + b"\n"[:0]):
        read = list(read_lines(io.BytesIO(long + b"\n" + short + b"\n")))
        assert [bool(one.task) for one in read] == [False, True], len(long)
    assert "longer than" in next(read_lines(io.BytesIO(b"x" * 5000))).fault


def test_ten_megabytes_are_an_ordinary_line():
    large = payload_text("a", args=["x" * 10_000_000])
    (read,) = read_lines(io.BytesIO(line(payload=large)))
    assert read.task.payload == large
