"""Error groups as records."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queue_core import error_group
from queue_core.error_group import NEW, QUIET, REGRESSED, RISING, ErrorGroup, GroupSummary, member, place
from tests.builders import HOSTILE_ID, HOSTILE_QUEUE

HOUR = 490_000
NOW = HOUR * 3600.0 + 1800


def group(ago=None, first_ago=200, **more):
    """A group with failures so many hours ago: {hours ago: failures}."""
    hours = {HOUR - hours: count for hours, count in (ago or {}).items()}
    fields = {"tasks": 1, "seen": 1, "first_at": NOW - first_ago * 3600, "last_at": NOW} | more
    return ErrorGroup("1-x", "E", "E: it", "a.py:1 f", True, hours=hours, **fields)


def test_failures_are_told_by_hour_the_current_one_last():
    one = group({0: 5, 1: 3, 23: 2, 24: 9})
    assert one.by_hour(NOW)[-2:] == [3, 5] and one.by_hour(NOW)[0] == 2
    assert [one.within(hours, NOW) for hours in (1, 3, 24, 168)] == [5, 8, 10, 19]


@pytest.mark.parametrize(
    ("one", "tags"),
    [
        (group({5: 3, 15: 3}), ()),
        (group({5: 3}, first_ago=5), (NEW,)),
        (group({0: 10}), (RISING,)),
        (group({0: 9}), ()),
        (group({0: 30, **dict.fromkeys(range(2, 24), 5)}), (RISING,)),
        (group({0: 20, **dict.fromkeys(range(2, 24), 10)}), ()),
        (group({30: 100}), (QUIET,)),
        (group(), (QUIET,)),
    ],
)
def test_new_rising_and_quiet_ones_are_tagged(one, tags):
    assert one.tags(NOW) == tags


@pytest.mark.parametrize(
    ("ago", "regressed"),
    [({1: 2}, True), ({1: 2, 40: 9}, True), ({1: 2, 10: 1}, False), ({20: 1}, False), ({}, False)],
)
def test_a_group_that_fails_after_a_deploy_and_not_before_it_came_with_it(ago, regressed):
    assert (REGRESSED in group(ago).tags(NOW, deployed_at=NOW - 3 * 3600)) == regressed


def test_a_deploy_of_last_week_is_to_blame_for_nothing_new():
    assert REGRESSED not in group({1: 5}).tags(NOW, deployed_at=NOW - 100 * 3600)


@pytest.mark.parametrize("queue", ["orders", "", "1:2", HOSTILE_QUEUE])
@pytest.mark.parametrize("task_id", ["a", "", ":", HOSTILE_ID])
def test_queue_and_id_come_out_of_a_member_as_they_went_in(queue, task_id):
    assert place(member(queue, task_id)) == (queue, task_id)


@given(st.binary())
def test_what_is_no_member_has_no_place(raw):
    found = place(raw)
    assert found is None or len(found) == 2


def test_a_summary_is_read_as_it_was_written():
    one = group({0: 2}, functions=(("app:f", 2),), queues=((HOSTILE_QUEUE, 2),), checked_at=NOW)
    summary = GroupSummary(NOW, 7, (one,))
    assert error_group.read_summary(error_group.written(summary)) == summary


@pytest.mark.parametrize("raw", [None, b"", b"[]", b"{}", b'{"groups": [{}], "remaining": 0, "taken_at": 0}', b"\xff"])
def test_what_is_no_summary_is_none(raw):
    assert error_group.read_summary(raw) is None


@given(st.dictionaries(st.sampled_from([b"facts", b"seen", b"first_at", b"hour:1", b"queue:\xff", b"x"]), st.binary()))
def test_any_hash_is_read_or_is_none(fields):
    error_group.read_group("1-x", fields, 0, NOW)
    error_group.read_note(fields.get(b"facts"))
    error_group.read_deploy(fields.get(b"facts"))
