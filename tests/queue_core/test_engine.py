import contextlib
import json

import pytest
import redis
from structlog.testing import capture_logs

from queue_core import Engine, Settings
from queue_core.errors import InvalidSettings


def work(*args, **kwargs):
    """Nobody runs it."""


@pytest.fixture
def make(redis_url):
    with contextlib.ExitStack() as stack:
        yield lambda connection=redis_url, *args, **named: stack.enter_context(
            contextlib.closing(Engine(connection, *args, **named))
        )


# -- connection --


@pytest.mark.parametrize("decode", [True, False])
def test_a_client_lends_its_address(make, server, decode):
    client = redis.Redis.from_url(server.url, decode_responses=decode)
    engine = make(client)
    assert engine.connection is client
    assert engine.store.client.ping() and engine.store.client.client_info()["db"] == 0
    task = engine.delay(work)
    assert engine.browse.states("default", task.id) == ["queued"]


def test_a_client_lends_its_database_too(make, server):
    client = redis.Redis(unix_socket_path=server.socket_path, db=3, decode_responses=True)
    make(client).delay(work)
    assert client.smembers("t:queued") == {"default"}


def test_without_a_client_there_is_one_that_gives_text(make, engine):
    make().delay(work)
    assert engine.connection.smembers("t:queued") == {"default"} and engine.connection is engine.connection


# -- settings --


def test_a_settings_object_is_taken_as_it_is(make):
    engine = make(config=Settings(prefix="p"))
    assert (engine.settings.prefix, engine.config["REDIS_PREFIX"]) == ("p", "p")


def test_a_mapping_has_tasktigers_names_and_wins_over_the_environment(make, monkeypatch):
    monkeypatch.setenv("SIGNALBOX_PREFIX", "e")
    monkeypatch.setenv("SIGNALBOX_DEFAULT_QUEUE", "from-env")
    engine = make(config={"REDIS_PREFIX": "p"})
    assert (engine.settings.prefix, engine.settings.default_queue) == ("p", "from-env")


def test_settings_by_our_names_are_checked(make, monkeypatch):
    monkeypatch.setenv("SIGNALBOX_POLL_SECONDS", "0")
    with pytest.raises(InvalidSettings):
        make()


def test_what_is_written_to_the_config_holds_at_once(make, raw):
    engine = make()
    engine.config["DEFAULT_QUEUE"] = "other"
    engine.config["REDIS_PREFIX"] = "p"
    engine.config["DEFAULT_RETRY_METHOD"] = (work, (1,))
    engine.delay(work, retry=True)
    assert raw.smembers("p:queued") == {b"other"}
    (key,) = raw.keys("p:task:*")
    assert json.loads(raw.get(key))["retry_method"] == [f"{__name__}:work", [1]]


# -- strict or not --


def test_an_engine_is_strict_unless_its_class_says_otherwise(make, monkeypatch):
    assert make().strict and not make().allow_list.allow_any
    monkeypatch.setattr(Engine, "strict_by_default", False)
    lenient = make()
    assert not lenient.strict and lenient.allow_list.allow_any and lenient.settings.logger_name == "tasktiger"
    assert make(strict=True).strict
    monkeypatch.setenv("SIGNALBOX_LOGGER_NAME", "ours")
    assert make().settings.logger_name == "ours"
    assert not make(allow_any=False).allow_list.allow_any


# -- lazily --


def test_a_lazy_engine_decorates_before_it_has_a_connection(redis_url):
    engine = Engine(lazy_init=True)
    assert engine.config is None
    task = engine.task(work)
    with pytest.raises(AttributeError, match="before init"):
        engine.delay(work)
    engine.init(redis_url, {"DEFAULT_QUEUE": "late"})
    task.delay()
    assert engine.connection.smembers("t:queued") == {"late"}
    with pytest.raises(RuntimeError):
        engine.init(redis_url)


def test_a_lazy_engine_can_be_started_again_when_that_failed(redis_url):
    engine = Engine(lazy_init=True)
    with pytest.raises(InvalidSettings):
        engine.init("no address")
    engine.init(redis_url)
    assert engine.delay(work).states() == ["queued"]


@pytest.mark.parametrize("given", [{"connection": "unix:///x"}, {"config": {}}, {"setup_structlog": True}])
def test_a_lazy_engine_takes_nothing_yet(given):
    with pytest.raises(AssertionError):
        Engine(lazy_init=True, **given)


# -- log --


def test_the_logger_of_an_engine_follows_what_the_process_sets_up_later(make):
    engine = make(config={"LOGGER_NAME": "tigers"})
    with capture_logs() as lines:
        engine.log.warning("hello", a=1)
    assert lines == [{"event": "hello", "a": 1, "log_level": "warning"}]


def test_the_log_of_tasktiger_is_json_lines_of_the_standard_library(make, caplog):
    engine = make(setup_structlog=True, config={"LOGGER_NAME": "tigers"})
    engine.log.info("hello", a=1)
    (record,) = caplog.records
    line = json.loads(record.message)
    assert record.name == "tigers" and list(line) == ["a", "event", "level", "timestamp"]
    assert line["event"] == "hello" and line["timestamp"].endswith("Z")
    engine.log.setLevel("CRITICAL")
    engine.log.error("not to be seen")
    assert len(caplog.records) == 1
