"""How a run ended, as the bytes that a child sends to its parent: JSON, never pickle, of bounded size."""

import json

from queue_core.outcome import Done, Failed, Outcome, TimedOut
from queue_core.worker.failure import clipped

MAX_BYTES = 1_048_576

_KINDS = {kind.__name__: kind for kind in (Done, Failed, TimedOut)}


def encode(outcome: Outcome) -> bytes:
    try:
        raw = json.dumps([type(outcome).__name__, vars(outcome)]).encode()
    except (TypeError, ValueError, RecursionError) as error:
        return encode(_without_method(outcome, error))
    if len(raw) > MAX_BYTES:
        return encode(_without_method(outcome, "it is too long"))
    return raw


def decode(raw: bytes) -> Outcome | None:
    """None when `raw` is no whole report: the child died while writing it, or before."""
    try:
        kind, facts = json.loads(raw)
        if facts.get("retry_method"):
            facts["retry_method"] = tuple(facts["retry_method"])
        if "lineage" in facts:
            facts["lineage"] = tuple(facts["lineage"])
        return _KINDS[kind](**facts)
    except (ValueError, TypeError, KeyError, AttributeError):
        return None


def _without_method(outcome, why):
    # only the arguments of a retry method are free enough not to fit into JSON or into the limit
    note = f"\nThe retry method of this exception cannot be kept: {why}\n"
    return Failed(
        outcome.started_at,
        outcome.ended_at,
        clipped(outcome.exception_name, 1000),
        tuple(clipped(name, 1000) for name in outcome.lineage[:100]),
        clipped(outcome.traceback or "") + note,
        retry_wanted=outcome.retry_wanted,
        log_error=outcome.log_error,
    )
