"""Runs a Redis server of our own on a data folder: append-only file on, reachable through a unix socket only.

Two locks in the folder tell who uses it.  `owner.lock` is held by the process that started the server, `server.lock` is
inherited by the server itself.  So a second owner is refused, and a server left behind by an owner that was killed is
found, ended cleanly and replaced.  No process ids are trusted.
"""

import fcntl
import json
import os
import re
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from urllib.parse import quote

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from queue_core.errors import NoServer
from queue_core.parent_death import end_with_parent
from queue_core.server_binary import HINT, ServerBinary, examine, find

LONGEST_SOCKET_PATH = 107  # bytes; a limit of the kernel
_NEWEST_REDIS_VALKEY_READS = (7, 2)
_TORN = re.compile(r"Truncating the AOF .*?at offset (\d+)")


class Server:
    """One server on one data folder.

    folder: made with mode 0700 if it is missing; the data stay in it between runs.
    port: also listen on this TCP port of 127.0.0.1, with `password`; None: unix socket only.
    binary: the path of a server program; None: the first that `server_binary.find` gives.
    options: further lines of the server's configuration, as {name: value}.
    follow_parent: end cleanly when this process ends, also when it is killed with -9.

    torn_at: how many bytes of the append-only file were whole when the server last started, where its end was not:
    what was accepted last is lost then.  None: all of it was read."""

    def __init__(self, folder, port=None, binary=None, *, password=None, options=None, follow_parent=True):
        if port is not None and not password:
            raise ValueError("A server that listens on TCP needs a password.")
        self.folder = Path(folder).absolute()
        self.port, self.password = port, password
        self.options, self.follow_parent = dict(options or {}), follow_parent
        self.log_path = self.folder / "redis.log"
        self.socket_path = ""
        self.torn_at: int | None = None
        self._wanted_binary = binary
        self._binary: ServerBinary | None = None
        self._process: subprocess.Popen | None = None
        self._owner_lock = None

    @property
    def url(self) -> str:
        """What to give as REDIS_URL: the unix socket."""
        return _url(self.socket_path, self.password)

    @property
    def tcp_url(self) -> str:
        """The address of the TCP port; only of a server that was given one."""
        return f"redis://:{quote(self.password, safe='')}@127.0.0.1:{self.port}"

    @property
    def title(self) -> str:
        """Product and version, for people: "Redis 6.2.14"."""
        return self._binary.title

    @property
    def version(self) -> tuple[int, int, int]:
        return self._binary.version

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self, patience_seconds: float = 15.0) -> "Server":
        """The server, answering and with its data loaded.

        Loading large data may take longer than the patience.  Raises NoServer (attribute hint) when none is found, the
        folder is in use or was written by a newer server, or the server does not start."""
        self._binary = self._chosen_binary()
        self._own_folder()
        try:
            self._replace_left_over(patience_seconds)
            _refuse_newer_data(self.folder, self._binary)
            told_before = _size(self.log_path)
            self._launch()
            self._wait_until_ready(patience_seconds)
            self.torn_at = _torn_at(self.log_path, told_before)
            _record_version(self.folder, self._binary)
        except BaseException:
            self.kill()
            raise
        return self

    def stop(self, patience_seconds: float = 10.0) -> None:
        """Ends the server; what it accepted is on disk.  A server that hangs is killed after the patience."""
        if self.running:
            self._process.terminate()
            try:
                self._process.wait(patience_seconds)
            except subprocess.TimeoutExpired:
                self._process.kill()
        self._leave()

    def kill(self) -> None:
        """Ends the server as a crash does."""
        if self.running:
            self._process.kill()
        self._leave()

    def _leave(self) -> None:
        if self._process:
            self._process.wait()
            self._process = None
        if self.socket_path and Path(self.socket_path).parent != self.folder:
            shutil.rmtree(Path(self.socket_path).parent, ignore_errors=True)
        if self._owner_lock:
            self._owner_lock.close()
            self._owner_lock = None

    def _chosen_binary(self) -> ServerBinary:
        if self._wanted_binary is None:
            return find()
        if binary := examine(self._wanted_binary):
            return binary
        raise NoServer(f"{self._wanted_binary} is not a Redis server of version 6.2 or newer.", hint=HINT)

    def _own_folder(self) -> None:
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self.folder.chmod(0o700)
            self._owner_lock = open(self.folder / "owner.lock", "a")  # noqa: SIM115 - held for the server's life
        except OSError as error:
            hint = "Give another folder with --data."
            raise NoServer(f"The data folder {self.folder} cannot be used: {error.strerror}.", hint=hint) from error
        if not _try_lock(self._owner_lock):
            self._owner_lock.close()
            self._owner_lock = None
            hint = "Stop that one, or give another folder with --data."
            raise NoServer(f"The data folder {self.folder} is in use by another Signalbox.", hint=hint)

    def _replace_left_over(self, patience_seconds: float) -> None:
        with open(self.folder / "server.lock", "a") as lock:
            if _try_lock(lock):
                return
            _ask_to_end(self.folder)
            if not _wait_until(lambda: _try_lock(lock), patience_seconds):
                hint = "End it by hand, or give another folder with --data."
                raise NoServer(f"A Redis server left behind on {self.folder} does not end.", hint=hint)

    def _launch(self) -> None:
        self.socket_path = _socket_path(self.folder)
        configuration = self.folder / "redis.conf"
        _write_private(configuration, "".join(f"{line}\n" for line in self._configuration()))
        _write_private(self.folder / "server.json", json.dumps({"socket": self.socket_path, "password": self.password}))
        with open(self.folder / "server.lock", "a") as lock, open(self.log_path, "ab") as log:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self._process = subprocess.Popen(
                [self._binary.path, configuration],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                pass_fds=[lock.fileno()],
                # its own group, so that Ctrl-C in the terminal reaches the owner only
                process_group=0,
                preexec_fn=end_with_parent if self.follow_parent else None,
            )

    def _configuration(self):
        settings = {
            "port": self.port or 0,
            "bind": "127.0.0.1",
            "unixsocket": self.socket_path,
            "unixsocketperm": "700",
            "dir": str(self.folder),
            "appendonly": "yes",
            # with everysec a busy disk lets Redis answer before it has written, and a kill then loses accepted tasks
            "appendfsync": "always",
            "daemonize": "no",
            **({"requirepass": self.password} if self.password else {}),
            **self.options,
        }
        for name, value in settings.items():
            yield f"{name} {value}" if name == "bind" else f"{name} {_quoted(str(value))}"
        if "save" not in self.options:
            yield 'save ""'

    def _wait_until_ready(self, patience_seconds: float) -> None:
        deadline = time.monotonic() + patience_seconds
        while True:
            if not self.running:
                said = _last_words(self.log_path)
                raise NoServer(f"{self.title} ended at once: {said}", hint=f"See {self.log_path}.")
            try:
                with _probe(self.socket_path, self.password) as client:
                    client.ping()
                return
            except redis.BusyLoadingError:
                deadline = time.monotonic() + patience_seconds
            except redis.RedisError:
                pass
            if time.monotonic() > deadline:
                raise NoServer(f"{self.title} does not answer.", hint=f"See {self.log_path}.")
            time.sleep(0.01)


def url_of_running(folder) -> str | None:
    """The address of the server that runs on this data folder, or None when none answers."""
    try:
        left = json.loads((Path(folder) / "server.json").read_text())
        with _probe(left["socket"], left["password"]) as client:
            client.ping()
    except (OSError, ValueError, KeyError, redis.RedisError):
        return None
    return _url(left["socket"], left["password"])


def _url(socket_path: str, password: str | None) -> str:
    login = f":{quote(password, safe='')}@" if password else ""
    return f"unix://{login}{quote(socket_path)}"


def _probe(socket_path: str, password: str | None) -> redis.Redis:
    return redis.Redis(
        unix_socket_path=socket_path, password=password, protocol=2, socket_timeout=5, retry=Retry(NoBackoff(), 0)
    )


def _ask_to_end(folder: Path) -> None:
    try:
        left = json.loads((folder / "server.json").read_text())
        with _probe(left["socket"], left["password"]) as client:
            client.shutdown()
    except (OSError, ValueError, KeyError, redis.RedisError):
        return  # ending already, or not to be reached: the lock tells


def _socket_path(folder: Path) -> str:
    path = str(folder / "redis.sock")
    if len(os.fsencode(path)) <= LONGEST_SOCKET_PATH:
        return path
    base = os.environ.get("XDG_RUNTIME_DIR")
    usable = base and os.access(base, os.W_OK) and len(os.fsencode(base)) < 60
    return os.path.join(tempfile.mkdtemp(prefix="signalbox-", dir=base if usable else "/tmp"), "redis.sock")


def _refuse_newer_data(folder: Path, binary: ServerBinary) -> None:
    written_by, version = _recorded_version(folder)
    if written_by is None:
        return
    readable = version[:2] <= binary.version[:2]
    if (written_by, binary.product) == ("redis", "valkey"):
        readable = version[:2] <= _NEWEST_REDIS_VALKEY_READS
    elif written_by != binary.product:
        readable = False
    if not readable:
        older = f"{written_by.title()} {'.'.join(map(str, version))}"
        raise NoServer(
            f"The data folder {folder} was written by {older}, which {binary.title} cannot read without losing data.",
            hint="Put the newer server on the PATH again, or give another folder with --data.",
        )


def _recorded_version(folder: Path) -> tuple[str | None, tuple[int, ...]]:
    try:
        product, version = (folder / "server.version").read_text().split()
        return product, tuple(int(part) for part in version.split("."))
    except FileNotFoundError:
        # 7.0 writes a folder; an older server overlooks it and starts empty
        return ("redis", (7, 0)) if (folder / "appendonlydir").is_dir() else (None, ())
    except ValueError as error:
        path = folder / "server.version"
        raise NoServer(f"{path} does not name a server version.", hint="Give another folder with --data.") from error


def _record_version(folder: Path, binary: ServerBinary) -> None:
    (folder / "server.version").write_text(f"{binary.product} {'.'.join(map(str, binary.version))}\n")


def _try_lock(file) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _wait_until(condition, patience_seconds: float) -> bool:
    deadline = time.monotonic() + patience_seconds
    while not (met := condition()) and time.monotonic() < deadline:
        time.sleep(0.02)
    return met


def _write_private(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "\\r")
    return f'"{escaped}"'


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _torn_at(log_path: Path, told_before: int) -> int | None:
    with open(log_path, "rb") as log:
        log.seek(told_before)
        found = _TORN.search(log.read().decode(errors="replace"))
    return int(found[1]) if found else None


def _last_words(log_path: Path) -> str:
    lines = [line for line in log_path.read_text(errors="replace").splitlines() if line.strip()]
    return lines[-1].strip() if lines else "it said nothing"
