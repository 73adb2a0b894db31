"""A Redis with a replica, both of which may be frozen, killed and promoted."""

import contextlib
import os
import signal
import socket

import redis

from queue_core import Server
from tests.servers import wanted_binary
from tests.waiting import wait_until

_PASSWORD = "faults"


class Pair:
    """Attributes: master, replica (Server)."""

    def __init__(self, folder):
        self.master = _server(folder / "master", {"repl-diskless-sync-delay": "0"})
        self.replica = _server(folder / "replica", {"masterauth": _PASSWORD})

    def __enter__(self):
        self.master.start()
        self.replica.start()
        with redis.Redis.from_url(self.replica.url) as client:
            client.replicaof("127.0.0.1", self.master.port)
        wait_until(self._is_replicated, 20, "the replica should follow")
        return self

    def __exit__(self, *_):
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.replica.pid, signal.SIGCONT)
        self.replica.stop()
        self.master.stop()

    def freeze_replica(self):
        os.kill(self.replica.pid, signal.SIGSTOP)

    def thaw_replica(self):
        os.kill(self.replica.pid, signal.SIGCONT)

    def fail_over(self) -> str:
        """The master's machine is gone; the address of the node that is left."""
        self.master.kill()
        with redis.Redis.from_url(self.replica.url) as client:
            client.replicaof("NO", "ONE")
        return self.replica.url

    def _is_replicated(self) -> bool:
        with redis.Redis.from_url(self.master.url) as client:
            return client.info("replication").get("slave0", {}).get("state") == "online"


def _server(folder, options):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = {"appendonly": "no"} | options
    return Server(folder, port=port, password=_PASSWORD, binary=wanted_binary(), options=options)
