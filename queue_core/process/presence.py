"""A worker's entry in the registry: who it is, and what it runs."""

import contextlib
import os
import socket
from importlib.metadata import PackageNotFoundError, version

from queue_core.clock import monotonic
from queue_core.errors import StoreError
from queue_core.process import memory

_AT_MOST_EVERY_SECONDS = 1.0


def facts_of_this_process(kind: str, started_at: float) -> dict:
    try:
        release = version("signalbox")
    except PackageNotFoundError:  # run from a checkout that was not installed
        release = "unknown"
    return {
        "kind": kind,
        "host": socket.gethostname(),
        "pid": os.getpid(),
        "version": release,
        "started_at": started_at,
    }


class Presence:
    """describe: gives the facts as they are now.  obey: called with each order that was left for this process.

    Nothing here raises: a worker lives without being listed."""

    def __init__(self, engine, process_id: str, describe, obey=lambda order: None):
        self._workers = engine.workers
        self._engine = engine
        self._process_id = process_id
        self._describe = describe
        self._obey = obey
        self._told_at = -_AT_MOST_EVERY_SECONDS
        self._told = None

    def register(self) -> None:
        self._tell(self._workers.register)

    def beat(self) -> None:
        """Shows up when it is time to, or when something has changed; at most once a second."""
        silent_seconds = monotonic() - self._told_at
        if silent_seconds < _AT_MOST_EVERY_SECONDS:
            return
        if silent_seconds >= self._engine.settings.heartbeat_seconds or self._describe() != self._told:
            self._tell(self._workers.beat)

    def leave(self) -> None:
        with contextlib.suppress(StoreError):
            self._workers.leave(self._process_id)

    def _tell(self, how):
        facts, orders = self._describe(), []
        with contextlib.suppress(StoreError):
            # beside what is compared: memory changes all the time, and is no reason to speak up
            orders = how(self._process_id, facts | memory.in_use())
            self._told = facts
        self._told_at = monotonic()
        for order in orders or ():
            self._obey(order)
