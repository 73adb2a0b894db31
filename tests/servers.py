"""Which Redis the tests run on: SIGNALBOX_TEST_REDIS = 6.2 (the wheel's) | 7.0 (the distribution's) | a path."""

import os
import shutil
from pathlib import Path

from queue_core.errors import NoServer
from queue_core.server_binary import ServerBinary, examine, in_wheel, unpack


def binary_for(wanted: str) -> ServerBinary:
    """The server program for "6.2", "7.0" or a path.  Raises NoServer."""
    binary = examine(wanted) if os.sep in wanted else _of_version(tuple(map(int, wanted.split("."))))
    if binary is None:
        raise NoServer(f"There is no Redis {wanted} here.")
    return binary


def wanted_binary() -> Path:
    return binary_for(os.environ.get("SIGNALBOX_TEST_REDIS", "6.2")).path


def _of_version(version: tuple[int, ...]) -> ServerBinary | None:
    candidates = [path for path in (in_wheel(), shutil.which("redis-server")) if path]
    for binary in filter(None, map(examine, candidates)):
        if binary.version[: len(version)] == version:
            return binary
    unpacked = unpack() if version >= (7, 0) else None
    return unpacked if unpacked and unpacked.version[: len(version)] == version else None
