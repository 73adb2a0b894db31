"""Waiting for a store that is away."""

import pytest

from queue_core.errors import LeaseLost, StoreFull, StoreUnavailable
from queue_core.process.patience import Patience


def failing(times, error):
    """An act that fails so many times first."""
    left = [error] * times

    def act():
        if left:
            raise left.pop()
        return "done"

    return act


@pytest.mark.parametrize("error", [StoreUnavailable(), StoreFull()])
def test_it_tries_again_until_the_store_is_back(error, capsys):
    assert Patience().until_done(failing(2, error)) == "done"
    out = capsys.readouterr().out
    assert out.count("store is away") == 1 and out.count("store is back") == 1


def test_it_gives_up_when_it_may_not_wait_any_longer():
    with pytest.raises(StoreUnavailable):
        Patience().until_done(failing(1, StoreUnavailable()), may_wait=lambda: False)


def test_what_waiting_cannot_mend_is_raised_at_once():
    with pytest.raises(LeaseLost):
        Patience().until_done(failing(1, LeaseLost()))
