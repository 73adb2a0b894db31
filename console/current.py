"""What the request at hand works with: the engine, the console's settings, and the counts of all queues."""

from flask import current_app, g

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


def recent():
    """What every queue did lately; None: unknown.  One value of Redis.  Raises StoreUnavailable."""
    try:
        return engine().recents.read()
    except StoreCorrupt:
        return None


def snapshot():
    """The newest counts of all queues, read once per request; None when none were ever taken.

    Raises StoreError."""
    if "snapshot" not in g:
        g.snapshot = engine().snapshot.read()
    return g.snapshot
