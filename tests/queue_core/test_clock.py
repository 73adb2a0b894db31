import time

import pytest

from queue_core.clock import Clock, ManualClock, local_now


def server_ahead_by(seconds):
    def ask():
        now = local_now() + seconds
        return int(now), int(now % 1 * 1e6)

    return ask


@pytest.mark.parametrize("seconds", [120.0, -120.0, 1.5, -1.5])
def test_a_large_offset_is_applied(seconds):
    clock = Clock()
    assert clock.measure(server_ahead_by(seconds)) == pytest.approx(seconds, abs=0.1)
    assert clock.now() == pytest.approx(time.time() + seconds, abs=0.1)


@pytest.mark.parametrize("seconds", [0.0, 0.8, -0.8])
def test_a_small_offset_is_known_and_not_applied(seconds):
    clock = Clock()
    clock.measure(server_ahead_by(seconds))
    assert clock.offset_seconds == pytest.approx(seconds, abs=0.1)
    assert clock.applied_offset_seconds == 0
    assert clock.now() == pytest.approx(time.time(), abs=0.1)


def test_the_offset_is_taken_from_the_middle_of_the_question():
    clock = Clock()

    def slow_answer():
        asked_at = local_now()
        while local_now() < asked_at + 0.2:
            pass
        middle = asked_at + 0.1
        return int(middle), int(middle % 1 * 1e6)

    assert abs(clock.measure(slow_answer)) < 0.05


def test_frozen_time_is_no_offset_to_the_server(monkeypatch):
    monkeypatch.setattr(time, "time", lambda: 1_000_000.0)
    clock = Clock()
    clock.measure(server_ahead_by(0))
    assert clock.now() == 1_000_000.0


def test_it_wants_measuring_at_first_and_not_again_at_once():
    clock = Clock()
    assert clock.wants_measuring
    clock.measure(server_ahead_by(0))
    assert not clock.wants_measuring


def test_a_server_that_does_not_answer_is_not_asked_again_at_once():
    clock = Clock()
    with pytest.raises(OSError):
        clock.measure(_no_answer)
    assert clock.offset_seconds == 0 and not clock.wants_measuring


def _no_answer():
    raise OSError


def test_an_answer_that_was_long_under_way_changes_nothing(monkeypatch):
    clock = Clock()
    clock.measure(server_ahead_by(120))
    moments = iter([1000.0, 1001.5])
    monkeypatch.setattr("queue_core.clock.local_now", lambda: next(moments))
    assert clock.measure(lambda: (1000, 0)) == pytest.approx(120, abs=0.1)


def test_a_manual_clock_moves_only_by_hand():
    clock = ManualClock(100.0)
    clock.advance(2.5)
    assert clock.now() == 102.5
