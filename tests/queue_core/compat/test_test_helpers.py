import datetime

import pytest

from queue_core import Engine
from queue_core.compat.tasktiger.test_helpers import TaskTigerTestMixin
from queue_core.worker.executors.sync import SyncExecutor
from tests.builders import World


@pytest.fixture
def tiger(redis_url):
    tiger = Engine(redis_url, {"SELECT_TIMEOUT": 0}, allow_modules=[__name__], strict=False)
    yield tiger
    tiger.close()


@pytest.fixture
def run(tiger):
    return lambda **options: TaskTigerTestMixin().run_worker(tiger, **options)


def succeed():
    pass


def fail():
    raise ValueError("as it must")


def test_what_is_queued_is_run(tiger, run):
    tiger.delay(succeed)
    tiger.delay(succeed, queue="other")
    assert run() is None
    assert tiger.get_queue_stats() == {}


def test_the_second_round_runs_what_the_first_has_promoted(tiger, run, raw):
    task = tiger.delay(succeed, when=datetime.timedelta(hours=1))
    World(raw, tiger.store).raw.zadd("t:scheduled:default", {task.id: 1})
    run()
    assert tiger.get_queue_stats() == {}


@pytest.mark.parametrize("options", [{}, {"executor_class": SyncExecutor}])
def test_a_failed_task_is_told_and_raised(tiger, run, capfd, options):
    task = tiger.delay(fail, queue="mail")
    with pytest.raises(Exception, match="One or more tasks have failed"):
        run(**options)
    told = capfd.readouterr().out
    assert task.id in told and "ValueError: as it must" in told


def test_a_failed_task_is_told_and_not_raised_when_that_is_wished(tiger, run, capfd):
    tiger.delay(fail)
    run(raise_on_errors=False)
    assert "ValueError: as it must" in capfd.readouterr().out
    assert tiger.get_queue_stats() == {"default": {"error": 1}}


def test_the_options_go_to_the_worker(tiger, run):
    tiger.delay(succeed, queue="mail")
    tiger.delay(succeed, queue="other")
    run(queues=["mail"])
    assert tiger.get_queue_stats() == {"other": {"queued": 1}}
