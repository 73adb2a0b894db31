"""What runs in this process now."""

from types import SimpleNamespace

import pytest

from queue_core.worker import running

ONE, TWO = SimpleNamespace(serialized_func="app:f"), SimpleNamespace(serialized_func="app:f")


def test_it_is_known_inside_and_not_outside():
    with running.inside([ONE, TWO], batch=True):
        assert running.current() == running.Running((ONE, TWO), True, "app:f")
    with pytest.raises(RuntimeError):
        running.current()


def test_a_run_inside_a_run_gives_the_outer_one_back():
    with running.inside([ONE]):
        with running.inside([TWO]):
            assert running.current().tasks == (TWO,)
        assert running.current().tasks == (ONE,)


def test_runs_that_end_in_another_order_leave_nothing_behind():
    first, second = running.inside([ONE]), running.inside([TWO])
    first.__enter__()
    second.__enter__()
    first.__exit__()
    assert running.current().tasks[0] is TWO
    second.__exit__()
    with pytest.raises(RuntimeError):
        running.current()
