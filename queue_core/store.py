"""The store: one client, one prefix, the scripts and the clock, as every room above gets them."""

import contextlib
from collections.abc import Iterable
from dataclasses import dataclass

import redis

from queue_core import scripts
from queue_core.clock import Clock
from queue_core.config import Settings
from queue_core.connection import OLDEST_SERVER, Client, connect, translated
from queue_core.errors import StoreError, StoreTooOld
from queue_core.keys import Keys
from queue_core.scripts import Script
from queue_core.text import to_bytes


@dataclass(frozen=True)
class Call:
    """A script with its keys and arguments, ready to be sent now, in a pipeline, or on a stream."""

    script: Script
    key_count: int
    values: tuple

    def by_sha(self) -> tuple:
        return ("EVALSHA", self.script.sha, self.key_count, *self.values)

    def in_full(self) -> tuple:
        return ("EVAL", self.script.source, self.key_count, *self.values)


class Store:
    """One shard: a client and a prefix.

    Attributes: client, keys, clock, settings."""

    def __init__(self, settings: Settings, url: str | None = None, *, clock: Clock | None = None):
        self.settings = settings
        self.client: Client = connect(settings, url)
        self.keys = Keys(settings.prefix)
        self.clock = clock or Clock()

    def now(self) -> float:
        """The server's time in Unix seconds.  The offset to it is measured every minute, by whoever asks then."""
        if self.clock.wants_measuring:
            with contextlib.suppress(StoreError):  # what is done next will tell
                self.measure_clock()
        return self.clock.now()

    def measure_clock(self) -> float:
        """Measures and gives the offset to the server in seconds."""
        return self.clock.measure(self.client.time)

    def server_version(self) -> tuple[int, ...]:
        """Such as (7, 0, 15).  Raises StoreUnavailable."""
        return tuple(int(part) for part in self.client.info("server")["redis_version"].split(".")[:3])

    def server_setting(self, name: str) -> str | None:
        """A setting of the server, or None where it does not let it be asked.  Raises StoreUnavailable."""
        try:
            return self.client.config_get(name).get(name)
        except redis.ResponseError:
            return None

    def check_server(self) -> tuple[int, ...]:
        """The server's version.  Raises StoreUnavailable, StoreTooOld."""
        version = self.server_version()
        if version < OLDEST_SERVER:
            raise StoreTooOld(
                f"This Redis is version {'.'.join(map(str, version))}; Signalbox needs "
                f"{'.'.join(map(str, OLDEST_SERVER))} or newer."
            )
        return version

    # -- scripts --

    def call(self, name: str, **values) -> Call:
        """A call of the script `name`.  Keys are made of the values they belong to; one given by its name wins."""
        script = scripts.load(name)
        bound = {
            key: self.keys.for_script(key, values) for key, _ in script.keys if key not in values and "..." not in key
        }
        key_count, ordered = script.bind(_named_for_lua(values) | bound)
        return Call(script, key_count, tuple(to_bytes(v) if isinstance(v, str) else v for v in ordered))

    def run(self, name: str, **values):
        """The reply of one script.  Raises what its code words stand for, StoreUnavailable, StoreFull."""
        return self.send(self.call(name, **values))

    def send(self, call: Call):
        try:
            return self.client.execute_command(*call.by_sha())
        except redis.exceptions.NoScriptError:
            return self.client.execute_command(*call.in_full())

    def send_all(self, calls: Iterable[Call]) -> list:
        """The replies of many scripts in one trip.  A refusal stands in the list as an exception; the others go on."""
        calls = list(calls)
        pipeline = self.client.pipeline()
        for call in calls:
            pipeline.execute_command(*call.by_sha())
        replies = pipeline.execute(raise_on_error=False)
        return [self._settled(call, reply) for call, reply in zip(calls, replies, strict=True)]

    def _settled(self, call, reply):
        if isinstance(reply, redis.exceptions.NoScriptError):
            try:
                return self.send(call)
            except Exception as error:  # like every other refusal, an item of the list
                return error
        return translated(reply) if isinstance(reply, redis.ResponseError) else reply


def _named_for_lua(values: dict) -> dict:
    return {name: ("1" if value else "0") if isinstance(value, bool) else value for name, value in values.items()}
