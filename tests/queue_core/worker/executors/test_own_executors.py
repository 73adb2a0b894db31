"""An application's own executor, made of one of ours."""

import pytest

from queue_core import Worker
from queue_core.worker.executors.fork import ForkExecutor
from queue_core.worker.executors.sync import SyncExecutor
from tests.queue_core.worker import functions
from tests.queue_core.worker.seeds import executions, lines, members, queue_task


def noting(base):
    class Noting(base):
        """Notes what is run, and how it ended."""

        def execute_tasks(self, tasks, log):
            functions.note(tasks[0].args[0], f"{len(tasks)}-begun")
            log.info("begun", task_id=tasks[0].id)
            try:
                well = super().execute_tasks(tasks, log)
            finally:
                functions.note(tasks[0].args[0], "ended")
            functions.note(tasks[0].args[0], f"well-{well}")
            return well

    return Noting


BOTH = pytest.mark.parametrize("executor_class", [noting(ForkExecutor), noting(SyncExecutor)], ids=["fork", "sync"])


@pytest.fixture
def run(make_engine):
    """Runs what is queued in `orders`."""

    def run(executor_class, **settings):
        Worker(make_engine(**settings), ["orders"], executor_class=executor_class).run(once=True)

    return run


@pytest.fixture
def log(tmp_path):
    return str(tmp_path / "log")


@BOTH
def test_it_may_put_something_around_every_run(raw, run, log, executor_class):
    for number in range(2):
        queue_task(raw, functions.note, log, score=number + 1)
    run(executor_class)
    assert lines(log) == ["1-begun", "ran", "ended", "well-True"] * 2 and not raw.keys("t:task:*")


@BOTH
def test_it_is_given_a_batch_whole(raw, run, log, executor_class):
    for number in range(2):
        queue_task(raw, functions.batch_note, log, number, score=number + 1)
    run(executor_class, batch_queues={"orders": 10})
    assert lines(log) == ["2-begun", "0,1", "ended", "well-True"]


@BOTH
def test_what_a_task_raises_passes_through_it(raw, run, log, executor_class):
    task_id = queue_task(raw, functions.fail_after, log)
    run(executor_class)
    assert lines(log) == ["1-begun", "ended"] and members(raw, "error") == [task_id]
    assert executions(raw, task_id)[0]["exception_name"] == "builtins:ValueError"


@pytest.mark.parametrize("executor_class", [ForkExecutor, SyncExecutor])
def test_a_traceback_begins_with_the_function(raw, run, log, executor_class):
    task_id = queue_task(raw, functions.fail_after, log)
    run(executor_class)
    first, where, *_ = executions(raw, task_id)[0]["traceback"].splitlines()
    assert first.startswith("Traceback") and where.endswith("in fail_after")


@BOTH
def test_it_knows_its_worker_and_what_that_knows(make_engine, executor_class):
    worker = Worker(engine := make_engine(), executor_class=executor_class)
    executor = worker.executor
    assert executor.worker is worker and executor.tiger is worker.tiger is engine
    assert executor.config is engine.config and executor.connection is engine.connection


@pytest.mark.parametrize("name", ["execute", "heartbeat"])
def test_one_that_replaces_what_is_never_called_is_a_mistake(name):
    with pytest.raises(TypeError, match=f"Own.{name} would never be called"):
        type("Own", (ForkExecutor,), {name: lambda *_: None})
