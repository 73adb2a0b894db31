import json
import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from types import ModuleType

import pytest
from click.testing import CliRunner

from queue_core.audit_file import AuditFile
from queue_core.cli import main
from queue_core.compat import tasktiger
from queue_core.siding import Siding
from tests.builders import ANNA, HOSTILE_ID, HOSTILE_QUEUE
from tests.queue_core import failures
from tests.waiting import wait_until

ROOT = Path(__file__).parents[2]
MODULE = "tests.queue_core.worker.functions"


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


def test_tasks_are_found_by_a_query(world, run):
    fail(world, 2)
    fail(world, 1, "mail")
    world.put("queued", "mail", "q1")
    found = run("tasks", "--filter", "func:work -queue:orders")
    assert found.exit_code == 0
    assert [line.split("  ")[:2] for line in found.stdout.splitlines()] == [
        ["t0", "error in mail"], ["q1", "queued in mail"],
    ]  # fmt: skip
    assert "2 found among 2" in found.stderr
    narrowed = run("tasks", "orders", "error", "--filter", "id:t*", "--limit", "1")
    assert (narrowed.stdout.count("\n"), "there may be more" in narrowed.stderr) == (1, True)


def test_a_query_with_a_fault_and_no_place_at_all_are_told(run):
    wrong = run("tasks", "--filter", "fucn:x")
    assert wrong.exit_code and "There is no fucn: here" in str(wrong.output) + str(wrong.exception)
    assert "give a --filter" in run("tasks").output


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


def test_a_dry_run_shows_what_would_be_retried_and_changes_nothing(world, run):
    fail(world, 3)
    before = world.dump()
    result = run("retry", "orders", "--all", "--dry-run")
    assert "3 tasks.  Nothing is changed." in result.output and result.output.count("  sample ") == 3
    assert [line.split()[1:] for line in result.output.splitlines() if "function" in line] == [["3", "app.tasks:work"]]
    assert world.dump() == before


def test_all_tasks_can_be_retried_at_a_rate(world, run):
    fail(world, 3)
    assert "3 done" in run("retry", "orders", "--all", "--rate", "200/s").output
    assert run("retry", "orders", "--all", "--rate", "quick").exit_code == 2
    assert run("retry", "orders", "t0", "--rate", "5").exit_code == 2


def test_a_canary_without_an_answer_ends_the_command_in_words(world, run):
    fail(world, 3)
    result = run("retry", "orders", "--all", "--canary", "1", "--canary-for", "0.2s")
    assert "The operation is paused: canary: 1 of 1 came to no end" in result.output and "1 done" in result.output
    assert len(world.scores("error")) == 2


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


def test_a_purge_that_frees_memory_says_that_it_is_for_good(world, run, engine):
    fail(world, 2)
    result = run("purge", "orders", "--older-than", "1h", "--free-memory", input="y\n")
    assert "for good" in result.output and engine.trash.size().tasks == 0


def test_deleted_tasks_are_listed_and_restored(world, run, engine):
    fail(world, 2)
    run("purge", "orders", "--older-than", "1h", "--yes", "--reason", "old")
    listed = run("trash", "list").output
    assert "orders error" in listed and ": old" in listed and "2 of 2" in listed
    entry_id = listed.split()[0]
    assert "is back in error of orders" in run("trash", "restore", entry_id).output
    again = run("trash", "restore", entry_id)
    assert again.exit_code == 1 and "not in the trash any more" in again.output
    assert "0 of 0" in run("trash", "list", "--queue", "mail").output


def test_all_that_an_operation_deleted_is_restored(world, run, engine):
    fail(world, 3)
    run("purge", "orders", "--older-than", "1h", "--yes")
    (operation,) = engine.operations.newest()
    assert "3 done" in run("trash", "restore", "--operation", operation.id).output
    assert len(world.scores("error")) == 3


@pytest.mark.parametrize("arguments", [[], ["e1", "--operation", "op"]])
def test_a_restore_names_entries_or_an_operation(run, arguments):
    assert run("trash", "restore", *arguments).exit_code == 2


def test_the_trash_is_emptied_after_a_question(world, run, engine):
    fail(world, 3)
    run("purge", "orders", "--older-than", "1h", "--yes")
    assert run("trash", "empty", input="n\n").exit_code == 1 and engine.trash.size().tasks == 3
    assert "3 gone for good" in run("trash", "empty", input="y\n").output
    assert engine.trash.size().tasks == 0


def test_hostile_names_in_the_trash_stay_on_their_line(world, run, engine):
    world.put("error", HOSTILE_QUEUE, HOSTILE_ID)
    engine.control.delete(HOSTILE_QUEUE, "error", HOSTILE_ID, actor=ANNA)
    output = run("trash", "list").output
    assert len(output.splitlines()) == 2 and "\x00" not in output


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


def test_a_function_is_held_listed_and_released(world, run, engine):
    assert "Nothing is held." in run("holds").output
    held = run("hold", "app.tasks:work", "--queue", "orders", "--reason", "a fix ships", "--for", "15m")
    assert held.exit_code == 0 and "app.tasks:work in orders is held" in held.output
    (found,) = engine.holds.all()
    assert found.door == "command line" and 800 < found.until_at - engine.store.now() <= 900
    world.put("queued")
    for _ in Siding(engine.store).sweep():
        pass
    for _ in Siding(engine.store).sweep():
        pass
    listed = run("holds").output
    assert (
        found.id in listed and "a fix ships" in listed and "1 set aside so far" in listed and "1 tasks wait" in listed
    )
    assert run("release", "app.tasks:work", "--queue", "orders").exit_code == 0 and engine.holds.all() == []
    again = run("release", "app.tasks:work")
    assert again.exit_code == 1 and "not held" in again.output


def test_holding_needs_a_reason_and_one_thing_to_hold(run):
    assert run("hold", "app.tasks:work").exit_code == 2
    assert run("hold", "--reason", "a look").exit_code == 2
    assert run("hold", "app.tasks:work", "--group", "1-x", "--reason", "a look").exit_code == 2
    assert run("hold", "--group", "1-x", "--reason", "a look").exit_code == 1


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


# -- the worker's options --


@pytest.fixture
def started(monkeypatch):
    """The worker that a command line makes, and what it is told to run for; it runs nothing."""
    told = []
    run = "queue_core.commands.processes.Worker.run"
    monkeypatch.setattr(run, lambda worker, exit_after: told.append((worker, exit_after)))
    yield told
    tasktiger.uninstall()


def test_a_worker_reads_its_options(run, started):
    result = run(
        "worker", "-m", MODULE, "-q", "a, b,,", "-e", "c", "-M", "2", "--executor", "sync", "--exit-after", "3"
    )
    assert result.exit_code == 0, result.output
    ((worker, exit_after),) = started
    assert (worker.only_queues, worker.exclude_queues) == ({"a", "b"}, {"c"})
    assert (worker.max_workers_per_queue, type(worker.executor).__name__) == (2, "SyncExecutor")
    assert exit_after == timedelta(minutes=3)
    assert worker.engine.strict and not worker.engine.allow_list.allow_any


def test_a_worker_has_no_limits_unless_told(run, started):
    run("worker", "-m", MODULE)
    run("worker", "-m", MODULE, "-M", "0", "--exit-after", "0")
    assert [(worker.max_workers_per_queue, exit_after) for worker, exit_after in started] == [(None, None)] * 2


def test_under_compat_a_worker_reads_lists_as_tasktiger_and_runs_anything(run, started):
    result = run("worker", "--compat", "tasktiger", "-q", "a, b", "-e", "", "-m", f"{MODULE}, json")
    assert (result.exit_code, result.output) == (0, "This worker runs any function that can be imported.\n")
    ((worker, _),) = started
    assert (worker.only_queues, worker.exclude_queues) == ({"a", " b"}, set())
    assert worker.engine.allow_list.allow_any and worker.engine.allow_list.modules == {MODULE, "json"}
    assert not worker.engine.strict


def test_a_tasktiger_that_has_been_imported_already_is_one_sentence(run, started, monkeypatch):
    monkeypatch.setitem(sys.modules, "tasktiger", ModuleType("tasktiger"))
    result = run("worker", "--compat", "tasktiger", "-m", MODULE)
    assert result.exit_code == 1 and result.output.startswith("Error: tasktiger has been imported already")
    assert not started


def test_a_worker_of_an_application_that_imports_the_real_package_advises_compat(run, started, monkeypatch):
    monkeypatch.setitem(sys.modules, "tasktiger", ModuleType("tasktiger"))
    result = run("worker", "-m", MODULE)
    assert result.exit_code == 0 and result.output.count("\n") == 1 and "--compat tasktiger" in result.output


def test_an_address_can_be_given_in_parts(run, started, monkeypatch):
    monkeypatch.setenv("SIGNALBOX_REDIS_URL", "redis://elsewhere")
    run("worker", "-m", MODULE, "-h", "redis.example", "-p", "7000", "-a", "p@ss", "-n", "2")
    ((worker, _),) = started
    parts = worker.engine.store.client.connection_pool.connection_kwargs
    assert {name: parts[name] for name in ("host", "port", "password", "db")} == {
        "host": "redis.example", "port": 7000, "password": "p@ss", "db": 2,
    }  # fmt: skip
    assert os.environ["REDIS_URL"] == "redis://:p%40ss@redis.example:7000/2", "engines of the modules go there too"


def test_two_addresses_are_refused(run, started):
    result = run("worker", "-m", MODULE, "--redis-url", "redis://a", "--host", "b")
    assert result.exit_code == 2 and "--redis-url" in result.output and not started


@pytest.mark.parametrize("options", [["--compat", "celery"], ["--executor", "threads"], ["-M", "-1"], ["-M", "few"]])
def test_a_wrong_option_runs_nothing(run, started, options):
    assert run("worker", "-m", MODULE, *options).exit_code == 2 and not started


def test_a_deploy_is_marked_with_its_author(run, engine):
    assert run("deploy-mark", "v2\x1b").output == "Deploy noted: v2?.\n"
    assert run("deploy-mark").output == "Deploy noted.\n"
    assert [deploy.text for deploy in engine.error_groups.deploys()] == ["", "v2\x1b"]


# -- the audit file --


@pytest.fixture
def audit_file(engine, tmp_path):
    """A file of three acts."""
    for reason in ("one", "two", "three"):
        engine.audit.record("retry", actor=ANNA, reason=reason, outcome="done")
    path = tmp_path / "audit.jsonl"
    assert sum(AuditFile(engine.audit, path).copy()) == 3
    return path


def test_a_whole_audit_file_is_verified_and_its_last_hash_told(run, audit_file):
    result = run("audit", "verify", str(audit_file))
    assert result.exit_code == 0
    assert result.output.startswith("3 entries")
    noted = result.output.splitlines()[0].rpartition(" ")[2]
    assert run("audit", "verify", str(audit_file), "--holds", noted).exit_code == 0
    audit_file.write_bytes(b"".join(audit_file.read_bytes().splitlines(keepends=True)[:2]))
    shortened = run("audit", "verify", str(audit_file), "--holds", noted)
    assert (shortened.exit_code, noted in shortened.output) == (1, True)


def test_a_changed_audit_file_is_told_with_the_line(run, audit_file):
    audit_file.write_bytes(audit_file.read_bytes().replace(b"two", b"six"))
    result = run("audit", "verify", str(audit_file))
    assert result.exit_code == 1
    assert f"{audit_file} line 3 does not follow" in result.output


def test_an_audit_file_is_verified_without_redis(audit_file, monkeypatch):
    monkeypatch.setenv("REDIS_URL", "redis://localhost:1")
    assert CliRunner().invoke(main, ["audit", "verify", str(audit_file)]).exit_code == 0


# -- workers --


def test_workers_are_listed_and_asked(world, engine, run):
    assert "No process of ours is alive" in run("workers", "list").output
    engine.workers.register("abc-1", {"kind": "worker", "host": "w3", "pid": 7, "running": [{"func": "shop:send"}]})
    engine.workers.register("abd-2", {"kind": "worker", "host": "\x1b[31m", "running": "x"})
    assert "abc-1 is asked to take nothing new" in run("workers", "quiet", "abc", "--reason", "a deploy").output
    assert run("workers", "stop", "abc", "abd").exit_code == 0
    assert [order.verb for order in engine.workers.orders(["abc-1"])["abc-1"]] == ["quiet", "stop"]
    listed = run("workers", "list").output
    assert "abc-1  worker  w3 pid 7" in listed and "runs shop:send  asked to quiet  asked to stop" in listed
    assert "\x1b" not in listed
    assert engine.audit.page().entries[-1].reason == "a deploy"


def test_an_id_that_names_no_worker_or_several_is_refused(engine, run):
    for name in ("abc-1", "abc-2"):
        engine.workers.register(name, {"kind": "worker"})
    assert "2 processes have an id" in run("workers", "wake", "abc").output
    assert "No worker of ours" in run("workers", "stop", "nobody").output
    assert run("workers", "stop", "nobody").exit_code == 1


def fail_each(world, *names, queue="orders"):
    for number, name in enumerate(names):
        failures.fail(world, f"{queue}{number}", queue, at=100.0 + number, name=f"shop.errors.{name}")


def test_everything_is_searched_and_counted(world, run):
    failures.fail_many(world, 300, queues=3)
    found = run("search", "func:work1", "--all", "--limit", "5")
    assert found.exit_code == 0 and found.stdout.count(" error in ") == 5
    assert "function         100  shop.tasks.work1" in found.stdout
    assert "100 found among 300 of 300" in found.stderr
    assert "id:" not in run("search", "nowhere", "--all").stdout
    assert run("search", "fucn:x", "--all").exit_code != 0


def test_a_search_without_all_looks_at_the_newest_and_says_so(world, run):
    failures.fail_many(world, 300, queues=3)
    found = run("search", "func:work1", "--limit", "3")
    assert found.stdout.count(" error in ") == 3 and "--all looks at all of them" in found.stderr
    assert "300 found among 300 of 300" in run("search", "order", "--limit", "0", "--all").stderr


def test_what_a_filter_means_is_retried_in_all_queues(world, run):
    fail_each(world, "GatewayDown", "Other")
    fail_each(world, "GatewayDown", queue="mail")
    fail_each(world, "Other", queue="quiet")
    result = run("retry", "--filter", "exc:GatewayDown -queue:quiet", "--reason", "fixed")
    assert result.exit_code == 0 and "1 done" in result.output
    assert list(world.scores("queued")) == ["orders0"] and list(world.scores("queued", "mail")) == ["mail0"]
    assert "of 2 looked at; 1 did not match." in result.output
    assert {entry["queue"] for entry in world.acts()} == {"orders", "mail"}


def test_a_filter_in_one_queue_leaves_the_others_alone(world, run):
    fail_each(world, "GatewayDown")
    fail_each(world, "GatewayDown", queue="mail")
    assert run("retry", "mail", "--filter", "exc:GatewayDown").exit_code == 0
    assert world.scores("queued") == {} and list(world.scores("queued", "mail")) == ["mail0"]


def test_a_dry_run_of_a_filter_counts_and_changes_nothing(world, run):
    fail_each(world, "GatewayDown", "Other", "GatewayDown")
    before = world.dump()
    result = run("retry", "--filter", "exc:GatewayDown", "--dry-run")
    assert "orders: 2 of 3 tasks match.  Nothing is changed." in result.output
    assert "sample     orders0" in result.output and world.dump() == before


def test_a_filter_that_means_nothing_anywhere_says_so(world, run):
    fail_each(world, "GatewayDown")
    for more in ((), ("--dry-run",)):
        assert "No queue has an error that is meant." in run("retry", "--filter", "queue:none", *more).output


@pytest.mark.parametrize(
    "arguments",
    [
        ("--filter", "a", "--all"), ("--filter", "a", "--fresh-budget"), ("orders", "t0", "--filter", "a"), ("--all",),
        ("orders", "t0", "--wait"), (),
    ],
)  # fmt: skip
def test_a_call_that_means_two_things_is_refused(run, arguments):
    assert run("retry", *arguments).exit_code == 2


def test_a_filter_that_is_none_is_one_sentence(world, run):
    fail_each(world, "GatewayDown")
    for arguments in (("orders", "--filter", "exc:"), ("--filter", "exc:")):
        result = run("retry", *arguments)
        assert result.exit_code == 1 and "lacks its value" in result.output
    assert world.acts() == []


def test_it_waits_for_what_becomes_of_them_and_tells_by_its_exit_status(world, run, engine, monkeypatch):
    fail_each(world, "GatewayDown", "GatewayDown")
    session = engine.leases.session("w")

    def work(_seconds):
        for claimed, ending in zip(session.claim("orders", 2), (session.finish, fail_again), strict=False):
            ending(claimed)
        session.drain()

    def fail_again(claimed):
        record = failures.execution("shop.errors.Late", at=engine.store.now())
        session.give_up(claimed, record.encode())

    monkeypatch.setattr("queue_core.commands.outcomes.sleep", work)
    result = run("retry", "orders", "--all", "--wait")
    assert "orders: 1 succeeded, 1 failed again (Late 1)." in result.output and result.exit_code == 1
    world.raw.delete("t:error:orders", "t:error")
    fail_each(world, "GatewayDown", queue="mail")
    monkeypatch.setattr(
        "queue_core.commands.outcomes.sleep",
        lambda _: ([session.finish(one) for one in session.claim("mail")], session.drain()),
    )
    result = run("retry", "mail", "--all", "--wait")
    assert result.exit_code == 0 and "mail: 1 succeeded." in result.output
    session.close()


def test_a_canary_that_fails_begins_no_further_queue(world, run):
    fail_each(world, "GatewayDown", queue="a")
    fail_each(world, "GatewayDown", queue="b")
    result = run("retry", "--filter", "exc:GatewayDown", "--canary", "1", "--canary-for", "0.2s")
    assert result.exit_code in (0, 1)
    fail_each(world, "GatewayDown", "GatewayDown", queue="c")
    fail_each(world, "GatewayDown", queue="d")
    result = run("retry", "--filter", "queue:c OR queue:d", "--canary", "1", "--canary-for", "0.2s")
    assert result.exit_code == 1 and "Not begun: d." in result.output


def test_operations_are_listed_shown_and_steered(world, run, engine):
    assert "There is no operation." in run("operations", "list").output
    fail_each(world, "GatewayDown", "Other")
    one = engine.operations.start("retry", "orders", "error", actor=ANNA, reason="fixed", query="exc:GatewayDown")
    assert one.id in run("operations", "list").output
    shown = run("operations", "show", one.id).output
    assert "filter     exc:GatewayDown" in shown and "reason     fixed" in shown
    assert run("operations", "pause", one.id, "--reason", "wait").exit_code == 0
    assert "paused: wait" in run("operations", "show", one.id).output
    assert run("operations", "rate", one.id, "30/m").exit_code == 0
    assert engine.operations.get(one.id).rate == 0.5
    assert run("operations", "resume", one.id).exit_code == 0
    assert run("operations", "cancel", one.id).exit_code == 0
    assert run("operations", "cancel", one.id).exit_code == 1
    assert run("operations", "show", "none").exit_code == 1
