"""Scripts sent in order on a connection of their own, without waiting for each reply.

What was sent and not answered is kept: after a lost connection it is sent again, in order; so it is when a server that
answers takes no writes for now.  So only scripts that refuse to happen twice belong here (the fenced ones: their lease
is gone once they have happened).
"""

import contextlib
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import redis

from queue_core.connection import our_errors, translated
from queue_core.crash_points import reach
from queue_core.errors import StoreUnavailable
from queue_core.store import Call, Store


@dataclass(frozen=True)
class Sent:
    """A script on its way.  on_reply(reply, repeated): the reply may be an exception; repeated: sent more than once."""

    call: Call
    on_reply: Callable


class Stream:
    """Not for several threads at once."""

    def __init__(self, store: Store):
        self._store = store
        self._connection = None
        self._known_scripts: set[str] = set()
        self._buffered: deque[Sent] = deque()
        self._unanswered: deque[Sent] = deque()
        self._repeated = 0

    def add(self, call: Call, on_reply: Callable) -> None:
        """Puts a script in line; nothing is sent before `flush`."""
        self._buffered.append(Sent(call, on_reply))

    def flush(self) -> None:
        """Sends all that is in line in one write.  Raises StoreUnavailable; nothing is forgotten then."""
        if self._buffered or (self._unanswered and self._connection is None):
            with self._closed_on_error():
                self._connect()
                line = list(self._buffered)
                self._unanswered.extend(line)
                self._buffered.clear()
                self._send(line)

    def drain(self) -> None:
        """Sends what is in line and reads all replies.  Raises StoreUnavailable; nothing is forgotten then."""
        self.flush()
        with self._closed_on_error():
            while self._unanswered:
                self._read_one()

    def _read_one(self):
        self._connect()
        reply = self._read()
        if isinstance(reply, redis.exceptions.NoScriptError):
            self.close()  # the next connection sends it again in full
            return
        if isinstance(reply, StoreUnavailable):
            raise reply  # nothing was written for now; it goes again, and with it what was sent behind it
        sent = self._unanswered.popleft()
        repeated = self._repeated > 0
        self._repeated = max(self._repeated - 1, 0)
        reach("after", sent.call.script.name)
        sent.on_reply(reply, repeated)

    def ask(self, call: Call):
        """The reply of one script, after those of all before it.  Raises what it refuses with, StoreUnavailable.

        A script that was asked for is not sent again: the caller knows whether it may."""
        self.drain()
        with self._closed_on_error():
            self._connect()
            self._send([Sent(call, None)])
            reply = self._read()
            if isinstance(reply, redis.exceptions.NoScriptError):
                self._send([Sent(call, None)], in_full=True)
                reply = self._read()
            if isinstance(reply, StoreUnavailable):
                raise reply
        reach("after", call.script.name)
        if isinstance(reply, BaseException):
            raise reply
        return reply

    @property
    def waiting(self) -> int:
        """Scripts without a reply so far."""
        return len(self._buffered) + len(self._unanswered)

    def close(self) -> None:
        if self._connection is not None:
            self._connection.disconnect()
            self._connection = None

    # -- the connection --

    def _connect(self) -> None:
        if self._connection is not None:
            return
        connection = self._store.client.connection_pool.one_apart()
        with our_errors():
            connection.connect()
        self._connection, self._known_scripts = connection, set()
        self._send(self._unanswered)
        self._repeated = len(self._unanswered)

    def _send(self, line, in_full: bool = False) -> None:
        if line:
            _reach_all("before", line)
            commands = [sent.call.in_full() if in_full else self._shortest(sent.call) for sent in line]
            with our_errors():
                self._connection.send_packed_command(self._connection.pack_commands(commands))
            _reach_all("sent", line)

    def _shortest(self, call):
        # the first time on a connection a script goes in full: a reply that says NOSCRIPT would come too late
        if call.script.name in self._known_scripts:
            return call.by_sha()
        self._known_scripts.add(call.script.name)
        return call.in_full()

    def _read(self):
        with our_errors():
            try:
                return self._connection.read_response(disconnect_on_error=False)
            except redis.ResponseError as error:
                return translated(error)

    @contextlib.contextmanager
    def _closed_on_error(self):
        """When the store is away the connection is closed, so that the next use makes a new one."""
        try:
            yield
        except StoreUnavailable:
            self.close()
            raise


def _reach_all(moment, line):
    for sent in line:
        reach(moment, sent.call.script.name)
