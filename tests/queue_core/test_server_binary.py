"""Finding a server program, in the promised order."""

import pytest

from queue_core import server_binary
from queue_core.errors import NoServer


def fake_server(folder, name, says):
    folder.mkdir(exist_ok=True)
    program = folder / name
    program.write_text(f"#!/bin/sh\necho '{says}'\n")
    program.chmod(0o755)
    return program


@pytest.fixture
def path_folder(tmp_path, monkeypatch):
    """The only folder on the PATH, with a shell but no server in it."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return folder


def test_valkey_on_the_path_comes_first(path_folder):
    fake_server(path_folder, "redis-server", "Redis server v=7.0.15 sha=00000000:0")
    fake_server(path_folder, "valkey-server", "Valkey server v=8.0.1 sha=00000000:0")
    found = server_binary.find()
    assert (found.product, found.version, found.title) == ("valkey", (8, 0, 1), "Valkey 8.0.1")


def test_a_server_that_is_too_old_is_passed_over(path_folder):
    fake_server(path_folder, "redis-server", "Redis server v=5.0.14 sha=00000000:0")
    assert server_binary.find().path == server_binary.in_wheel()


def test_the_wheel_serves_where_the_path_has_none(path_folder):
    assert server_binary.find().version[:2] == (6, 2)


def test_an_unpacked_server_serves_where_there_is_no_wheel(path_folder, monkeypatch):
    monkeypatch.setattr(server_binary, "in_wheel", lambda: None)
    kept = server_binary.cache_folder()
    kept.mkdir(parents=True)
    fake_server(kept, "redis-server", "Redis server v=7.0.15 sha=00000000:0")
    assert server_binary.find().path == kept / "redis-server"


def test_without_any_way_to_a_server_the_error_says_what_to_do(path_folder, monkeypatch):
    monkeypatch.setattr(server_binary, "in_wheel", lambda: None)
    with pytest.raises(NoServer, match="no apt-get") as refusal:
        server_binary.find()
    assert "REDIS_URL" in refusal.value.hint


def test_a_download_that_fails_is_told_with_its_reason(path_folder, monkeypatch):
    monkeypatch.setattr(server_binary, "in_wheel", lambda: None)
    program = fake_server(path_folder, "apt-get", "")
    program.write_text("#!/bin/sh\necho 'E: could not connect' >&2\nexit 100\n")
    fake_server(path_folder, "dpkg-deb", "")
    with pytest.raises(NoServer, match="fetching the package redis-server failed: E: could not connect"):
        server_binary.find()


def test_nonsense_is_no_server(tmp_path):
    assert server_binary.examine(fake_server(tmp_path, "redis-server", "hello")) is None
    assert server_binary.examine(tmp_path / "missing") is None
