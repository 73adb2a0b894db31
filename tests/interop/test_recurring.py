"""Recurring work that both sides know."""

import pytest

from tests.interop import ticking
from tests.waiting import wait_until


@pytest.fixture
def ticks(tmp_path, monkeypatch):
    """When the recurring task ran, so far; call it."""
    path = tmp_path / "ticks"
    path.touch()
    monkeypatch.setenv(ticking.TICKS_VARIABLE, str(path))
    return lambda: list(map(float, path.read_text().split()))


@pytest.mark.parametrize("words", [(), ("--compat", "tasktiger")], ids=["in our words", "in theirs"])
def test_recurring_work_that_both_sides_have_registered_runs_once_in_each_period(tiger, raw, our_worker, ticks, words):
    known_to_them = {"application": ticking.__name__}
    with our_worker("-m", ticking.__name__, *words), tiger.worker(**known_to_them), tiger.worker(**known_to_them):
        wait_until(lambda: len(ticks()) >= 5, 60)
        assert len(raw.keys("t:task:*")) <= 1
        seen = ticks()
    assert seen[-1] - seen[0] > len(seen) - 2


@pytest.mark.parametrize("words", [(), ("--compat", "tasktiger")], ids=["in our words", "in theirs"])
@pytest.mark.parametrize("ours_first", [True, False], ids=["from ours to theirs", "from theirs to ours"])
def test_recurring_work_goes_on_when_one_side_leaves_and_the_other_comes(
    tiger, engine, raw, our_worker, ticks, ours_first, words
):
    ours, theirs = our_worker("-m", ticking.__name__, *words), tiger.worker(application=ticking.__name__)
    first, second = (ours, theirs) if ours_first else (theirs, ours)
    with first:
        wait_until(lambda: len(ticks()) >= 2 and engine.browse.sizes("ticks")["active"] == 0, 60)
    before = len(ticks())
    assert engine.browse.sizes("ticks") == {"queued": 0, "active": 0, "scheduled": 1, "error": 0}
    with second:
        wait_until(lambda: len(ticks()) >= before + 2, 60)
