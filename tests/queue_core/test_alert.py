"""Which alerts a look opens, repeats and ends."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from queue_core.alert import (
    CRITICAL,
    INFO,
    MORE,
    MOST_OPEN,
    MOST_OPEN_CRITICAL,
    SETTLE_SECONDS,
    SEVERITIES,
    WARNING,
    Alert,
    Look,
    Sight,
    changes,
    read_alert,
    written,
)

HOUR = 3600.0


def sight(key="queue:a", severity=WARNING, count=1, **more):
    return Sight(key, "waiting", severity, "Tasks wait long in a", "the numbers", count, **more)


class Watch:
    """Looks one after the other, as somebody would who keeps what each of them changes."""

    def __init__(self, repeat_seconds=HOUR):
        self.open, self.repeat_seconds = {}, repeat_seconds

    def look(self, now, *sights, unknown=()):
        """What is told: [(event, key), …]."""
        found = changes(
            self.open, Look(sights, frozenset(unknown), lambda alert: "It is well."), now, self.repeat_seconds
        )
        for one in found:
            if one.alert is None:
                self.open.pop(one.key)
            else:
                self.open[one.key] = one.alert
        self.said = found
        return [(one.told, one.key) for one in found if one.told]


@pytest.fixture
def watch():
    return Watch()


def test_an_alert_is_told_when_it_opens_and_not_while_nothing_changes(watch):
    assert watch.look(100, sight()) == [("opened", "queue:a")]
    assert watch.look(110, sight()) == watch.look(3000, sight(count=9)) == []
    assert watch.open["queue:a"].sight.count == 9


def test_it_is_told_again_every_so_often_while_it_lasts(watch):
    watch.look(100, sight())
    assert watch.look(100 + HOUR, sight()) == [("repeated", "queue:a")]
    assert watch.look(101 + HOUR, sight()) == []
    assert watch.look(100 + 2 * HOUR, sight()) == [("repeated", "queue:a")]
    assert watch.said[0].since_at == 100


def test_where_nothing_is_repeated_it_is_told_once():
    watch = Watch(repeat_seconds=0.0)
    watch.look(100, sight())
    assert watch.look(1e9, sight()) == []


@pytest.mark.parametrize("family", ["errors", "more"])
def test_what_has_failed_and_does_not_go_on_is_not_repeated(watch, family):
    key = family if family == MORE else f"{family}:1"
    watch.look(100, sight(key, count=5))
    assert watch.look(100 + HOUR, sight(key, count=5)) == []
    assert watch.look(101 + HOUR, sight(key, count=6)) == [("repeated", key)]


def test_that_something_is_about_to_end_is_said_once(watch):
    watch.look(100, sight("pause:a", INFO))
    assert watch.look(100 + 5 * HOUR, sight("pause:a", INFO)) == []


def test_what_becomes_worse_is_told_at_once_and_what_becomes_better_is_not(watch):
    watch.look(100, sight())
    assert watch.look(101, sight(severity=CRITICAL)) == [("repeated", "queue:a")]
    assert watch.look(102, sight(severity=WARNING)) == []


def test_a_measurement_has_to_be_well_for_a_while_before_its_alert_is_over(watch):
    watch.look(100, sight())
    assert watch.look(110) == watch.look(109 + SETTLE_SECONDS) == []
    assert watch.look(110 + SETTLE_SECONDS) == [("resolved", "queue:a")]
    assert watch.said[0].sight.details == "It is well."
    assert watch.open == {} and watch.look(200 + SETTLE_SECONDS) == []


def test_one_at_its_limit_stays_open(watch):
    watch.look(100, sight())
    for now in range(110, 1000, 20):
        assert watch.look(now) == watch.look(now + 10, sight()) == []


@pytest.mark.parametrize("family", ["operation", "pause", "hold"])
def test_what_somebody_has_done_is_over_at_once(watch, family):
    watch.look(100, sight(f"{family}:1"))
    assert watch.look(101) == [("resolved", f"{family}:1")]


@pytest.mark.parametrize("unknown", ["queue", "queue:a"])
def test_what_is_unknown_ends_nothing(watch, unknown):
    watch.look(100, sight())
    for now in (110, 1e6):
        assert watch.look(now, unknown=[unknown]) == []
    assert watch.open["queue:a"].well_since_at is None
    assert watch.look(2e6, unknown=["queue:b", "errors"]) == []
    assert watch.look(3e6, unknown=["queue:b", "errors"]) == [("resolved", "queue:a")]


def test_a_flood_is_told_as_one_alert(watch):
    many = [sight(f"queue:{number:03}") for number in range(58)]
    told = watch.look(100, *many)
    assert len(told) == MOST_OPEN + 1 and ("opened", MORE) in told
    assert watch.open[MORE].sight.title == "and 38 more alerts"
    assert watch.look(110, *many) == []
    # the places of those that are over are not taken by the others in the order of their names
    assert watch.look(120, *many[:MOST_OPEN]) == []
    assert watch.look(120 + SETTLE_SECONDS, *many[:MOST_OPEN]) == [("resolved", MORE)]


def test_a_flood_of_warnings_hides_nothing_critical(watch):
    watch.look(100, *[sight(f"queue:{number:03}") for number in range(50)])
    assert ("opened", "errors:1") in watch.look(110, *many_and_one())


def many_and_one():
    return [*[sight(f"queue:{number:03}") for number in range(50)], sight("errors:1", CRITICAL)]


def test_the_worst_is_told_first(watch):
    told = watch.look(100, sight("pause:1", INFO), sight("queue:1"), sight("errors:1", CRITICAL))
    assert [key for _, key in told] == ["errors:1", "queue:1", "pause:1"]


def test_an_alert_comes_back_from_redis_as_it_was():
    one = Alert(sight(queue="a\udcff", group_id="g"), 1.5, 2.5, 3, 4.0)
    assert read_alert(written(one)) == one


ODD = [
    b"", b"{", b"[]", b"null", b'{"sight": 1}', b"\xff", b"[" * 10_000,
    json.dumps({"sight": {}, "opened_at": 1, "told_at": 1}).encode(),
    written(Alert(sight(), 1, 2)).replace(b'"warning"', b'"dreadful"'),
    written(Alert(sight(), 1, 2)).replace(b'"opened_at": 1', b'"opened_at": NaN'),
    written(Alert(sight(), 1, 2)).replace(b'"opened_at": 1', b'"opened_at": 1' + b"0" * 400),
    written(Alert(sight(), 1, 2)).replace(b'"title": "', b'"title": 7, "x": "'),
]  # fmt: skip


@pytest.mark.parametrize("raw", ODD, ids=[str(one[:40]) for one in ODD])
def test_what_is_no_alert_is_none(raw):
    assert read_alert(raw) is None


KEYS = [f"queue:{number}" for number in range(70)] + [f"errors:{number}" for number in range(6)] + ["operation:1"]
LOOKS = st.lists(
    st.tuples(
        st.floats(0.1, 5000),
        st.dictionaries(st.sampled_from(KEYS), st.tuples(st.sampled_from(SEVERITIES), st.integers(0, 9)), max_size=70),
        st.sets(st.sampled_from(["queue", "errors", "queue:1"]), max_size=2),
    ),
    max_size=12,
)


@settings(deadline=None, max_examples=150)
@given(LOOKS, st.sampled_from([0.0, 60.0, HOUR]))
def test_whatever_is_seen_each_alert_opens_then_repeats_then_ends(looks, repeat_seconds):
    watch, now, state = Watch(repeat_seconds), 1000.0, {}
    for passed, seen, unknown in looks:
        now += passed
        for told, key in watch.look(now, *[sight(key, *how) for key, how in seen.items()], unknown=unknown):
            assert told == "opened" if state.get(key, "resolved") == "resolved" else told in ("repeated", "resolved")
            state[key] = told
        assert {key for key, told in state.items() if told != "resolved"} == watch.open.keys()
        assert len(watch.open.keys() - {MORE}) <= MOST_OPEN_CRITICAL
        assert all(read_alert(written(one)) == one for one in watch.open.values())
    # afterwards all is well and known: each is told to be over, once
    left = set(watch.open)
    told = watch.look(now + 1) + watch.look(now + 2 + SETTLE_SECONDS)
    assert sorted(told) == sorted(("resolved", key) for key in left) and not watch.open


@pytest.mark.parametrize("ahead", [30 * 86_400, 1e14])
def test_a_clock_that_was_ahead_keeps_no_alert_open(watch, ahead):
    watch.look(100, sight())
    watch.look(100 + ahead)
    assert watch.look(200) == []
    assert watch.look(200 + SETTLE_SECONDS) == [("resolved", "queue:a")]


def test_a_clock_that_was_ahead_keeps_no_alert_mute(watch):
    watch.look(100 + 30 * 86_400, sight())
    assert watch.look(200, sight()) == []
    assert watch.look(200 + HOUR, sight()) == [("repeated", "queue:a")]


def test_what_a_look_could_not_see_is_told_by_families():
    assert Look(unknown=frozenset({"queue:1", "queue:2", "errors"})).unknown_families == ["errors", "queue:"]
    assert Look(unknown=frozenset({"queue:1", "queue"})).unknown_families == ["queue"]
    assert Look().unknown_families == []
