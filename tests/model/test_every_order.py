"""Any order of acts by producers, workers, the sweeper and operators leaves exactly the Redis that the model says."""

import contextlib

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.model.holders import Holders
from tests.model.operators import Operators
from tests.model.producers import Producers
from tests.model.stage import Place
from tests.model.workers import Workers

STEPS = 2_000


class Everybody(Producers, Workers, Operators, Holders):
    """All roles at once on one Redis."""


@pytest.fixture
def play(redis_url, capsys):
    """Call it with a number of orders of up to 100 acts each; it gives the number of steps that were compared."""

    def play(orders, **more):
        machine = type("EverybodyHere", (Everybody,), {"place": place, "steps": 0})
        run_state_machine_as_test(
            machine,
            settings=settings(
                max_examples=orders,
                stateful_step_count=100,
                deadline=None,
                database=None,
                suppress_health_check=list(HealthCheck),
                **more,
            ),
        )
        with capsys.disabled():
            print(f"\n{machine.steps} steps, each with the whole of Redis as the model says")
        return machine.steps

    with contextlib.closing(Place(redis_url)) as place:
        yield play


@pytest.mark.slow
@pytest.mark.timeout(300)  # a difference is made small before it is shown
def test_two_thousand_steps_make_no_difference_to_the_model(play):
    assert play(60, derandomize=True) >= STEPS


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_fifty_thousand_steps_make_no_difference_to_the_model(play):
    assert play(1000) >= 50_000
