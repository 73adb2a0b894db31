from types import SimpleNamespace

import pytest

from queue_core.compat.tasktiger.logging import tasktiger_processor
from queue_core.worker import running

TASK = SimpleNamespace(id="a1", queue="mail", func="app.tasks:send", serialized_func="app.tasks:send")


def line(**fields):
    return tasktiger_processor(None, "info", {"event": "sent", **fields})


def test_a_line_from_inside_a_task_names_it():
    with running.inside([TASK], batch=False):
        assert line(to="ann") == {
            "event": "sent",
            "to": "ann",
            "task_id": "a1",
            "task_func": "app.tasks:send",
            "queue": "mail",
        }


@pytest.mark.parametrize("count", [1, 2])
def test_a_line_from_inside_a_batch_stays_as_it_is(count):
    with running.inside([TASK] * count, batch=True):
        assert line() == {"event": "sent"}


def test_a_line_from_outside_stays_as_it_is():
    assert line() == {"event": "sent"}
