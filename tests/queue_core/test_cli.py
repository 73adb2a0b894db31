import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from queue_core.cli import main
from tests.builders import HOSTILE_ID, HOSTILE_QUEUE
from tests.waiting import wait_until

ROOT = Path(__file__).parents[2]


@pytest.fixture
def run(redis_url, monkeypatch):
    """Runs `signalbox <arguments>` on the empty Redis."""
    monkeypatch.setenv("REDIS_URL", redis_url)
    return lambda *arguments, **more: CliRunner().invoke(main, arguments, **more)


def fail(world, count=1, queue="orders"):
    for number in range(count):
        world.put("error", queue, f"t{number}", score=100.0 + number)


# -- looking --


def test_queues_are_listed_with_their_counts(world, run):
    world.put("queued")
    world.put("error", "mail.eu", "b")
    lines = run("queues").output.splitlines()
    assert lines[0].split() == ["queue", "queued", "active", "scheduled", "error"]
    assert [line.split() for line in lines[1:]] == [["mail.eu", "0", "0", "0", "1"], ["orders", "1", "0", "0", "0"]]
    assert json.loads(run("queues", "--json").output)["orders"] == {
        "queued": 1,
        "active": 0,
        "scheduled": 0,
        "error": 0,
    }


def test_an_unknown_count_is_said_to_be_unknown(world, run):
    world.put("queued")
    world.raw.set("t:error:orders", "foreign")
    assert "unknown" in run("queues").output
    assert json.loads(run("queues", "--json").output)["orders"]["error"] is None


def test_no_queues_is_a_sentence(run):
    assert "no tasks" in run("queues").output


def test_tasks_are_listed(world, run):
    fail(world, 3)
    result = run("tasks", "orders", "error", "--limit", "2")
    assert [line.split() for line in result.output.splitlines()[:2]] == [
        ["t2", "app.tasks:work"],
        ["t1", "app.tasks:work"],
    ]
    assert "2 of 3" in result.output


@pytest.mark.parametrize("command", [["queues"], ["queues", "--json"], ["tasks", HOSTILE_QUEUE, "error"], ["doctor"]])
def test_hostile_names_do_not_reach_the_terminal(world, run, command):
    world.put("error", HOSTILE_QUEUE, HOSTILE_ID)
    result = run(*command)
    assert result.exception is None or isinstance(result.exception, SystemExit)
    assert not set(result.output) & {"\r", "\x00", "\x1b"}


def test_a_redis_out_of_reach_is_one_sentence(run):
    result = run("queues", "--redis-url", "unix:///nowhere/redis.sock")
    assert result.exit_code == 1 and result.output.startswith("Error: ") and "Traceback" not in result.output


def test_an_address_that_is_none_is_one_sentence(run):
    result = run("queues", "--redis-url", "http://:secret@x")
    assert result.exit_code == 1 and "secret" not in result.output


def test_the_doctor_tells_by_its_exit_status(world, run):
    assert run("doctor").exit_code == 1
    world.raw.config_set("appendonly", "yes")
    try:
        result = run("doctor")
    finally:
        world.raw.config_set("appendonly", "no")
    assert result.exit_code == 0 and "Redis answers" in result.output


# -- acting --


def test_named_tasks_are_retried(world, run):
    fail(world, 3)
    result = run("retry", "orders", "t0", "t2", "--reason", "fixed")
    assert result.exit_code == 0 and result.output.count("queued again") == 2
    assert sorted(world.scores("queued")) == ["t0", "t2"]
    assert {entry["door"] for entry in world.acts()} == {"command line"}


def test_all_tasks_are_retried_as_one_operation(world, run):
    fail(world, 250)
    result = run("retry", "orders", "--all")
    assert "250 done, 0 skipped" in result.output
    assert len(world.scores("queued")) == 250 and len(world.acts()) == 1


def test_a_task_that_has_left_is_one_sentence(world, run):
    result = run("retry", "orders", "gone")
    assert result.exit_code == 1 and "gone" in result.output


@pytest.mark.parametrize("arguments", [[], ["t0", "--all"], ["--all", "--fresh-budget"]])
def test_a_retry_of_nothing_or_of_both_is_refused(world, run, arguments):
    fail(world)
    assert run("retry", "orders", *arguments).exit_code == 2
    assert list(world.scores("error")) == ["t0"]


def test_old_errors_are_purged_after_a_question(world, run, engine):
    fail(world, 3)
    world.put("error", task_id="young", score=engine.store.now())
    assert run("purge", "orders", "--older-than", "1h", input="n\n").exit_code == 1
    assert len(world.scores("error")) == 4
    result = run("purge", "orders", "--older-than", "1h", input="y\n")
    assert "Delete 3 errors" in result.output and "3 done" in result.output
    assert list(world.scores("error")) == ["young"]


@pytest.mark.parametrize("age", ["", "5", "h", "-1h", "1w", "1h30m", "nan"])
def test_a_duration_that_is_none_is_refused(run, age):
    assert run("purge", "orders", "--older-than", age, "--yes").exit_code == 2


def test_a_queue_is_paused_and_resumed(world, run, engine):
    assert run("pause", "orders", "--reason", "deploy", "--for", "15m").exit_code == 0
    (pause,) = engine.control.pauses()
    assert pause.reason == "deploy" and 800 < pause.until_at - engine.store.now() <= 900
    assert "paused" in run("queues").output
    assert run("resume", "orders").exit_code == 0 and engine.control.pauses() == []
    assert run("resume", "orders").exit_code == 1


def test_a_pause_needs_a_reason(run):
    assert run("pause", "orders").exit_code == 2


def test_an_operation_that_the_sweeper_runs_is_waited_for(world, run, engine):
    fail(world, 3)
    started = []
    start = type(engine.operations).start

    def held_by_another(self, *arguments, **more):
        operation = start(self, *arguments, **more)
        engine.workers.hold(f"operation:{operation.id}", "the sweeper", 0.3)
        started.append(operation)
        return operation

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(engine.operations), "start", held_by_another)
        world.raw.config_resetstat()
        assert "3 done" in run("retry", "orders", "--all").output
    assert started and world.raw.info("commandstats")["cmdstat_hgetall"]["calls"] < 100, "it does not ask all the time"


# -- processes --


def test_the_commands_are_listed(run):
    output = run("--help").output
    for command in ("worker", "sweeper", "queues", "tasks", "retry", "purge", "pause", "resume", "doctor", "console"):
        assert command in output


def test_it_says_its_version(run):
    assert run("--version").output.startswith("main, version") or "version" in run("--version").output


def test_a_module_that_is_not_there_is_one_sentence(run):
    result = run("worker", "-m", "no_such_module")
    assert result.exit_code == 1 and "no module 'no_such_module'" in result.output


def test_a_worker_without_anything_to_run_refuses_to_start(run):
    result = run("worker")
    assert result.exit_code == 1 and "Error: " in result.output


@pytest.mark.parametrize("arguments", [["worker", "-m", "tests.queue_core.worker.functions"], ["sweeper", "--observe"]])
def test_a_process_starts_and_stops_at_sigterm(raw, redis_url, arguments):
    environment = os.environ | {"REDIS_URL": redis_url}
    process = subprocess.Popen(
        [sys.executable, "-m", "queue_core.cli", *arguments], cwd=ROOT, env=environment, stderr=subprocess.PIPE
    )
    try:
        wait_until(lambda: raw.zcard("t:x:workers"), 20)
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    finally:
        process.kill()
        process.wait()
        process.stderr.close()
    assert not raw.zcard("t:x:workers")
