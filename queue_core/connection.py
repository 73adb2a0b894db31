"""Connections to Redis: bytes in, bytes out, and every failure as one of our own errors.

Retries of the client library are off: a probe of a dead socket would take seconds, and a script sent twice is not the
same as a script sent once.  Who may repeat a command knows it and does so.
"""

import contextlib
import os

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from queue_core.config import Settings
from queue_core.errors import BY_CODE_WORD, InvalidSettings, StoreCorrupt, StoreFull, StoreUnavailable

OLDEST_SERVER = (6, 2)
DEFAULT_URL = "redis://localhost:6379/0"


# the library takes their code words off the text
_NOT_NOW = (
    redis.ReadOnlyError,
    redis.exceptions.ClusterDownError,
    redis.exceptions.MasterDownError,
    redis.exceptions.TryAgainError,
)
_NOT_NOW_WORDS = ("NOREPLICAS", "BUSY")


class NotConnected(redis.ConnectionError):
    """No connection could be made, so nothing has been sent."""


class Pool(redis.ConnectionPool):
    """Tells a connection that could not be made from one that broke."""

    def get_connection(self, *args, **options):
        try:
            return super().get_connection(*args, **options)
        except (redis.ConnectionError, redis.TimeoutError) as error:
            raise NotConnected(str(error)) from error


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


def translated(error: redis.ResponseError) -> BaseException:
    """What an error reply of Redis means to us; replies that mean nothing special stay as they are."""
    # in a pipeline the reply stands behind the command, which is anybody's text
    text = str(error).rpartition(" of pipeline caused error: ")[2]
    word, _, rest = text.partition(" ")
    if kind := BY_CODE_WORD.get(word):
        return kind(rest)
    # a server error inside a script carries its own word further back
    if isinstance(error, redis.OutOfMemoryError) or word == "OOM" or "OOM command not allowed" in text:
        return StoreFull(f"Redis refuses writes: {text}")
    if isinstance(error, _NOT_NOW) or word in _NOT_NOW_WORDS or any(found in text for found in ("READONLY", "MISCONF")):
        return StoreUnavailable(f"Redis cannot do this now: {text}", nothing_written=True)
    if "WRONGTYPE" in text:
        return StoreCorrupt(f"A key holds another type than the protocol says: {text}")
    return error


class Client(redis.Redis):
    """A Redis client whose commands and pipelines raise our errors."""

    def execute_command(self, *args, **options):
        with our_errors():
            return super().execute_command(*args, **options)

    def pipeline(self, transaction=False, shard_hint=None):
        return Pipeline(self.connection_pool, self.response_callbacks, transaction, shard_hint)


class Pipeline(redis.client.Pipeline):
    """A batch of commands in one trip; not a transaction."""

    def execute(self, raise_on_error=True):
        with our_errors():
            return super().execute(raise_on_error=raise_on_error)


def connect(settings: Settings, url: str | None = None) -> Client:
    """A client for the given or configured address.  Nothing is sent yet.

    Raises InvalidSettings when the address cannot be read."""
    url = url or settings.redis_url or os.environ.get("REDIS_URL") or DEFAULT_URL
    try:
        pool = Pool.from_url(
            url,
            decode_responses=False,
            protocol=2,
            retry=Retry(NoBackoff(), 0),
            socket_timeout=settings.redis_timeout_seconds,
            socket_connect_timeout=settings.redis_timeout_seconds,
            health_check_interval=0,
        )
        return Client(connection_pool=pool)
    except ValueError as error:
        raise InvalidSettings(f"{shown_url(url)} is not an address of a Redis: {error}") from error


def shown_url(url: str) -> str:
    """`url` without its password, for people and logs."""
    scheme, separator, rest = url.partition("://")
    return f"{scheme}{separator}{rest.rpartition('@')[2]}"
