"""What the arguments of many tasks have in common."""

import json

from hypothesis import given
from hypothesis import strategies as st

from queue_core.common_arguments import MOST_SHOWN, common_arguments


def payload(*args, **kwargs):
    return json.dumps({"id": "a", "func": "f", "args": args, "kwargs": kwargs}).encode()


def test_arguments_that_most_tasks_share_come_first():
    found = common_arguments([payload(number, tenant="acme", eu=number != 3) for number in range(10)])
    assert [(one.name, one.value, one.share) for one in found] == [("tenant", '"acme"', 1.0), ("eu", "true", 0.9)]


def test_positional_arguments_are_counted_from_one():
    (found,) = common_arguments([payload("mail", number) for number in range(5)])
    assert (found.name, found.value) == ("argument 1", '"mail"')


def test_two_tasks_have_too_little_to_say():
    assert common_arguments([payload(tenant="acme")] * 2) == []


def test_long_values_and_lists_are_left_out():
    assert common_arguments([payload("x" * 101, [1], {"a": 1})] * 5) == []


def test_no_more_is_told_than_one_can_read():
    assert len(common_arguments([payload(**{f"name{n}": 1 for n in range(50)})] * 5)) == MOST_SHOWN


@given(st.lists(st.one_of(st.binary(), st.text().map(str.encode), st.just(b'{"args": 7}'), st.just(b"[]")), min_size=3))
def test_what_cannot_be_read_shares_nothing_and_raises_nothing(payloads):
    assert common_arguments(payloads) == []
