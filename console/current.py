"""What the request at hand works with: the engine, the console's settings, and the counts of all queues."""

from flask import current_app, g, request

from console.settings import ConsoleSettings
from queue_core import Engine
from queue_core.errors import StoreCorrupt


def engine() -> Engine:
    return current_app.extensions["signalbox_engine"]


def settings() -> ConsoleSettings:
    return current_app.extensions["signalbox_settings"]


def now() -> float:
    """Unix seconds on the clock of the Redis server."""
    return engine().clock.now()


def known(read, what: str = ""):
    """What `read` gives; None, which is unknown, where a key is not what it should be.  Raises StoreUnavailable.

    what: how the page calls it where it says once what is unknown.  A program is told of the key instead."""
    try:
        return read()
    except StoreCorrupt:
        if request.blueprint == "api":
            raise
        if what and what not in unknown():
            unknown().append(what)
        return None


def unknown() -> list[str]:
    """What this request could not be told, since a key is not what it should be."""
    if "unknown" not in g:
        g.unknown = []
    return g.unknown


def recent():
    """What every queue did lately; None: unknown.  One value of Redis.  Raises StoreUnavailable."""
    return known(engine().recents.read)


def snapshot():
    """The newest counts of all queues, read once per request; None when none were ever taken, or they are unknown.

    Raises StoreUnavailable."""
    if "snapshot" not in g:
        g.snapshot = known(engine().snapshot.read, "the counts of queues")
    return g.snapshot
