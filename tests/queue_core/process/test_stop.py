"""Requests to stop."""

import os
import signal
import time

import pytest

from queue_core.process.stop import Stop


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_asks_to_stop_and_a_second_one_changes_nothing(number):
    with Stop() as stop:
        assert not stop.requested
        for _ in range(2):
            os.kill(os.getpid(), number)
        assert stop.requested


def test_waiting_ends_with_the_request():
    stop = Stop()
    began_at = time.monotonic()
    stop.wait(0.15)
    assert time.monotonic() - began_at > 0.14
    stop.request()
    stop.wait(60)
    assert time.monotonic() - began_at < 60


def test_the_former_handlers_come_back():
    former = signal.getsignal(signal.SIGTERM)
    with Stop():
        assert signal.getsignal(signal.SIGTERM) != former
    assert signal.getsignal(signal.SIGTERM) == former


def test_the_request_is_told_once(capsys):
    stop = Stop()
    stop.tell_once()
    stop.request()
    stop.tell_once()
    stop.tell_once()
    assert capsys.readouterr().out.count("stop requested") == 1
