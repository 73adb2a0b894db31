"""The payload of a call, as the engine's own enqueue would write it, without enqueueing it."""

from queue_core.names import wire_name
from queue_core.payload import Payload, keyed_id, plain_id
from queue_core.retry import to_wire
from samples.failures import Wanted

ALWAYS_THERE = ("time_last_queued", "scheduled_at")


def draft(wanted: Wanted, queued_at: float, scheduled_at: float) -> Payload:
    """Both times in Unix seconds.  A field that is off is absent (wire §3)."""
    option = _options_of(wanted.function)
    func, kwargs = wire_name(wanted.function), dict(wanted.kwargs)
    unique_key, lock_key, retry_method = option("unique_key"), option("lock_key"), option("retry_method")
    fields = {
        "id": keyed_id(func, unique_key, kwargs) if unique_key else plain_id(),
        "func": func,
        "unique": option("unique"),
        "unique_key": unique_key and list(unique_key),
        "lock": option("lock"),
        "lock_key": lock_key and list(lock_key),
        "args": list(wanted.args),
        "kwargs": kwargs,
        "retry_method": retry_method and to_wire(retry_method),
        "retry_on": [wire_name(one) for one in option("retry_on") or ()],
        "time_last_queued": queued_at,
        "scheduled_at": scheduled_at,
    }
    return Payload({name: value for name, value in fields.items() if value or name in ALWAYS_THERE})


def _options_of(function):
    return lambda name: getattr(function, f"_task_{name}", None)
