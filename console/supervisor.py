"""Child processes of `signalbox up`: started, started again when they die, ended in order."""

import os
import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

from queue_core import end_with_parent

STEADY_SECONDS = 60.0
FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 30.0
LARGEST_LOG_BYTES = 10_000_000


@dataclass
class Child:
    """One process to keep alive.  stage: children of a higher stage are started later and ended earlier."""

    name: str
    argv: tuple
    stage: int
    log_path: Path
    environment: dict = field(repr=False)
    folder: Path
    process: subprocess.Popen | None = None
    started_at: float = 0.0
    pause_seconds: float = FIRST_PAUSE_SECONDS
    again_at: float | None = None
    times_ended: int = 0

    def start(self) -> None:
        self.started_at, self.again_at = time.monotonic(), None
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                self.argv,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                env=self.environment,
                # Ctrl-C in the terminal reaches the supervisor only, which ends its children in order
                process_group=0,
                preexec_fn=_die_with_supervisor,
            )

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None


class Supervisor:
    """Keeps children alive until told to stop.  tell: called with one sentence about each thing that happens."""

    def __init__(self, tell):
        self._tell = tell
        self.children: list[Child] = []

    def start(self, children: list[Child]) -> None:
        """Starts the children, lower stages first."""
        for child in sorted(children, key=lambda child: child.stage):
            _trim(child.log_path)
            self.children.append(child)
            child.start()

    def look_after(self) -> None:
        """One look at every child: says who died, and starts it again after a pause that grows while it keeps dying."""
        now = time.monotonic()
        for child in self.children:
            if child.running:
                continue
            if child.again_at is None:
                self._plan_restart(child, now)
            elif now >= child.again_at:
                child.start()

    def stop(self, patience_seconds: float) -> None:
        """Ends the children, higher stages first, each stage at once; who does not end in time is killed."""
        for stage in sorted({child.stage for child in self.children}, reverse=True):
            members = [child for child in self.children if child.stage == stage]
            for child in members:
                _signal(child, signal.SIGTERM)
            deadline = time.monotonic() + patience_seconds
            for child in members:
                self._wait_or_kill(child, deadline)
        self.children = []

    def kill(self) -> None:
        """Ends all children at once; what they had in hand is recovered at the next start."""
        for child in self.children:
            _signal_group(child, signal.SIGKILL)
        for child in self.children:
            if child.process:
                child.process.wait()
        self.children = []

    def _plan_restart(self, child: Child, now: float) -> None:
        if now - child.started_at > STEADY_SECONDS:
            child.pause_seconds = FIRST_PAUSE_SECONDS
        child.times_ended += 1
        child.again_at = now + child.pause_seconds
        self._tell(
            f"The {child.name} {_ending(child.process.returncode)}; it starts again in {child.pause_seconds:g} s.  "
            f"Its log: {child.log_path}"
        )
        child.pause_seconds = min(child.pause_seconds * 2, LONGEST_PAUSE_SECONDS)

    def _wait_or_kill(self, child: Child, deadline: float) -> None:
        if not child.process:
            return
        try:
            child.process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            self._tell(f"The {child.name} does not end in time and is killed; its work is recovered at the next start.")
            _signal_group(child, signal.SIGKILL)
            child.process.wait()


def last_lines(path: Path, count: int = 5) -> str:
    """The end of a log file, for people; control characters are left out."""
    try:
        with open(path, "rb") as file:
            file.seek(max(0, path.stat().st_size - 10_000))
            lines = file.read().decode("utf-8", "replace").splitlines()
    except OSError:
        return ""
    readable = ("".join(char for char in line if char.isprintable()) for line in lines)
    return "\n".join([line for line in readable if line.strip()][-count:])


def _die_with_supervisor() -> None:
    # not SIGTERM: Redis ends at the same moment, and a worker asked to stop would wait for it
    end_with_parent(signal.SIGKILL)


def _signal(child: Child, number: int) -> None:
    if child.running:
        child.process.send_signal(number)


def _signal_group(child: Child, number: int) -> None:
    if child.running:
        os.killpg(child.process.pid, number)


def _ending(status: int) -> str:
    if status < 0:
        return f"was killed by signal {-status}"
    return f"ended with status {status}"


def _trim(log_path: Path) -> None:
    log_path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if log_path.exists() and log_path.stat().st_size > LARGEST_LOG_BYTES:
        log_path.replace(log_path.with_suffix(".old.log"))
