"""The users of Redis in docs/security.md: each kind of process works as its own, and may do no more."""

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import redis
from click.testing import CliRunner

from bench.console_pages.addresses import addresses
from bench.console_pages.fill import BIG_QUEUE, Sizes, fill
from console import create_app
from console.settings import ConsoleSettings
from queue_core import Engine, Worker
from queue_core.cli import main
from queue_core.keys import CATALOGUE
from queue_core.sweeper import Sweeper
from tests.console import seed
from tests.console.visitor import PASSWORD, Visitor

PAGE = Path(__file__).resolve().parents[2] / "docs" / "security.md"
LINES = dict(re.findall(r"^user (\S+) (.+)$", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE))
OF_THE_CONSOLE = {"users", "tokens", "tokens_used", "sessions", "links", "secret", "login_failures"}


@pytest.fixture
def address(raw, redis_url):
    """Makes a user as the page says; gives the address to reach Redis as that user."""
    made = []

    def make(name):
        raw.execute_command("ACL", "SETUSER", name, *LINES[name].split())
        made.append(name)
        return redis_url.replace("unix://", f"unix://{name}:change-me@")

    yield make
    for name in made:
        raw.execute_command("ACL", "DELUSER", name)


@pytest.fixture
def engine_of(address, raw):
    """Makes an engine that works as a user of the page; in the end Redis has denied it nothing."""
    engines = []
    raw.execute_command("ACL", "LOG", "RESET")

    def make(name):
        engines.append(Engine(address(name), allow_modules=["tests.console.seed"]))
        return engines[-1]

    yield make
    for engine in engines:
        engine.close()
    # the Redis client tells its own name first, and goes on where it may not
    assert [one for one in raw.acl_log() if one["object"] != "client"] == []


def may(client, *command) -> bool:
    try:
        client.execute_command(*command)
    except redis.exceptions.NoPermissionError:
        return False
    return True


def test_a_producer_enqueues_in_every_way(engine_of, engine):
    producer = engine_of("signalbox-producer")
    producer.delay(seed.charge, args=[1], queue="mail")
    producer.delay(seed.charge, args=[2], queue="mail", when=timedelta(hours=1))
    producer.delay(seed.charge, args=[3], queue="mail", unique=True)
    producer.delay(seed.charge, args=[3], queue="pay", unique=True)
    assert engine.browse.sizes("mail") == {"queued": 2, "active": 0, "scheduled": 1, "error": 0}


def test_a_worker_runs_tasks_and_a_sweeper_sweeps(engine_of, engine):
    seed.queued(engine, "mail", 3)
    seed.queued(engine, "mail", when=timedelta(hours=-1))
    worker = engine_of("signalbox-worker")
    sweeper = Sweeper(worker)
    sweeper.step(5.0)
    Worker(worker, executor="sync").run(once=True)
    sweeper.step(5.0)
    assert sum(engine.browse.sizes("mail").values()) == 0
    assert engine.snapshot.read() is not None


def test_a_console_shows_and_acts_and_its_observer_observes(engine_of, engine):
    (task_id, other) = seed.failed(engine, "mail", 2)
    console = engine_of("signalbox-console")
    Sweeper(console, observe=True).step(5.0)
    console.people.add("olga", PASSWORD, "operator")
    visitor = Visitor(create_app(console, ConsoleSettings()))
    assert visitor.log_in("olga").status_code == 303
    for path in ("/", "/errors/", "/queues/mail/error", f"/queues/mail/tasks/{task_id}", "/operations/", "/audit/"):
        assert visitor.get(path).status_code == 200, path
    assert visitor.post(f"/queues/mail/tasks/{task_id}/retry").status_code == 303
    assert visitor.post("/queues/mail/error/selected/delete", {"task": other}).status_code == 303
    assert visitor.post("/queues/mail/pause", {"reason": "it"}).status_code == 303
    assert engine.browse.sizes("mail") == {"queued": 1, "active": 0, "scheduled": 0, "error": 0}
    assert engine.control.pause_of("mail") is not None


@pytest.fixture
def admin(engine_of, engine):
    """Somebody in front of a console that works as its user, on a little of everything."""
    sizes = replace(Sizes().at(10_000), large_bytes=1000, index_seconds=30.0)
    fill(engine, sizes, tell=lambda line: None)
    console = engine_of("signalbox-console")
    Sweeper(console, observe=True).step(5.0)
    console.people.add("ada", PASSWORD, "admin")
    visitor = Visitor(create_app(console, ConsoleSettings()))
    assert visitor.log_in("ada").status_code == 303
    return visitor


def test_a_console_shows_every_page_that_it_has(admin, engine):
    for address in addresses(admin.client.application, engine):
        assert admin.get(address.path).status_code < 400, address.path


def test_a_console_does_every_act_that_it_offers(admin, engine):
    ids = [row.id for row in engine.browse.page(BIG_QUEUE, "error").rows]
    (later,) = seed.queued(engine, "mail", when=timedelta(hours=1))
    (group, *_) = engine.error_groups.summary().groups
    task, tasks = f"/queues/{BIG_QUEUE}/tasks", f"/queues/{BIG_QUEUE}"
    for path, form in (
        (f"{task}/{ids[0]}/retry", {"fresh_budget": "yes"}),
        (f"{task}/{ids[1]}/delete", {"state": "error"}),
        (f"{task}/{ids[2]}/reschedule", {"state": "error", "seconds": "60"}),
        (f"{task}/{ids[3]}/move", {"state": "error", "to_queue": "elsewhere"}),
        (f"{task}/{ids[4]}/edit", {"args": "[1]", "kwargs": "{}"}),
        (f"{task}/{ids[5]}/reveal", {"reason": "it"}),
        (f"/queues/mail/tasks/{later}/cancel", {"state": "scheduled"}),
        (f"{tasks}/error/selected/retry", {"task": ids[6]}),
        (f"{tasks}/error/selected/delete", {"task": ids[7]}),
        (f"{tasks}/export/error/selected.jsonl", {"task": ids[8]}),
        (f"{tasks}/export/error/whole.jsonl", {"reason": "it"}),
        (f"/errors/groups/{group.id}/note", {"note": "known"}),
        (f"/errors/groups/{group.id}/snooze", {"seconds": "60"}),
        (f"/errors/groups/{group.id}/export/whole.jsonl", {}),
        (f"/errors/groups/{group.id}/retry", {"not_after": str(engine.store.now()), "few": "yes"}),
        (f"{tasks}/pause", {"reason": "it", "seconds": "60"}),
        (f"{tasks}/resume", {}),
        (f"{tasks}/all/retry", {"not_after": str(engine.store.now()), "canary": "1"}),
        (f"{tasks}/all/clear/queued", {"not_after": str(engine.store.now())}),
        (f"/trash/{engine.trash.page().entries[0].id}/restore", {}),
        ("/trash/empty", {"not_after": str(engine.store.now())}),
    ):
        answer = admin.post(path, form)
        assert answer.status_code in (200, 303), (path, answer.status)
        answer.get_data()
    running = engine.operations.newest(1)[0].id
    for verb in ("pause", "resume", "rate", "cancel"):
        assert admin.post(f"/operations/{running}/{verb}", {"rate": "5", "reason": "it"}).status_code in (303, 409)


def test_the_commands_work_as_the_user_of_the_console(engine_of, address, engine, monkeypatch, tmp_path):
    ids = seed.failed(engine, "mail", 3)
    engine_of("signalbox-console")
    monkeypatch.setenv("REDIS_URL", address("signalbox-console"))
    (tmp_path / "password").write_text(PASSWORD)
    exported = CliRunner().invoke(main, ["export", "mail", "error"])
    (tmp_path / "mail.jsonl").write_bytes(exported.stdout_bytes)
    for command in (
        "queues", "tasks mail error", f"retry mail {ids[0]}", "retry mail --all --dry-run", "retry mail --all",
        "pause mail --reason it", "resume mail", "purge mail --older-than 1s --yes", "deploy-mark 1.2", "trash list",
        "trash empty --yes", f"import {tmp_path / 'mail.jsonl'} --yes", "users list",
        f"users add vera --role viewer --password-file {tmp_path / 'password'}", "users remove vera",
    ):  # fmt: skip
        done = CliRunner().invoke(main, command.split())
        assert done.exit_code == 0, (command, done.output)


def test_a_worker_may_touch_every_key_but_those_of_the_users_of_the_console(address, raw):
    with redis.Redis.from_url(address("signalbox-worker")) as client:
        for name, (kind, pattern, _) in CATALOGUE.items():
            if kind != "channel":
                key = "t:" + pattern.replace("<state>", "queued")
                assert may(client, "TYPE", key) == (name not in OF_THE_CONSOLE), key


def test_a_producer_sees_nothing_of_what_the_console_keeps(address):
    with redis.Redis.from_url(address("signalbox-producer")) as client:
        for key in ("t:x:users", "t:x:secret", "t:x:audit", "t:x:pauses", "t:x:operations"):
            assert not may(client, "TYPE", key), key


@pytest.mark.parametrize("name", LINES)
def test_nobody_may_empty_list_or_change_the_server_or_leave_the_prefix(address, name):
    with redis.Redis.from_url(address(name)) as client:
        for command in ("FLUSHALL", "KEYS *", "CONFIG GET *", "ACL LIST", "SHUTDOWN NOSAVE", "BGREWRITEAOF", "GET a"):
            assert not may(client, *command.split()), command
