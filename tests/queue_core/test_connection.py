import contextlib

import pytest
import redis

from queue_core import Settings
from queue_core.connection import connect, shown_url, translated
from queue_core.errors import InvalidSettings, LeaseLost, QueuePaused, StoreCorrupt, StoreFull, StoreUnavailable
from tests.builders import full_memory, unwritable_disk
from tests.waiting import wait_until

SETTINGS = Settings(redis_timeout_seconds=0.3)


def test_bytes_go_in_and_come_out(redis_url):
    client = connect(SETTINGS, redis_url)
    client.set("key", b"\xff\x00")
    assert client.get("key") == b"\xff\x00"


@pytest.mark.parametrize("url", ["unix:///nowhere/redis.sock", "redis://127.0.0.1:1/0"])
def test_a_redis_that_is_not_there_is_unavailable(url):
    client = connect(SETTINGS, url)
    for ask in (client.ping, client.pipeline().get("a").execute):
        with pytest.raises(StoreUnavailable) as caught:
            ask()
        assert caught.value.nothing_written


@pytest.mark.parametrize("url", ["http://host", "redis://host:port/0", "redis//", "nonsense"])
def test_an_address_that_cannot_be_read_is_refused(url):
    with pytest.raises(InvalidSettings, match="not an address"):
        connect(SETTINGS, url)


def test_the_address_comes_from_the_settings_then_from_the_environment(redis_url, monkeypatch):
    monkeypatch.setenv("REDIS_URL", redis_url)
    assert connect(SETTINGS).ping()
    with pytest.raises(StoreUnavailable):
        connect(Settings(redis_url="redis://127.0.0.1:1/0")).ping()


@pytest.mark.parametrize(
    ("url", "wanted"),
    [
        ("redis://:secret@host:1/0", "redis://host:1/0"),
        ("rediss://user:se@cret@host/0", "rediss://host/0"),
        ("unix:///run/redis.sock", "unix:///run/redis.sock"),
    ],
)
def test_a_password_is_never_shown(url, wanted):
    assert shown_url(url) == wanted


def test_a_password_does_not_stand_in_the_error_either():
    with pytest.raises(InvalidSettings) as caught:
        connect(SETTINGS, "redis://:secret@host:port/0")
    assert "secret" not in str(caught.value)


def test_a_full_redis_says_so(redis_url, raw):
    client = connect(SETTINGS, redis_url)
    with full_memory(raw):
        for ask in (lambda: client.set("a", "b"), client.pipeline().set("a", "b").execute):
            with pytest.raises(StoreFull):
                ask()


def test_a_key_of_another_type_says_so(redis_url, raw):
    raw.set("key", "text")
    with pytest.raises(StoreCorrupt):
        connect(SETTINGS, redis_url).zcard("key")


def test_a_replica_that_may_not_write_is_away_and_has_written_nothing(redis_url, raw):
    client = connect(SETTINGS, redis_url)
    raw.replicaof("127.0.0.1", "1")
    try:
        for ask in (
            lambda: client.set("a", "b"),
            lambda: client.eval("return redis.call('SET', KEYS[1], '1')", 1, "a"),
        ):
            with pytest.raises(StoreUnavailable) as caught:
                ask()
            assert caught.value.nothing_written
    finally:
        raw.replicaof("NO", "ONE")


def test_code_words_of_scripts_become_our_errors():
    assert isinstance(translated(redis.ResponseError("LEASE_LOST a")), LeaseLost)
    assert str(translated(redis.ResponseError("LEASE_LOST some text"))) == "some text"


def test_other_replies_stay_what_they_are():
    error = redis.ResponseError("ERR unknown command")
    assert translated(error) is error


def test_a_connection_that_was_cut_is_made_again(proxy):
    client = connect(SETTINGS, proxy.url)
    client.ping()
    proxy.cut()
    assert client.ping()


def test_after_a_lost_reply_nobody_knows(proxy):
    client = connect(SETTINGS, proxy.url)
    client.ping()
    proxy.cut_after(0)
    with pytest.raises(StoreUnavailable) as caught:
        client.set("a", "b")
    assert not caught.value.nothing_written


def test_a_reply_that_never_comes_ends_the_wait(proxy, raw):
    client = connect(SETTINGS, proxy.url)
    client.ping()
    raw.client_pause(1000)
    with pytest.raises(StoreUnavailable):
        client.ping()
    raw.execute_command("CLIENT", "UNPAUSE")


def test_a_redis_that_cannot_write_its_file_is_away_and_has_written_nothing(redis_url, raw):
    client = connect(SETTINGS, redis_url)
    with unwritable_disk(raw):
        for ask in (
            lambda: client.set("a", "b"),
            client.pipeline().set("a", "b").execute,
            lambda: client.eval("return redis.call('SET', KEYS[1], '1')", 1, "a"),
        ):
            with pytest.raises(StoreUnavailable, match="MISCONF") as caught:
                ask()
            assert caught.value.nothing_written


def test_a_redis_that_is_busy_with_a_script_is_away(redis_url):
    client = connect(SETTINGS, redis_url)
    client.config_set("lua-time-limit", 10)
    with pytest.raises(StoreUnavailable):
        client.eval("while true do end", 0)
    with pytest.raises(StoreUnavailable, match="BUSY"):
        client.get("a")
    client.script_kill()
    wait_until(lambda: _answers(client), 5, "the script should end")
    client.config_set("lua-time-limit", 5000)


def _answers(client):
    with contextlib.suppress(StoreUnavailable):
        return client.ping()


def test_a_code_word_counts_before_the_names_behind_it():
    assert isinstance(translated(redis.ResponseError("QUEUE_PAUSED READONLY")), QueuePaused)
