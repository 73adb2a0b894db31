import contextlib

import pytest
import redis
import redis.asyncio
import redis.sentinel

from queue_core import Settings
from queue_core.connection import connect, shown_url, translated
from queue_core.embedded import Server
from queue_core.errors import InvalidSettings, LeaseLost, QueuePaused, StoreCorrupt, StoreFull, StoreUnavailable
from tests.builders import World, full_memory, unwritable_disk
from tests.queue_core.test_embedded import free_port
from tests.servers import wanted_binary
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
    told = translated(redis.ResponseError("NOT_PAUSED some queue"))
    assert str(told) == "The queue is not paused (some queue)."


def test_other_replies_stay_what_they_are():
    error = redis.ResponseError("ERR unknown command")
    assert translated(error) is error


def test_the_address_of_a_client_is_taken_over_also_over_tcp(proxy):
    theirs = redis.Redis.from_url(proxy.url, decode_responses=True)
    client = connect(SETTINGS, theirs)
    client.set("key", "value")
    assert client.get("key") == b"value" and theirs.get("key") == "value"


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


@pytest.mark.parametrize(
    "theirs",
    [
        {"host": "a.example", "port": 7, "db": 3, "username": "anna", "password": "secret", "client_name": "shop"},
        {"unix_socket_path": "/a/socket", "db": 3},
        {"host": "a.example", "ssl": True, "ssl_ca_certs": "/a/file"},
        {
            "host": "a.example",
            "decode_responses": True,
            "socket_timeout": 99,
            "protocol": 3,
            "health_check_interval": 9,
        },
    ],
)
def test_the_address_of_a_client_is_taken_over_and_not_its_habits(theirs):
    client = redis.Redis(**theirs)
    pool = connect(Settings(), client).connection_pool
    assert pool.connection_class is client.connection_pool.connection_class
    wanted = {"path" if name == "unix_socket_path" else name: value for name, value in theirs.items()}
    habits = {"ssl", "decode_responses", "socket_timeout", "protocol", "health_check_interval"}
    assert {name: pool.connection_kwargs[name] for name in wanted if name not in habits} == {
        name: value for name, value in wanted.items() if name not in habits
    }
    ours = connect(Settings()).connection_pool.connection_kwargs
    assert {name: pool.connection_kwargs.get(name) for name in habits} == {name: ours.get(name) for name in habits}
    pool.make_connection()


class Watch(redis.sentinel.Sentinel):
    """A Sentinel's view of the world, without the Sentinels."""

    def __init__(self, address):
        super().__init__([])
        self.address = address

    def discover_master(self, service_name):
        return self.address


def test_a_client_that_asks_sentinels_for_its_server_lends_them(tmp_path):
    server = Server(tmp_path / "redis", port=free_port(), password="secret", binary=wanted_binary()).start()
    try:
        watch = Watch(("127.0.0.1", 1))
        client = connect(Settings(), watch.master_for("shop", password="secret", decode_responses=True))
        with pytest.raises(StoreUnavailable):
            client.ping()
        watch.address = ("127.0.0.1", server.port)
        assert client.ping() and client.set("key", b"\xff") and client.get("key") == b"\xff"
    finally:
        server.stop()


def test_a_master_that_was_demoted_is_left_for_the_one_that_its_address_leads_to(
    engine_behind_proxy, proxy, raw, own_server
):
    engine = engine_behind_proxy
    session, world = engine.leases.session("worker-1"), World(raw, engine.store)
    world.put("queued")
    (claimed,) = session.claim("orders")
    engine.workers.hold("sweeper", "me", 30)
    raw.replicaof("127.0.0.1", 1)
    try:
        proxy.lead_to(own_server.socket_path)
        with pytest.raises(StoreUnavailable):
            engine.workers.hold("sweeper", "me", 30)
        assert engine.workers.hold("sweeper", "me", 30)
        session.start(claimed)
        with pytest.raises(StoreUnavailable):
            session.drain()
        (step,) = session.drain()
        assert isinstance(step.error, LeaseLost)  # nothing had been replicated here
    finally:
        raw.replicaof("NO", "ONE")
        session.close()


@pytest.mark.parametrize("place", [redis.asyncio.Redis(), 5, {"host": "localhost"}])
def test_what_is_no_plain_client_and_no_address_is_refused(place):
    with pytest.raises(InvalidSettings, match="a plain client of the package redis, or a URL"):
        connect(Settings(), place)


@pytest.mark.parametrize("given", [True, False])
def test_every_thread_of_an_application_gets_a_connection(redis_url, given):
    client = connect(Settings(), redis.Redis.from_url(redis_url) if given else redis_url)
    taken = [client.connection_pool.get_connection() for _ in range(150)]
    for connection in taken:
        client.connection_pool.release(connection)
    client.close()
