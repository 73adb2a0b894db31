"""Connections to Redis: bytes in, bytes out, and every failure as one of our own errors.

Retries of the client library are off: a probe of a dead socket would take seconds, and a script sent twice is not the
same as a script sent once.  Who may repeat a command knows it and does so.
"""

import contextlib
import os
import re

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from redis.sentinel import SentinelConnectionPool

from queue_core.clock import monotonic
from queue_core.config import Settings
from queue_core.errors import (
    BY_CODE_WORD,
    EnqueueUncertain,
    InvalidSettings,
    MovedOn,
    StoreCorrupt,
    StoreFull,
    StoreUnavailable,
)

OLDEST_SERVER = (6, 2)
DEFAULT_URL = "redis://localhost:6379/0"

# an application has as many as it has threads; the library would refuse the hundred and first
_NO_LIMIT = 2**31


# what says where a client goes and as whom; how it behaves there is its own affair
_ADDRESS = re.compile(
    r"(host|port|path|db|username|password|credential_provider|client_name|ssl_\w+|socket_keepalive.*)$"
)

# the library takes their code words off the text
_NOT_NOW = (
    redis.ReadOnlyError,
    redis.exceptions.ClusterDownError,
    redis.exceptions.MasterDownError,
    redis.exceptions.TryAgainError,
)
_NOT_NOW_WORDS = ("READONLY", "MISCONF", "NOREPLICAS")


class NotConnected(redis.ConnectionError):
    """No connection could be made, so nothing has been sent."""


class Pool(redis.ConnectionPool):
    """Tells a connection that could not be made from one that broke.  connected: called whenever one was made."""

    connected = staticmethod(lambda: None)

    def get_connection(self, *args, **options):
        try:
            return super().get_connection(*args, **options)
        except (redis.ConnectionError, redis.TimeoutError) as error:
            raise NotConnected(str(error)) from error

    def make_connection(self):
        return self._watched(super().make_connection())

    def one_apart(self) -> redis.Connection:
        """A new connection that is the caller's alone; the pool does not count it and never gives it to others."""
        return self._watched(self.connection_class(**self.connection_kwargs))

    @contextlib.contextmanager
    def left_where_refused(self):
        """A server that takes no writes may have been the master before, and its address lead elsewhere by now."""
        try:
            yield
        except redis.ResponseError as error:
            if isinstance(translated(error), StoreUnavailable):
                self.disconnect(inuse_connections=False)
            raise

    def _watched(self, connection):
        connection.register_connect_callback(self._note_connected)
        return connection

    def _note_connected(self, _connection):
        self.connected()


class SentinelPool(Pool, SentinelConnectionPool):
    """The same for a server that Sentinels know."""


@contextlib.contextmanager
def our_errors():
    """Raises StoreUnavailable, StoreFull, or what a script's code word stands for, instead of the library's errors."""
    try:
        yield
    except NotConnected as error:
        raise StoreUnavailable(f"Redis does not answer: {error}", nothing_written=True) from error
    except redis.BusyLoadingError as error:
        raise StoreUnavailable(f"Redis cannot do this now: {error}", nothing_written=True) from error
    except (redis.ConnectionError, redis.TimeoutError, OSError) as error:
        raise StoreUnavailable(f"Redis does not answer: {error}") from error
    except redis.ResponseError as error:
        ours = translated(error)
        if ours is error:
            raise
        raise ours from error


class _Uncertain(EnqueueUncertain, redis.ConnectionError):
    pass


class _Unavailable(StoreUnavailable, redis.ConnectionError):
    pass


class _Full(StoreFull, redis.OutOfMemoryError):
    pass


_FOR_APPLICATIONS = {EnqueueUncertain: _Uncertain, StoreUnavailable: _Unavailable, StoreFull: _Full}


@contextlib.contextmanager
def also_the_librarys():
    """Raises StoreUnavailable, StoreFull and EnqueueUncertain so that they are the library's ConnectionError or
    OutOfMemoryError too: an application that was written for TaskTiger catches those."""
    try:
        yield
    except (StoreUnavailable, StoreFull) as error:
        kind = next(both for ours, both in _FOR_APPLICATIONS.items() if isinstance(error, ours))
        raise kind(str(error), **vars(error)) from error


def translated(error: redis.ResponseError) -> BaseException:
    """What an error reply of Redis means to us; replies that mean nothing special stay as they are."""
    # in a pipeline the reply stands behind the command, which is anybody's text
    text = str(error).rpartition(" of pipeline caused error: ")[2]
    word, _, rest = text.partition(" ")
    if kind := BY_CODE_WORD.get(word):
        return kind(_for_people(kind, rest) if issubclass(kind, MovedOn) else rest)
    # a server error inside a script carries its own word further back
    if isinstance(error, redis.OutOfMemoryError) or word == "OOM" or "OOM command not allowed" in text:
        return StoreFull(f"Redis refuses writes: {text}")
    if isinstance(error, _NOT_NOW) or word == "BUSY" or any(found in text for found in _NOT_NOW_WORDS):
        return StoreUnavailable(f"Redis cannot do this now: {text}", nothing_written=True)
    if "WRONGTYPE" in text:
        return StoreCorrupt(f"A key holds another type than the protocol says: {text}")
    return error


def _for_people(kind, whom: str) -> str:
    """What an error of that kind says, of the task, queue or operation that a script has named."""
    return f"{kind.__doc__.splitlines()[0].rstrip('.')} ({whom})."


class Client(redis.Redis):
    """A Redis client whose commands and pipelines raise our errors."""

    _watcher = None

    def watch(self, watcher) -> None:
        """From now on `watcher(commands, seconds)` is called after each trip to Redis, in the thread that made it."""
        self._watcher = watcher

    def execute_command(self, *args, **options):
        with our_errors(), self.connection_pool.left_where_refused(), _watched(self._watcher, 1):
            return super().execute_command(*args, **options)

    def pipeline(self, transaction=False, shard_hint=None):
        made = Pipeline(self.connection_pool, self.response_callbacks, transaction, shard_hint)
        made.watcher = self._watcher
        return made


class Pipeline(redis.client.Pipeline):
    """A batch of commands in one trip; not a transaction."""

    watcher = None

    def execute(self, raise_on_error=True):
        with our_errors(), _watched(self.watcher, len(self.command_stack)):
            return super().execute(raise_on_error=raise_on_error)


_UNWATCHED = contextlib.nullcontext()


def _watched(watcher, commands):
    return _UNWATCHED if watcher is None else _Watched(watcher, commands)


class _Watched:
    """A context that tells the watcher how long it was inside."""

    def __init__(self, watcher, commands: int):
        self._watcher, self._commands = watcher, commands

    def __enter__(self):
        self._began_at = monotonic()

    def __exit__(self, *_):
        self._watcher(self._commands, monotonic() - self._began_at)


def connect(settings: Settings, place: str | redis.Redis | None = None) -> Client:
    """A client for the given or configured address, or for the one that another client goes to.  Nothing is sent yet.

    Raises InvalidSettings when the address cannot be read."""
    ours = {
        "decode_responses": False,
        "protocol": 2,
        "retry": Retry(NoBackoff(), 0),
        "socket_timeout": settings.redis_timeout_seconds,
        "socket_connect_timeout": settings.redis_timeout_seconds,
        "health_check_interval": 0,
        "max_connections": _NO_LIMIT,
    }
    if isinstance(place, redis.Redis):
        return Client(connection_pool=_pool_beside(place.connection_pool, ours))
    url = _address(settings, place)
    if not isinstance(url, str):
        kind = f"{type(url).__module__}.{type(url).__qualname__}"
        raise InvalidSettings(f"A connection is a plain client of the package redis, or a URL, not a {kind}.")
    try:
        return Client(connection_pool=Pool.from_url(url, **ours))
    except ValueError as error:
        raise InvalidSettings(f"{shown_url(url)} is not an address of a Redis: {error}") from error


def _pool_beside(theirs, ours) -> Pool:
    address = {name: value for name, value in theirs.connection_kwargs.items() if _ADDRESS.match(name)}
    options = {"connection_class": theirs.connection_class, **address, **ours}
    if isinstance(theirs, SentinelConnectionPool):
        return SentinelPool(theirs.service_name, theirs.sentinel_manager, is_master=theirs.is_master, **options)
    return Pool(**options)


def text_client(settings: Settings, place: str | None = None) -> redis.Redis:
    """A plain client for an application: it gives text and raises the library's own errors.  Nothing is sent yet."""
    return redis.Redis.from_url(_address(settings, place), decode_responses=True)


def _address(settings, place) -> str:
    return place or settings.redis_url or os.environ.get("REDIS_URL") or DEFAULT_URL


def shown_url(url: str) -> str:
    """`url` without its password, for people and logs."""
    scheme, separator, rest = url.partition("://")
    return f"{scheme}{separator}{rest.rpartition('@')[2]}"
