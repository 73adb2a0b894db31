"""Another time for many tasks, as an address or a form says it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from console.another_time import KINDS, AnotherTime, read
from console.presenters import due_at, typed_moment
from queue_core.errors import InvalidRequest


def said(kind, **values):
    return read(kind, MultiDict(values))


def test_each_kind_is_read_from_its_own_fields():
    assert said("shift", amount="2", unit="3600") == AnotherTime("shift", seconds=7200.0)
    assert said("shift", amount="0.5", direction="earlier") == AnotherTime("shift", seconds=-30.0)
    assert said("shift", seconds="900", amount="x") == AnotherTime("shift", seconds=900.0)
    assert said("spread", amount="20", direction="earlier") == AnotherTime("spread", seconds=1200.0)
    assert said("at", due_at="1970-01-02T00:00Z", amount="x") == AnotherTime("at", due_at=86_400.0)
    assert said("now", amount="x", due_at="y") == AnotherTime("now")


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_typed_is_not_said_and_has_no_plan(kind):
    time = said(kind, amount=" ", due_at="", unit="60")
    assert time.is_said == (kind == "now")
    if kind != "now":
        assert time.span((5.0, 9.0), 1.0) is None
        with pytest.raises(InvalidRequest):
            time.plan(1.0)


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        *[("shift", {"amount": amount}) for amount in ("x", "-1", "0", "nan", "inf", "1e300", "9999999999")],
        ("shift", {"amount": "1", "unit": "7"}),
        ("spread", {"seconds": "nan"}),
        ("spread", {"seconds": ""}),
        *[
            ("at", {"due_at": typed})
            for typed in ("x", "2030-13-01T00:00", "2030-01-31", "\uff12030-01-31T18:00", "now")
        ],
    ],
)
def test_what_is_no_time_is_refused(kind, values):
    with pytest.raises(InvalidRequest):
        said(kind, **values)


def test_it_is_told_when_the_first_and_the_last_is_due_afterwards():
    before, now = (100.0, 200.0), 120.0
    assert AnotherTime("shift", seconds=50.0).span(before, now) == (150.0, 250.0)
    assert AnotherTime("shift", seconds=-90.0).span(before, now) == (120.0, 120.0)
    assert AnotherTime("spread", seconds=30.0).span(before, now) == (120.0, 150.0)
    assert AnotherTime("at", due_at=300.0).span(before, now) == (300.0, 300.0)
    assert AnotherTime("at", due_at=50.0).span(before, now) == (120.0, 120.0)
    assert AnotherTime("now").span(before, now) == (120.0, 120.0)
    assert AnotherTime("now").span(None, now) is None


def test_the_plan_is_what_an_operation_takes():
    assert AnotherTime("shift", seconds=-5.0).plan(1.0) == {"shift_seconds": -5.0}
    assert AnotherTime("spread", seconds=5.0).plan(1.0) == {"spread_seconds": 5.0}
    assert AnotherTime("at", due_at=9.0).plan(1.0) == {"due_at": 9.0}
    assert AnotherTime("now").plan(1.0) == {"due_at": 1.0}


@given(st.integers(-62_135_596_800, 253_402_300_799))
def test_a_moment_that_was_typed_comes_back_as_it_was_typed(at):
    assert due_at(typed_moment(at)) == at


@given(st.text(max_size=30), st.sampled_from(list(KINDS)))
def test_whatever_is_typed_is_understood_or_refused(typed, kind):
    try:
        time = said(kind, amount=typed, due_at=typed)
    except InvalidRequest:
        return
    assert time.is_said == (kind == "now" or time.seconds is not None or time.due_at is not None)
