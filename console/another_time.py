"""Another time for many tasks, as an address or a form says it: so much later, over so long, at a moment, or now."""

import math
from dataclasses import dataclass

from console.presenters import due_at
from queue_core.errors import InvalidRequest

KINDS = {"shift": "Shift", "spread": "Spread", "at": "Set", "now": "Run now"}
UNITS = (("60", "minutes"), ("3600", "hours"), ("86400", "days"))
MOST_SECONDS = 10 * 365 * 86_400


@dataclass(frozen=True)
class AnotherTime:
    """kind: see KINDS.  seconds: of a shift, below 0 for earlier; of a spread, over how long.  due_at: Unix seconds."""

    kind: str
    seconds: float | None = None
    due_at: float | None = None

    @property
    def is_said(self) -> bool:
        return self.kind == "now" or self.seconds is not None or self.due_at is not None

    def plan(self, now: float) -> dict:
        """As `operations.start` takes it.  Raises InvalidRequest when it is not said."""
        if not self.is_said:
            raise InvalidRequest("The form lacks by how much, or when. Open the preview again.")
        if self.kind in ("at", "now"):
            return {"due_at": now if self.kind == "now" else self.due_at}
        return {f"{self.kind}_seconds": self.seconds}

    def span(self, before: tuple[float, float] | None, now: float) -> tuple[float, float] | None:
        """When the first and the last of tasks is due afterwards, that were due so before."""
        if before is None or not self.is_said:
            return None
        if self.kind == "shift":
            return max(before[0] + self.seconds, now), max(before[1] + self.seconds, now)
        begin = now if self.kind == "now" else max(self.due_at if self.kind == "at" else before[0], now)
        return begin, begin + (self.seconds or 0.0)


def read(kind: str, values) -> AnotherTime:
    """What was typed, or chosen, in the fields of that kind; not said where none was.  Raises InvalidRequest.

    values: `due_at`, in UTC; or `seconds`; or `amount`, `unit` and `direction`."""
    if kind == "at":
        return AnotherTime(kind, due_at=_moment(values.get("due_at", "").strip()))
    return AnotherTime(kind, seconds=None if kind == "now" else _seconds(kind, values))


def _moment(typed):
    moment = due_at(typed)
    if typed and moment is None:
        raise InvalidRequest("Give the new time as a date and a time, such as 2030-01-31T18:00 (UTC).")
    return moment


def _seconds(kind, values):
    if "seconds" in values:
        seconds = values.get("seconds", type=float)
        if seconds is None or not math.isfinite(seconds):
            raise InvalidRequest("The form lacks by how much. Open the preview again.")
        return seconds
    return _amount(kind, values) if values.get("amount", "").strip() else None


def _amount(kind, values):
    amount, unit = values.get("amount", type=float), values.get("unit", "60")
    if amount is None or not 0 < amount < math.inf or unit not in dict(UNITS):
        raise InvalidRequest("Type how much as a number above 0, such as 30 or 1.5.")
    seconds = amount * int(unit)
    if seconds > MOST_SECONDS:
        raise InvalidRequest("That is more than ten years.")
    return -seconds if kind == "shift" and values.get("direction") == "earlier" else seconds
