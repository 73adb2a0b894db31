"""The store: one client, one prefix, the scripts and the clock, as every room above gets them."""

import contextlib
from collections.abc import Iterable
from dataclasses import dataclass

import redis

from queue_core import scripts
from queue_core.clock import Clock
from queue_core.config import Settings
from queue_core.connection import OLDEST_SERVER, Client, connect, our_errors, text_client, translated
from queue_core.crash_points import reach
from queue_core.errors import NotReplicated, StoreError, StoreTooOld
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
    """One shard: a client and a prefix.  place: an address, or a client whose address is taken over.

    Attributes: client, keys, clock, settings."""

    def __init__(self, settings: Settings, place: str | redis.Redis | None = None, *, clock: Clock | None = None):
        self.settings = settings
        self.client: Client = connect(settings, place)
        self._place = place
        self.keys = Keys(settings.prefix)
        self.clock = clock or Clock()
        self.client.connection_pool.connected = lambda: self.clock.doubt()

    def text_client(self):
        """A plain client for an application: it gives text.  Nothing is sent yet."""
        return text_client(self.settings, self._place)

    def adopt(self, settings: Settings) -> None:
        """Goes on with other settings.  Address and timeout stay as they are."""
        if settings.prefix != self.settings.prefix:
            self.keys = Keys(settings.prefix)
        self.settings = settings

    def now(self) -> float:
        """The server's time in Unix seconds.

        The offset to it is measured every minute and after every new connection, by whoever asks then."""
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

    def write_while(self, key: bytes, fields: dict[str, bytes | None], write) -> bool:
        """Writes in one step, if these fields of a hash are as they were; whether they were.

        write: called with a pipeline, on which it puts its commands."""
        pipeline = self.client.pipeline()
        with our_errors():
            try:
                pipeline.watch(key)
                if pipeline.hmget(key, list(fields)) != list(fields.values()):
                    return False
                pipeline.multi()
                write(pipeline)
                pipeline.execute()
            except redis.WatchError:
                return False
            finally:
                pipeline.reset()
        return True

    # -- scripts --

    def call(self, name: str, **values) -> Call:
        """A call of the script `name`.  Keys are made of the values they belong to; one given by its name wins.

        publish: whether workers are to be told of tasks that became runnable; never where the settings say no."""
        script = scripts.load(name)
        values["publish"] = values.get("publish", True) and self.settings.publish_queued
        values = {"operation_prefix": self.keys.operation(""), "max_followed": self.settings.max_followed, **values}
        bound = {
            key: self.keys.for_script(key, values) for key, _ in script.keys if key not in values and "..." not in key
        }
        key_count, ordered = script.bind(_named_for_lua(values) | bound)
        return Call(script, key_count, tuple(to_bytes(v) if isinstance(v, str) else v for v in ordered))

    def run(self, name: str, **values):
        """The reply of one script.  Raises what its code words stand for, StoreUnavailable, StoreFull."""
        return self.send(self.call(name, **values))

    def send(self, call: Call):
        reach("before", call.script.name)
        try:
            reply = self.client.execute_command(*call.by_sha())
        except redis.exceptions.NoScriptError:
            reply = self.client.execute_command(*call.in_full())
        reach("after", call.script.name)
        return reply

    def send_replicated(self, call: Call):
        """As `send`, once a replica has confirmed all that was written so far.

        Raises NotReplicated when none did within half of `redis_timeout_seconds`: only one node has it by then."""
        reach("before", call.script.name)
        wait = ("WAIT", 1, int(self.settings.redis_timeout_seconds * 500))
        reply, confirmed = self._on_one_connection(call.by_sha(), wait)
        if isinstance(reply, redis.exceptions.NoScriptError):
            reply, confirmed = self._on_one_connection(call.in_full(), wait)
        if isinstance(reply, redis.ResponseError):
            raise translated(reply)
        if not isinstance(confirmed, int) or confirmed < 1:
            raise NotReplicated
        reach("after", call.script.name)
        return reply

    def _on_one_connection(self, *commands) -> list:
        # WAIT waits for what its own connection has seen
        pipeline = self.client.pipeline()
        for command in commands:
            pipeline.execute_command(*command)
        return pipeline.execute(raise_on_error=False)

    def send_all(self, calls: Iterable[Call]) -> list:
        """The replies of many scripts in one trip.  A refusal stands in the list as an exception; the others go on."""
        calls = list(calls)
        pipeline = self.client.pipeline()
        for call in calls:
            pipeline.execute_command(*call.by_sha())
            reach("before", call.script.name)
        replies = pipeline.execute(raise_on_error=False)
        for call in calls:
            reach("after", call.script.name)
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
