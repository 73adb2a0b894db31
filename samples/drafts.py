"""The payload of a call, as the engine's own enqueue would write it, without enqueueing it."""

from queue_core import Settings, draft
from queue_core.payload import Payload
from samples.failures import Wanted

SETTINGS = Settings()


def payload_of(wanted: Wanted, queued_at: float, scheduled_at: float) -> Payload:
    """Both times in Unix seconds."""
    made = draft.draft(
        wanted.function,
        wanted.args,
        dict(wanted.kwargs),
        {},
        default_queue=SETTINGS.default_queue,
        default_retry_method=SETTINGS.default_retry_method,
    )
    return Payload(made.payload.fields | {"time_last_queued": queued_at, "scheduled_at": scheduled_at})
