"""The users of Redis in docs/security.md: each kind of process works as its own, and may do no more."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
import redis

from console import create_app
from console.settings import ConsoleSettings
from queue_core import Engine, Worker
from queue_core.keys import CATALOGUE
from queue_core.sweeper import Sweeper
from tests.console import seed
from tests.console.visitor import PASSWORD, Visitor

PAGE = Path(__file__).resolve().parents[2] / "docs" / "security.md"
LINES = dict(re.findall(r"^user (\S+) (.+)$", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE))
OF_THE_CONSOLE = {"users", "tokens", "tokens_used", "sessions", "secret", "login_failures"}


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
def engine_of(address):
    """Makes an engine that works as a user of the page."""
    engines = []

    def make(name):
        engines.append(Engine(address(name), allow_modules=["tests.console.seed"]))
        return engines[-1]

    yield make
    for engine in engines:
        engine.close()


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
