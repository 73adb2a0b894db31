"""Which task runs in this process now."""

from contextlib import contextmanager

from queue_core.payload import Payload

_current: tuple[str, Payload] | None = None


@contextmanager
def inside(queue: str, payload: Payload):
    """A context in which `current()` gives this task; process-wide, so that a task's own threads see it too."""
    global _current
    _current = (queue, payload)
    try:
        yield
    finally:
        _current = None


def current() -> tuple[str, Payload]:
    """(queue, payload) of the task that runs here.  Raises RuntimeError outside a run."""
    if _current is None:
        raise RuntimeError("No task is running in this process.")
    return _current
