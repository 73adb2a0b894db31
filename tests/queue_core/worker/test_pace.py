"""How many tasks a claim takes."""

from types import SimpleNamespace

import pytest

from queue_core.config import Settings
from queue_core.worker.pace import Pace


class Hand:
    seconds = 0.0

    def __call__(self):
        return self.seconds


@pytest.fixture
def hand():
    return Hand()


@pytest.fixture
def pace(hand):
    return Pace(SimpleNamespace(settings=Settings(claim_batch=50, claim_batch_seconds=0.05)), now=hand)


def test_a_claim_takes_one_task_until_something_has_been_measured(pace):
    assert pace.size() == 1
    assert not pace.fits("app:unknown")


def test_a_claim_covers_its_share_of_measured_work(pace):
    pace.note("app:mail", 0.01)
    assert pace.size() == 5
    assert pace.fits("app:mail")


def test_quick_functions_fill_a_claim_and_no_more(pace):
    pace.note("app:quick", 0.0)
    assert pace.size() == 50


def test_the_slowest_recent_function_decides_for_all(pace, hand):
    pace.note("app:slow", 3.0)
    pace.note("app:quick", 0.0001)
    assert pace.size() == 1 and not pace.fits("app:slow")
    hand.seconds = 61.0
    pace.note("app:quick", 0.0001)
    assert pace.size() == 50


def test_one_slow_run_counts_at_once_and_is_forgotten_by_and_by(pace):
    for _ in range(20):
        pace.note("app:mail", 0.001)
    pace.note("app:mail", 1.0)
    assert pace.size() == 1
    for _ in range(40):
        pace.note("app:mail", 0.001)
    assert pace.size() > 10


def test_only_so_many_functions_are_remembered(pace):
    for number in range(200):
        pace.note(f"app:f{number}", 0.01)
    assert not pace.fits("app:f0") and pace.fits("app:f199")
