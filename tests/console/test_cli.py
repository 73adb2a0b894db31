"""The commands console and users."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request

import pytest
from click.testing import CliRunner

from console.cli import commands
from queue_core.cli import main
from queue_core.errors import InvalidCredentials, InvalidRequest, StoreUnavailable, UserNotFound
from tests.waiting import wait_until

PASSWORD = "correct horse battery"


@pytest.fixture
def run(redis_url):
    """Runs `users …` on the empty Redis; raises what the command raises."""

    def run(*arguments, input=None):
        return CliRunner().invoke(
            commands, ["users", "--redis-url", redis_url, *arguments], input=input, catch_exceptions=False
        )

    return run


def may_log_in(engine, name, password):
    try:
        return bool(engine.people.authenticate(name, password, address="test"))
    except InvalidCredentials:
        return False


# -- users --
def test_a_user_is_added_with_a_password_typed_twice(run, engine):
    result = run("add", "ann", "--role", "operator", input=f"{PASSWORD}\n{PASSWORD}\n")
    assert result.exit_code == 0
    assert "ann may log in as operator." in result.output
    assert PASSWORD not in result.output
    assert may_log_in(engine, "ann", PASSWORD)


def test_a_token_is_made_printed_once_listed_and_revoked(run, engine, redis_url):
    def tokens(*arguments):
        return CliRunner().invoke(commands, ["tokens", "--redis-url", redis_url, *arguments], catch_exceptions=False)

    run("add", "ann", "--role", "operator", "--generate")
    made = tokens("create", "deploy-bot", "--user", "ann", "--role", "operator", "--queue", "billing")
    text = made.stdout.strip()
    assert engine.people.of_token(text, address="test")[1].name == "deploy-bot"
    listed = tokens("list").output
    assert "ann  deploy-bot  operator on billing" in listed and text not in listed
    (token,) = engine.people.tokens.all("ann")
    assert 89 < (token.expires_at - engine.clock.now()) / 86_400 < 91
    assert tokens("revoke", token.id).exit_code == 0
    assert tokens("list", "--user", "ann").output == ""
    assert [act.verb for act in engine.audit.page().entries[:2]] == ["revoke_token", "create_token"]
    with pytest.raises(UserNotFound):
        tokens("create", "x", "--user", "nobody", "--role", "viewer")


def test_a_user_is_added_without_a_password_and_sets_one_by_a_link(run, engine):
    added = run("add", "ann", "--role", "operator", "--link")
    _, name, secret = added.stdout.strip().removeprefix("/").split("/")
    assert (name, "shown this once only" in added.stderr) == ("ann", True)
    engine.people.set_password_by_link(name, secret, PASSWORD, address="test")
    assert may_log_in(engine, "ann", PASSWORD)
    assert [act.verb for act in engine.audit.page().entries] == ["make_link", "add_user"]


def test_a_link_for_another_password_is_printed_in_full_where_the_console_is_known(run, engine):
    run("add", "ann", "--role", "operator", "--generate")
    first = run("link", "ann").stdout.strip()
    second = run("link", "ann", "--console", "https://box.example/signals/").stdout.strip()
    assert second.startswith("https://box.example/signals/password/ann/")
    assert engine.people.link("ann", first.rpartition("/")[2]) is None
    assert engine.people.link("ann", second.rpartition("/")[2]).user == "ann"
    with pytest.raises(UserNotFound):
        run("link", "nobody")


@pytest.mark.parametrize("other", [["--generate"], ["--password-file", "-"]])
def test_a_password_comes_from_one_place_only(run, engine, other):
    assert run("add", "ann", "--role", "viewer", "--link", *other, input=PASSWORD).exit_code == 2
    assert engine.people.count() == 0


def test_a_grant_is_given_listed_taken_back_and_recorded(run, engine):
    run("add", "ann", "--role", "viewer", "--generate")
    assert "ann is operator on billing and its subqueues now." in run("grant", "ann", "operator", "billing").output
    assert run("list").output.endswith("operator on billing\n")
    assert run("revoke", "ann", "billing").exit_code == 0
    assert engine.people.find("ann").grants == ()
    acts = [(act.verb, act.facts) for act in engine.audit.page().entries[:2]]
    assert acts == [
        ("revoke", {"user": "ann", "on": "billing"}),
        ("grant", {"user": "ann", "role": "operator", "on": "billing"}),
    ]


def test_a_password_comes_from_the_first_line_of_a_file_or_stdin(run, engine, tmp_path):
    file = tmp_path / "password"
    file.write_text(f"{PASSWORD}\nmore\n")
    assert run("add", "ann", "--role", "viewer", "--password-file", str(file)).exit_code == 0
    assert run("add", "bob", "--role", "viewer", "--password-file", "-", input=f"{PASSWORD}2\r\n").exit_code == 0
    assert may_log_in(engine, "ann", PASSWORD)
    assert may_log_in(engine, "bob", f"{PASSWORD}2")


def test_a_generated_password_is_printed_once_and_works(run, engine):
    result = run("add", "ann", "--role", "admin", "--generate")
    (password,) = re.findall(r"^Password: (\S+)$", result.stdout, re.MULTILINE)
    assert len(password) >= 20
    assert may_log_in(engine, "ann", password)


def test_a_password_cannot_be_given_as_an_argument(run, engine):
    assert run("add", "ann", PASSWORD, "--role", "admin").exit_code == 2
    assert run("add", "ann", "--role", "admin", "--password", PASSWORD).exit_code == 2
    assert engine.people.count() == 0


def test_two_sources_of_a_password_are_refused(run, engine):
    assert run("add", "ann", "--role", "admin", "--generate", "--password-file", "-").exit_code == 2
    assert engine.people.count() == 0


def test_a_weak_password_or_a_bad_name_is_refused_in_one_sentence(run, engine):
    with pytest.raises(InvalidRequest, match="10 to 1000 characters"):
        run("add", "ann", "--role", "admin", "--password-file", "-", input="short\n")
    with pytest.raises(InvalidRequest, match="A user name has"):
        run("add", "ann smith", "--role", "admin", "--generate")
    assert engine.people.count() == 0


def test_a_password_file_that_is_not_text_is_refused(run, tmp_path):
    file = tmp_path / "password"
    file.write_bytes(b"\xff\xfe\xfd" * 10)
    with pytest.raises(InvalidRequest, match="not UTF-8"):
        run("add", "ann", "--role", "admin", "--password-file", str(file))


def test_password_role_and_remove_change_the_user(run, engine):
    run("add", "ann", "--role", "viewer", "--generate")
    assert run("password", "ann", input=f"{PASSWORD}\n{PASSWORD}\n").exit_code == 0
    assert may_log_in(engine, "ann", PASSWORD)
    assert run("role", "ann", "admin").output == "ann is admin now.\n"
    assert engine.people.find("ann").role == "admin"
    assert run("remove", "ann").output == "ann is removed.\n"
    assert engine.people.count() == 0


@pytest.mark.parametrize(
    "arguments", [("remove", "ghost"), ("role", "ghost", "admin"), ("password", "ghost", "--generate")]
)
def test_changing_a_user_that_does_not_exist_says_so(run, arguments):
    with pytest.raises(UserNotFound, match="no user named ghost"):
        run(*arguments)


def test_logging_a_user_out_ends_sessions_and_keeps_the_password(run, engine):
    before = engine.people.add("ann", PASSWORD, "viewer")
    assert "ann is logged out everywhere." in run("logout", "ann").output
    assert engine.people.find("ann").epoch != before.epoch
    assert may_log_in(engine, "ann", PASSWORD)
    assert [entry.facts for entry in engine.audit.page(verb="logout_everywhere").entries] == [{"user": "ann"}]
    with pytest.raises(UserNotFound):
        run("logout", "nobody")


def test_every_change_is_in_the_audit_trail_without_any_password(run, engine, raw):
    result = run("add", "ann", "--role", "viewer", "--generate")
    run("role", "ann", "admin")
    run("password", "ann", "--password-file", "-", input=f"{PASSWORD}\n")
    run("remove", "ann")
    entries = engine.audit.page().entries
    assert [entry.verb for entry in entries] == ["remove_user", "set_password", "set_role", "add_user"]
    assert {(entry.door, entry.outcome, entry.facts["user"]) for entry in entries} == {("command line", "done", "ann")}
    written = json.dumps([entry.facts for entry in entries])
    assert PASSWORD not in written
    assert "scrypt" not in written
    assert re.search(r"Password: (\S+)", result.stdout)[1] not in written


def test_the_list_shows_names_roles_and_moments_and_no_hash(run):
    run("add", "ann", "--role", "viewer", "--generate")
    run("add", "roberta", "--role", "admin", "--generate")
    lines = run("list").stdout.splitlines()
    assert [line.split()[:2] for line in lines] == [["ann", "viewer"], ["roberta", "admin"]]
    assert "scrypt" not in "".join(lines)


def test_an_empty_list_tells_how_to_add_a_user(run):
    assert "signalbox users add NAME --role admin" in run("list").stderr


def test_the_whole_command_answers_bad_input_with_one_line_and_status_1(redis_url):
    result = CliRunner().invoke(main, ["users", "--redis-url", redis_url, "remove", "ghost"])
    assert (result.exit_code, result.stderr) == (1, "Error: There is no user named ghost.\n")


def test_help_needs_no_redis():
    assert CliRunner().invoke(commands, ["users", "add", "--help"], env={"REDIS_URL": ""}).exit_code == 0


def test_redis_away_is_told_as_such():
    with pytest.raises(StoreUnavailable):
        CliRunner().invoke(commands, ["users", "--redis-url", "unix:///nowhere", "list"], catch_exceptions=False)


# -- console --
class Console:
    """`signalbox console` as a process."""

    def __init__(self, redis_url, *arguments):
        self.port = _free_port()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "queue_core.cli", "console", "--port", str(self.port), "--workers", "1", *arguments],
            env=os.environ | {"REDIS_URL": redis_url},
            stderr=subprocess.PIPE,
            text=True,
        )

    def health(self):
        """The status of /healthz; None while nobody answers."""
        assert self.process.poll() is None, self.process.stderr.read()
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=5) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return None

    def observer(self):
        """The pid of the observer, or None."""
        for pid in _children(self.process.pid):
            if b"--observe" in _command_line(pid).split(b"\0"):
                return pid
        return None

    def end(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        return self.process.communicate(timeout=20)[1]


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _children(pid):
    with open(f"/proc/{pid}/task/{pid}/children") as file:
        return [int(child) for child in file.read().split()]


def _command_line(pid):
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            return file.read()
    except OSError:
        return b""


def _alive(pid):
    # a process that has ended and is not reaped yet has no command line
    return bool(_command_line(pid))


@pytest.fixture
def start(redis_url):
    started = []

    def start(*arguments, redis_url=redis_url):
        started.append(Console(redis_url, *arguments))
        return started[-1]

    yield start
    for console in started:
        if console.process.poll() is None:
            console.end(signal.SIGKILL)


def test_the_console_serves_and_ends_cleanly_with_its_observer(start):
    console = start()
    wait_until(lambda: console.health() == 200, 30)
    observer = wait_until(console.observer)
    log = console.end()
    assert console.process.returncode == 0
    assert "No user exists yet." in log
    assert "Traceback" not in log
    wait_until(lambda: not _alive(observer))


def test_an_observer_that_is_killed_is_started_again(start):
    console = start()
    first = wait_until(console.observer, 30)
    os.kill(first, signal.SIGKILL)
    assert wait_until(lambda: console.observer() not in (None, first) and console.observer(), 30)


def test_the_observer_ends_with_a_console_that_is_killed(start):
    console = start()
    wait_until(lambda: console.health() == 200, 30)
    observer = wait_until(console.observer)
    workers = _children(console.process.pid)
    console.end(signal.SIGKILL)
    wait_until(lambda: not any(map(_alive, [observer, *workers])), 30)


def test_the_observer_keeps_fresh_counts(start, engine):
    start()
    assert wait_until(engine.snapshot.read, 30)


def test_a_console_whose_redis_is_away_serves_and_says_so(start):
    console = start(redis_url="unix:///nowhere/redis.sock")
    wait_until(lambda: console.health() == 503, 30)
    assert "starts all the same" in console.end()


def test_a_port_in_use_is_one_clear_sentence(redis_url):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        ended = subprocess.run(
            [sys.executable, "-m", "queue_core.cli", "console", "--port", port],
            env=os.environ | {"REDIS_URL": redis_url},
            capture_output=True,
            text=True,
            timeout=30,
        )
    assert ended.returncode not in (0, None)
    assert f"Port {port} on 127.0.0.1 cannot be used" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_password_in_the_address_of_redis_is_not_in_the_observers_arguments(start, redis_url, engine):
    secret = "very-secret-password"
    console = start("--redis-url", f"redis://:{secret}@127.0.0.1:1/0")
    observer = wait_until(console.observer, 30)
    assert secret.encode() not in _command_line(observer)
