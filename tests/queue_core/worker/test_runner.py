"""The runner that calls a function as it stands."""

from types import SimpleNamespace

import pytest

from queue_core.errors import JobTimeoutException
from queue_core.worker.runner import BaseRunner, DefaultRunner
from tests.queue_core.worker import functions


def task_of(function, *args, **kwargs):
    return SimpleNamespace(func=function, args=list(args), kwargs=kwargs)


def test_a_single_task_is_called_with_its_arguments():
    seen = []
    DefaultRunner(None).run_single_task(task_of(lambda *args, **kwargs: seen.append((args, kwargs)), 1, b=2), 5)
    assert seen == [((1,), {"b": 2})]


def test_a_batch_is_one_call_with_a_list():
    seen = []
    DefaultRunner(None).run_batch_tasks([task_of(seen.append, 1), task_of(seen.append, b=2)], 5)
    assert seen == [[{"args": [1], "kwargs": {}}, {"args": [], "kwargs": {"b": 2}}]]


@pytest.mark.parametrize("call", ["run_single_task", "run_batch_tasks"])
def test_an_async_function_is_refused_since_nothing_of_it_has_run(call):
    async def later(*args):
        """Nobody awaits it."""

    task = task_of(later)
    with pytest.raises(TypeError, match="async"):
        getattr(DefaultRunner(None), call)(task if call == "run_single_task" else [task], 5)


def test_an_eager_run_gives_what_the_function_gives():
    def total(calls):
        return sum(call["args"][0] for call in calls)

    assert DefaultRunner(None).run_eager_task(task_of(max, 3, 5)) == 5
    total._task_batch = True
    assert DefaultRunner(None).run_eager_task(task_of(total, 3)) == 3


def test_the_hard_timeout_is_kept():
    with pytest.raises(JobTimeoutException):
        DefaultRunner(None).run_single_task(task_of(functions.last, 20), 0.05)


@pytest.mark.parametrize("call", ["run_single_task", "run_batch_tasks"])
def test_the_base_runs_nothing(call):
    with pytest.raises(NotImplementedError):
        getattr(BaseRunner("engine"), call)(None, 1)
    assert BaseRunner("engine").tiger == "engine" and BaseRunner(None).on_permanent_error(None, None) is None
