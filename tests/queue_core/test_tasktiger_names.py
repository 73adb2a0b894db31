import datetime

import pytest
from structlog.testing import capture_logs

from queue_core import Engine, periodic
from queue_core.retry import fixed
from queue_core.worker import running
from queue_core.worker.executors.sync import SyncExecutor
from queue_core.worker.runner import BaseRunner
from tests.checker import assert_sound
from tests.queue_core.worker import functions


class Runner(BaseRunner):
    """Nobody uses it."""


def wait(number):
    return number


@pytest.fixture
def work():
    """A function of its own for each test: the decorator writes on it."""

    def work(*args, **kwargs):
        """Nobody runs it."""

    work.__qualname__ = "work"
    return work


# -- the decorator --


def test_a_decorated_function_is_the_same_with_a_delay(engine, world, work):
    assert engine.task(work) is work and engine.task()(work) is work
    task = work.delay(1, b=2)
    assert (task.args, task.kwargs, task.queue) == ((1,), {"b": 2}, "default")
    assert work._task_batch is False


def test_the_options_stand_on_the_function_where_tasktiger_looks(engine, work):
    schedule = periodic(hours=1)
    engine.task(
        queue="slow", hard_timeout=5, unique=True, unique_key=["a"], lock=True, lock_key=["b"], retry=True,
        retry_on=[ValueError], retry_method=fixed(1, 2), schedule=schedule, batch=True, max_queue_size=3,
        max_stored_executions=0, runner_class=Runner,
    )(work)  # fmt: skip
    assert {name: value for name, value in vars(work).items() if name != "delay"} == {
        "_task_queue": "slow", "_task_hard_timeout": 5, "_task_unique": True, "_task_unique_key": ["a"],
        "_task_lock": True, "_task_lock_key": ["b"], "_task_retry": True, "_task_retry_on": [ValueError],
        "_task_retry_method": fixed(1, 2), "_task_schedule": schedule, "_task_batch": True, "_task_max_queue_size": 3,
        "_task_max_stored_executions": 0, "_task_runner_class": Runner,
    }  # fmt: skip


def test_options_can_be_given_by_place(engine, work):
    engine.task(None, "slow", 5)(work)
    assert (work._task_queue, work._task_hard_timeout) == ("slow", 5)
    assert engine.delay(work, [1], {}, "quick", 7).data["hard_timeout"] == 7


def test_a_decorated_function_its_retry_method_and_its_runner_may_run_here(engine, work):
    engine.task(retry_method=(wait, ()), runner_class=Runner)(work)
    for thing in (work, wait, Runner):
        assert engine.allow_list.resolve(f"{__name__}:{thing.__qualname__}") is thing


def test_functions_with_a_schedule_are_listed_once(engine, work):
    engine.task(schedule=periodic(hours=1))(work)
    assert engine.periodic_task_funcs == {f"{__name__}:work": work}
    with pytest.raises(AssertionError, match="schedule already"):
        engine.task(schedule=periodic(hours=2))(work)


# -- what runs here --


def test_outside_a_run_nothing_is_current(engine):
    for name in ("current_task", "current_tasks", "current_serialized_func", "current_task_is_batch"):
        with pytest.raises(RuntimeError, match="inside a task"):
            getattr(engine, name)
    with pytest.raises(RuntimeError):
        Engine.current_instance  # noqa: B018


def test_a_single_task_is_the_current_one_for_every_engine(engine, redis_url, work):
    task, other = engine.delay(work), Engine(redis_url)
    with running.inside([task]):
        assert other.current_task == task and other.current_task.tiger is engine
        assert (other.current_serialized_func, other.current_task_is_batch) == (f"{__name__}:work", False)
        assert Engine.current_instance is other.current_instance is engine
        with pytest.raises(RuntimeError, match="current_task"):
            other.current_tasks  # noqa: B018
    other.close()


def test_a_batch_is_current_as_a_list(engine, work):
    tasks = [engine.delay(work), engine.delay(work)]
    with running.inside(tasks, batch=True):
        assert engine.current_tasks == tasks and engine.current_task_is_batch
        with pytest.raises(RuntimeError, match="current_tasks"):
            engine.current_task  # noqa: B018


# -- queues --


def fill(world):
    for state, queue, task_id in [
        ("queued", "a", "1"), ("queued", "a", "2"), ("active", "a", "3"), ("scheduled", "a", "4"), ("error", "a", "5"),
        ("error", "b", "6"),
    ]:  # fmt: skip
        world.put(state, queue, task_id)


def test_the_sizes_of_queues(engine, world):
    fill(world)
    assert engine.get_queue_stats() == {
        "a": {"queued": 2, "active": 1, "scheduled": 1, "error": 1}, "b": {"error": 1},
    }  # fmt: skip
    assert engine.get_queue_stats()["none"].get("queued") is None
    assert engine.get_queue_sizes("a") == {"queued": 2, "scheduled": 1, "active": 1}
    assert engine.get_total_queue_size("a") == 4 and engine.get_total_queue_size("none") == 0
    assert engine.get_sizes_for_queues_and_states([("a", "queued"), ("b", "error"), ("c", "active")]) == [2, 1, 0]


def test_a_queue_can_be_locked_for_a_while(engine):
    assert engine.get_queue_system_lock("a") is None
    engine.set_queue_system_lock("a", 60.5)
    assert 60 < engine.get_queue_system_lock("a") - engine.store.now() <= 60.5


def test_which_queues_the_settings_let_workers_serve(engine):
    assert engine.would_process_configured_queue("a")
    engine.config.update(ONLY_QUEUES=["a", "c"], EXCLUDE_QUEUES=["a.b"])
    assert [engine.would_process_configured_queue(name) for name in ("a", "a.x", "a.b", "b", "c")] == [
        True, True, False, False, True,
    ]  # fmt: skip


# -- purge --


def put_errors(world, queue, count, first=0):
    for number in range(count):
        world.put("error", queue, f"{queue}-{number}", score=1000.0 + first + number)
        world.record_failures(f"{queue}-{number}")


def test_old_errors_are_purged_from_all_queues(engine, world):
    put_errors(world, "a", 3)
    put_errors(world, "b", 2)
    assert engine.purge_errored_tasks() == 5 and world.tasks() == {}
    assert engine.purge_errored_tasks() == 0


def test_a_purge_can_be_told_where_and_how_many_and_until_when(engine, world):
    for queue in ("a", "a.x", "b"):
        put_errors(world, queue, 3)
    assert engine.purge_errored_tasks(queues=["a"], exclude_queues=["a.x"], limit=2) == 2
    assert world.scores("error", "a") == {"a-2": 1002.0}, "the oldest go first"
    until = datetime.datetime(1970, 1, 1, 0, 16, 41)
    assert engine.purge_errored_tasks(last_execution_before=until) == 4
    assert world.scores("error", "b") == {"b-2": 1002.0}
    assert engine.purge_errored_tasks(limit=1) == 1
    assert_sound(world.raw)


def test_more_errors_than_one_page_are_purged_to_the_last(engine, world):
    pipeline = world.raw.pipeline()
    pipeline.zadd("t:error:a", {f"id-{number}": number for number in range(12_000)})
    pipeline.sadd("t:error", "a")
    pipeline.execute()
    assert engine.purge_errored_tasks() == 5000
    assert engine.purge_errored_tasks(limit=None) == 7000 and world.tasks() == {}


@pytest.mark.parametrize("limit", [0, -1])
def test_a_purge_of_nothing_is_a_mistake(engine, limit):
    with pytest.raises(AssertionError):
        engine.purge_errored_tasks(limit=limit)


# -- workers --


def test_a_worker_can_be_run_from_code(engine, tmp_path):
    task = engine.delay(functions.note, [str(tmp_path / "log"), "done"], queue="a.b")
    other = engine.delay(functions.note, [str(tmp_path / "log"), "not to be done"], queue="a.c")
    engine.run_worker(
        queues="a,b", module=functions.__name__, exclude_queues="a.c", executor_class=SyncExecutor,
        exit_after=datetime.timedelta(seconds=0.5),
    )  # fmt: skip
    assert (tmp_path / "log").read_text().startswith("done ")
    assert task.states() == [] and other.states() == ["queued"]


def test_a_worker_that_cannot_be_run_is_told_and_raised(engine):
    with capture_logs() as lines, pytest.raises(ModuleNotFoundError):
        engine.run_worker(module="no.such.module")
    assert [line["event"] for line in lines] == ["Unhandled exception"]


def test_a_worker_can_be_run_with_the_arguments_of_the_command_line(engine, capsys):
    with pytest.raises(SystemExit) as left:
        engine.run_worker_with_args(["--help"])
    assert left.value.code == 0 and "--max-workers-per-queue" in capsys.readouterr().out


# -- private names --


def test_keys_are_text_under_the_prefix_of_the_moment(engine):
    assert engine._key("task", "a") == "t:task:a"
    engine.config["REDIS_PREFIX"] = "p"
    assert engine._key("queued") == "p:queued"
    assert callable(engine.scripts.run)
