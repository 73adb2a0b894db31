"""Queue names and task ids in URLs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.converters import from_segment, to_segment


@given(st.binary(max_size=60))
def test_any_bytes_come_back_as_they_were(raw):
    name = raw.decode("utf-8", "surrogateescape")
    segment = to_segment(name)
    assert from_segment(segment) == name
    assert segment.isascii()
    assert "/" not in segment
    assert segment not in ("", ".", "..")


@pytest.mark.parametrize("name", ["shop.payments", "default", "a_b-c:d@e+f", "0123abcdef"])
def test_usual_names_stay_readable(name):
    assert to_segment(name) == name


@pytest.mark.parametrize("segment", ["~", "~zz", "a~2", "~~"])
def test_a_tilde_without_two_digits_is_refused_except_for_the_empty_name(segment):
    if segment == "~":
        assert from_segment(segment) == ""
    else:
        with pytest.raises(ValueError):
            from_segment(segment)


def test_a_name_typed_into_the_address_bar_is_understood():
    assert from_segment("größe") == "größe"
