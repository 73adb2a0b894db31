"""The embedded server: started on a folder, kept to one owner, never handed data it cannot read."""

import os
import signal
import socket
import stat
import subprocess
import sys

import pytest
import redis

from queue_core import embedded
from queue_core.embedded import LONGEST_SOCKET_PATH, Server
from queue_core.errors import NoServer
from queue_core.server_binary import ServerBinary, in_wheel
from tests.servers import wanted_binary
from tests.waiting import wait_until


@pytest.fixture
def start(tmp_path):
    """Starts servers on tmp_path/data and ends them after the test."""
    servers = []

    def started(folder=tmp_path / "data", **options):
        servers.append(Server(folder, **{"binary": wanted_binary(), **options}))
        return servers[-1].start()

    yield started
    for server in servers:
        server.kill()


def client(server):
    return redis.Redis.from_url(server.url)


def mode_of(path):
    return stat.S_IMODE(os.stat(path).st_mode)


def test_it_listens_on_a_private_socket_and_on_no_port(start):
    server = start()
    with client(server) as connection:
        assert connection.config_get("port") == {"port": "0"}
        assert connection.config_get("appendonly") == {"appendonly": "yes"}
    assert mode_of(server.folder) == 0o700
    assert mode_of(server.socket_path) == 0o700
    assert server.title.startswith("Redis ")


def test_data_survive_a_stop_and_a_crash(start):
    server = start()
    with client(server) as connection:
        connection.set("a", "1")
    server.stop()
    server.start()
    with client(server) as connection:
        connection.set("b", "2")
    server.kill()
    server.start()
    with client(server) as connection:
        assert connection.mget("a", "b") == [b"1", b"2"]


def test_a_whole_file_is_not_called_torn(start):
    server = start()
    client(server).set("kept", "yes")
    server.kill()
    assert server.start().torn_at is None


def test_a_file_whose_end_was_cut_off_is_told_once(start):
    server = start()
    for number in range(20):
        client(server).set(f"key {number}", "x" * 50)
    server.kill()
    file = next(path for path in server.folder.rglob("*.aof") if path.stat().st_size > 1000)
    os.truncate(file, file.stat().st_size - 30)
    whole_bytes = server.start().torn_at
    assert 1000 < whole_bytes < file.stat().st_size + 30
    assert client(server).exists("key 18", "key 19") == 1
    server.kill()
    assert server.start().torn_at is None


def test_a_folder_in_use_is_refused(start):
    start()
    with pytest.raises(NoServer, match="in use by another Signalbox"):
        start()


def test_the_owner_may_start_again_after_a_stop(start):
    start().stop()
    assert start().running


OWNER = """
import sys, time
from queue_core.embedded import Server
server = Server(sys.argv[1], binary=sys.argv[2], follow_parent=sys.argv[3] == "yes").start()
print(server.pid, flush=True)
time.sleep(600)
"""


def killed_owner(folder, follow_parent):
    """A process that started a server and is then killed with -9; gives the server's pid."""
    arguments = [sys.executable, "-c", OWNER, folder, wanted_binary(), follow_parent]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as owner:
        pid = int(owner.stdout.readline())
        owner.kill()
    return pid


def is_alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel tells of a parent's death on Linux only")
def test_the_server_ends_when_its_owner_is_killed(tmp_path):
    pid = killed_owner(tmp_path / "data", "yes")
    wait_until(lambda: not is_alive(pid))


def test_a_server_left_behind_is_replaced_without_losing_data(tmp_path, start):
    pid = killed_owner(tmp_path / "data", "no")
    with redis.Redis(unix_socket_path=str(tmp_path / "data" / "redis.sock")) as connection:
        connection.set("a", "1")
    server = start()
    assert server.pid != pid and not is_alive(pid)
    with client(server) as connection:
        assert connection.get("a") == b"1"


def test_a_stopped_server_is_killed_in_the_end(start):
    server = start()
    os.kill(server.pid, signal.SIGSTOP)
    server.stop(patience_seconds=0.2)
    assert not server.running


def test_with_a_port_it_asks_for_the_password(start):
    password = 'a"b\\ c/@:'
    server = start(port=free_port(), password=password)
    with redis.Redis.from_url(server.tcp_url) as connection, client(server) as other:
        assert connection.ping() and other.ping()
    with socket.create_connection(("127.0.0.1", server.port)) as stranger:
        stranger.sendall(b"PING\r\n")
        assert stranger.recv(100).startswith(b"-NOAUTH")
    assert mode_of(server.folder / "redis.conf") == 0o600


def test_a_port_without_a_password_is_refused(tmp_path):
    with pytest.raises(ValueError, match="password"):
        Server(tmp_path, port=1234)


def test_a_port_in_use_is_told(start, tmp_path):
    first = start(port=free_port(), password="secret word")
    with pytest.raises(NoServer, match=r"ended at once: .*") as refusal:
        start(tmp_path / "other", port=first.port, password="secret word")
    assert "redis.log" in refusal.value.hint


def test_a_long_folder_name_gets_a_short_socket_path(start, tmp_path):
    server = start(tmp_path / ("x" * 100))
    assert len(os.fsencode(server.socket_path)) <= LONGEST_SOCKET_PATH
    short_folder = os.path.dirname(server.socket_path)
    assert mode_of(short_folder) == 0o700
    server.stop()
    assert not os.path.exists(short_folder)


def test_data_of_a_newer_server_are_refused(start):
    server = start()
    server.stop()
    (server.folder / "server.version").write_text("redis 99.1.0\n")
    with pytest.raises(NoServer, match=r"written by Redis 99\.1\.0") as refusal:
        server.start()
    assert "--data" in refusal.value.hint


def test_a_folder_of_redis_7_without_a_record_is_refused_by_an_older_server(tmp_path):
    if not in_wheel():
        pytest.skip("the 6.2 server of the wheel is not here")
    (tmp_path / "data" / "appendonlydir").mkdir(parents=True)
    with pytest.raises(NoServer, match=r"written by Redis 7\.0"):
        Server(tmp_path / "data", binary=in_wheel()).start()


@pytest.mark.parametrize(
    ("record", "product", "version", "readable"),
    [
        ("redis 6.2.14", "redis", (7, 0, 15), True),
        ("redis 7.0.99", "redis", (7, 0, 15), True),
        ("redis 7.2.4", "valkey", (8, 0, 1), True),
        ("redis 7.4.0", "valkey", (8, 0, 1), False),
        ("valkey 8.0.1", "redis", (8, 2, 0), False),
        ("valkey 8.1.0", "valkey", (8, 0, 1), False),
    ],
)
def test_which_server_may_read_whose_data(tmp_path, record, product, version, readable):
    (tmp_path / "server.version").write_text(record + "\n")
    binary = ServerBinary(tmp_path, product, version)
    if readable:
        embedded._refuse_newer_data(tmp_path, binary)
    else:
        with pytest.raises(NoServer, match="written by"):
            embedded._refuse_newer_data(tmp_path, binary)


def test_an_unreadable_record_is_refused(start):
    server = start()
    server.stop()
    (server.folder / "server.version").write_text("nonsense")
    with pytest.raises(NoServer, match="does not name a server version"):
        server.start()


def test_a_folder_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(NoServer, match="cannot be used"):
        Server(tmp_path / "file" / "data", binary=wanted_binary()).start()


def test_a_program_that_is_no_server_is_refused(tmp_path):
    with pytest.raises(NoServer, match="not a Redis server"):
        Server(tmp_path, binary="/bin/true").start()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
