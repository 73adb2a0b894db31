"""`signalbox up`: everything on this machine, in one terminal, until Ctrl-C.

Redis, sweeper, workers, the console and the sample application are child processes.  They are started in that order,
ended in the opposite one, and none outlives this process, even one killed with -9.  The data stay.
"""

import importlib.util
import os
import secrets
import signal
import socket
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from console.supervisor import Child, Supervisor, last_lines
from queue_core import Actor, Engine, Server
from queue_core.errors import InvalidSettings, SignalboxError, StoreUnavailable

HOST = "127.0.0.1"
FIRST_USER = "admin"
STOP_PATIENCE_SECONDS = 15.0
CONSOLE_PATIENCE_SECONDS = 30.0
ENDS_BEFORE_GIVING_UP = 3
LOOK_EVERY_SECONDS = 0.2

CONSOLE, SWEEPER, SERVICES, WORKERS, PRODUCER = range(5)


@dataclass(frozen=True)
class Options:
    """What `signalbox up` was asked for.  redis_url None: REDIS_URL, else a server of our own in `data`."""

    port: int = 8030
    redis_url: str | None = None
    workers: int = 1
    samples: bool = True
    smoke: bool = False
    data: str = ".signalbox"


def run(options: Options) -> int:
    """Runs until SIGINT or SIGTERM, or the checks of `--smoke`.  The exit code; what went wrong has been said."""
    from console import smoke

    try:
        return smoke.run(options) if options.smoke else serve(options)
    except SignalboxError as error:
        _complain(error)
        return 1


def serve(options: Options) -> int:
    """Starts everything, shows where it is, and looks after it.  Raises SignalboxError when it cannot be started."""
    stop = Stop()
    named = os.environ.get("SIGNALBOX_REDIS_URL") or os.environ.get("REDIS_URL")
    site = Site(options, named, tell=_say)
    try:
        site.start(stop)
        if not stop.asked:
            _say(site.screen())
        while not stop.wait(LOOK_EVERY_SECONDS):
            site.look_after()
        _say("Stopping; a running task may end first.  Ctrl-C again ends it at once.")
    finally:
        site.stop(stop)
    _say(f"Everything has ended; the data are kept in {site.folder}.")
    return 0


class Stop:
    """Whether the user asked to stop.  The first signal asks; later ones while stopping mean: at once."""

    def __init__(self):
        self.asked = self.at_once = False
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._note)

    def wait(self, seconds: float) -> bool:
        """Sleeps for up to so long; whether to stop."""
        deadline = time.monotonic() + seconds
        # in short naps, since a signal does not end a sleep
        while not self.asked and time.monotonic() < deadline:
            time.sleep(0.05)
        return self.asked

    def _note(self, number, frame):
        if not self.asked:
            self.asked = True
        elif not self.at_once:
            self.at_once = True
            raise KeyboardInterrupt


class Site:
    """All processes of one installation on this machine.

    environment_url: a Redis named by the environment, used when the options name none."""

    def __init__(self, options: Options, environment_url: str | None, *, tell):
        self.options, self._tell = options, tell
        self.folder = Path(options.data).absolute()
        self.port = options.port
        self.redis_url = options.redis_url or environment_url or ""
        self.redis_title = ""
        self.password: str | None = None
        self.samples = None
        self.server: Server | None = None
        self.engine: Engine | None = None
        self.supervisor = Supervisor(tell)
        self._server_again_at = 0.0

    @property
    def address(self) -> str:
        return f"http://{HOST}:{self.port}"

    @property
    def shop_folder(self) -> Path:
        """Where the sample application leaves its output."""
        return self.folder / "shop"

    def start(self, stop: Stop) -> None:
        """Starts everything and waits until the console answers.  Raises SignalboxError (some with a `hint`)."""
        self.port = _usable_port(self.options.port)
        self._make_folder()
        self._tell("Starting Redis …")
        self._start_redis()
        self.password = self._first_password()
        self.samples = self._samples()
        self._tell("Starting the console, the sweeper and what they serve …")
        self.supervisor.start(self._children())
        self._wait_for_console(stop)

    def look_after(self) -> None:
        """Starts again what has died, and says so."""
        if self.server and not self.server.running and time.monotonic() >= self._server_again_at:
            self._restart_redis()
        self.supervisor.look_after()

    def stop(self, stop: Stop) -> None:
        """Ends everything in order: producers, workers, sweeper, console, Redis."""
        try:
            if not stop.at_once:
                self.supervisor.stop(STOP_PATIENCE_SECONDS)
        except KeyboardInterrupt:
            self._tell("Ending at once.")
        finally:
            self.supervisor.kill()
            if self.engine:
                self.engine.close()
            if self.server:
                self.server.stop()

    def screen(self) -> str:
        """What a person needs to know, on one screen."""
        own = "started here" if self.server else "not started here"
        return "\n".join(
            [
                "",
                "Signalbox is running.",
                f"  Console    {self.address}",
                *self._login_lines(),
                f"  Redis      {self.redis_title}, {own}",
                f"             for your own processes: REDIS_URL={_without_password(self.redis_url)}",
                f"  Processes  {', '.join(child.name for child in self.supervisor.children)}",
                *self._sample_lines(),
                f"  Data       {self.folder}",
                f"  Log files  {self.folder / 'logs'}",
                "Ctrl-C stops everything; the data are kept.",
                "",
            ]
        )

    def _login_lines(self):
        command = f"{Path(sys.executable).parent / 'signalbox'} users --redis-url {_without_password(self.redis_url)}"
        if self.password:
            yield f"  Log in     {FIRST_USER}   password: {self.password}"
            yield f"             (shown this once; a new one: {command} password {FIRST_USER} --generate)"
        else:
            yield "  Log in     as before: the users are kept"
            yield f"             (forgotten? {command} password {FIRST_USER} --generate)"

    def _sample_lines(self):
        if not self.samples:
            yield "             no worker: there is no code to run.  Yours: signalbox worker -m your.module"

    def _make_folder(self) -> None:
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self.folder.chmod(0o700)
        except OSError as error:
            raise InvalidSettings(
                f"The data folder {self.folder} cannot be used: {error.strerror}.",
                hint="Give another folder with --data.",
            ) from error

    def _start_redis(self) -> None:
        if not self.redis_url:
            self.server = Server(self.folder / "redis").start()
            self.redis_url = self.server.url
            self._tell_torn_end()
        self.engine = Engine(self.redis_url)
        try:
            facts = self.engine.store.client.info("server")
        except StoreUnavailable as error:
            error.hint = "Is it running?  Check --redis-url and REDIS_URL, or leave both out for a Redis of our own."
            raise
        self.redis_title = f"{facts.get('server_name', 'redis').title()} {facts['redis_version']}"

    def _restart_redis(self) -> None:
        self._tell(f"Redis has ended and starts again on the same data.  Its log: {self.server.log_path}")
        try:
            self.server.kill()
            self.server.start()
            self._tell_torn_end()
        except SignalboxError as error:
            self._server_again_at = time.monotonic() + 5
            _complain(error)

    def _tell_torn_end(self) -> None:
        if self.server.torn_at is not None:
            self._tell(
                f"The end of Redis' file was torn: what was accepted last is lost, and all before byte "
                f"{self.server.torn_at} is there.  Its log: {self.server.log_path}"
            )

    def _first_password(self) -> str | None:
        """The password of the first user, made now; None when there are users already."""
        if self.engine.people.count():
            return None
        password = secrets.token_urlsafe(15)
        self.engine.people.add(FIRST_USER, password, "admin")
        actor = Actor("signalbox up", "command line")
        self.engine.audit.record("add_user", actor=actor, outcome="done", user=FIRST_USER, role="admin")
        return password

    def _samples(self):
        """The sample application, or None: not wanted, not in a checkout, or somebody else's tasks are here."""
        if not self.options.samples or not importlib.util.find_spec("samples"):
            return None
        if not self.server and any(self.engine.leases.queues(state) for state in ("queued", "active", "scheduled")):
            self._tell("This Redis holds tasks already, so the sample application is left out.")
            return None
        import samples

        return samples

    def _children(self) -> list[Child]:
        command = (sys.executable, "-m", "queue_core.cli")
        children = [
            self._child("console", (*command, "console", "--port", str(self.port)), CONSOLE),
            self._child("sweeper", (*command, "sweeper"), SWEEPER),
        ]
        if self.samples:
            modules = [part for module in self.samples.WORKER_MODULES for part in ("-m", module)]
            # the last one makes the work: it starts after the workers and ends before them
            *services, producer = self.samples.PROCESSES
            children += [self._child(name, argv, SERVICES) for name, argv in services]
            children += [self._child(name, (*command, "worker", *modules), WORKERS) for name in self._worker_names()]
            children.append(self._child(*producer, PRODUCER))
        return children

    def _worker_names(self):
        several = self.options.workers > 1
        return [f"worker {number}" if several else "worker" for number in range(1, self.options.workers + 1)]

    def _child(self, name: str, argv: tuple, stage: int) -> Child:
        log_path = self.folder / "logs" / f"{name.replace(' ', '-')}.log"
        return Child(name, argv, stage, log_path, self._environment(), self._working_folder())

    def _environment(self) -> dict:
        return {
            **os.environ,
            "REDIS_URL": self.redis_url,
            "SIGNALBOX_REDIS_URL": self.redis_url,
            "SHOP_OUTPUT": str(self.shop_folder),
            "PYTHONUNBUFFERED": "1",
        }

    def _working_folder(self) -> Path:
        # from here `python -m` finds the sample application
        return Path(self.samples.__file__).resolve().parent.parent if self.samples else Path.cwd()

    def _wait_for_console(self, stop: Stop) -> None:
        console, deadline = self.supervisor.children[0], time.monotonic() + CONSOLE_PATIENCE_SECONDS
        while not self._console_answers():
            if stop.wait(0.1):
                return
            self.supervisor.look_after()
            if console.times_ended == ENDS_BEFORE_GIVING_UP or time.monotonic() > deadline:
                raise StoreUnavailable(
                    f"The console does not answer on {self.address}.",
                    hint=f"The end of {console.log_path}:\n{last_lines(console.log_path)}",
                )

    def _console_answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.address}/healthz", timeout=2) as answer:
                return answer.status == 200
        except (OSError, urllib.error.URLError):
            return False


def _usable_port(port: int) -> int:
    """`port`, or a free one for 0.  Raises InvalidSettings when it is in use."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise InvalidSettings(
                f"Port {port} cannot be used: {error.strerror}.",
                hint="Choose another with --port, or stop what uses it; --port 0 takes any free one.",
            ) from error
        return probe.getsockname()[1]


def _without_password(url: str) -> str:
    scheme, separator, rest = url.partition("://")
    login, at, place = rest.rpartition("@")
    return f"{scheme}{separator}{'…@' if at and login else ''}{place}"


def _complain(error: SignalboxError) -> None:
    print(f"Signalbox: {error}", file=sys.stderr)
    if hint := getattr(error, "hint", ""):
        print(f"Hint: {hint}", file=sys.stderr)


def _say(text: str) -> None:
    print(text, flush=True)
