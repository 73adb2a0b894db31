"""Alerts as records, and what one look at everything changes about those that are open.  Pure.

An alert is open from the look that first sees its condition until one that sees it no more.  It is told when it opens,
again while it lasts or when it gets worse, and once when it is over.  What is unknown changes nothing.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, fields, replace

from queue_core.text import json_object

INFO, WARNING, CRITICAL = "info", "warning", "critical"
SEVERITIES = (INFO, WARNING, CRITICAL)
"""The worst last."""

OPENED, REPEATED, RESOLVED, TEST = "opened", "repeated", "resolved", "test"

ERRORS, QUEUE, OPERATION, PAUSE, HOLD, MORE = "errors", "queue", "operation", "pause", "hold", "more"
"""Families: what a key begins with."""

UNKNOWN_WORDS = {
    ERRORS: "errors",
    QUEUE: "queues",
    f"{QUEUE}:": "some queues",
    OPERATION: "operations",
    PAUSE: "pauses",
    HOLD: "holds",
}
"""How people are told of what a look could not see."""

MOST_OPEN = 20
MOST_OPEN_CRITICAL = 40
"""Beyond so many open alerts none is opened, and critical ones beyond the second; one more alert counts the others."""

SETTLE_SECONDS = 60.0
"""A measurement is well for so long before its alert is over: one at its limit is not to be told all the time."""

_MEASURED = frozenset({ERRORS, QUEUE, MORE})
_TOLD_AGAIN_IF_MORE = frozenset({ERRORS, MORE})
_LATEST_MOMENT = 1e15


@dataclass(frozen=True)
class Sight:
    """A condition that holds now.  key: `<family>:<what>`, the same for the same.  kind: one of `alert_conditions`.

    title: one sentence.  details: the numbers, in sentences.  count: of what it counts, None: nothing.
    path: where in the console."""

    key: str
    kind: str
    severity: str
    title: str
    details: str = ""
    count: int | None = None
    queue: str | None = None
    group_id: str | None = None
    operation_id: str | None = None
    path: str = ""

    @property
    def family(self) -> str:
        return self.key.partition(":")[0]


@dataclass(frozen=True)
class Alert:
    """An open one.  told_at, told_count: when it was told last, and the count then.  well_since_at: since when its
    condition is not seen any more; None: it is."""

    sight: Sight
    opened_at: float
    told_at: float
    told_count: int | None = None
    well_since_at: float | None = None

    @property
    def key(self) -> str:
        return self.sight.key


@dataclass(frozen=True)
class Look:
    """What one look has seen.  unknown: keys and families of which it could see nothing.

    ending: says of an open alert, whose condition holds no more, why."""

    sights: tuple[Sight, ...] = ()
    unknown: frozenset[str] = frozenset()
    ending: Callable[[Alert], str] = lambda alert: ""

    @property
    def unknown_families(self) -> list[str]:
        """Keys of `UNKNOWN_WORDS`."""
        names = {one if one in UNKNOWN_WORDS else f"{one.partition(':')[0]}:" for one in self.unknown}
        return sorted(names - {f"{family}:" for family in self.unknown})

    def knows(self, sight: Sight) -> bool:
        if sight.family == MORE:
            return not self.unknown
        return sight.key not in self.unknown and sight.family not in self.unknown


@dataclass(frozen=True)
class Change:
    """alert: as it is from now on, None: not open any more.  told: opened, repeated, resolved, or None: nothing is.

    sight: what is told."""

    key: str
    alert: Alert | None
    told: str | None = None
    sight: Sight | None = None
    since_at: float = 0.0


def changes(open_alerts: dict[str, Alert], look: Look, now: float, repeat_seconds: float) -> list[Change]:
    """What a look changes, the worst first.  repeat_seconds: 0: nothing is told again only because it lasts."""
    sights = {one.key: one for one in _admitted(open_alerts, look.sights)}
    before = {key: _not_ahead(alert, now) for key, alert in open_alerts.items()}
    seen = [_seen(before.get(key), sight, now, repeat_seconds) for key, sight in sights.items()]
    unseen = [_unseen(alert, look, now) for key, alert in before.items() if key not in sights]
    found = [one for one in (*seen, *unseen) if one.alert != open_alerts.get(one.key)]
    return sorted(found, key=lambda one: -rank(one.sight))


def rank(sight: Sight | None) -> int:
    """The worse the higher."""
    return SEVERITIES.index(sight.severity) if sight else -1


def _not_ahead(alert, now) -> Alert:
    """What a clock that was ahead has written counts as written now: else nothing would be due until that moment."""
    well_since_at = None if alert.well_since_at is None else min(alert.well_since_at, now)
    return replace(
        alert, opened_at=min(alert.opened_at, now), told_at=min(alert.told_at, now), well_since_at=well_since_at
    )


def _admitted(open_alerts, sights) -> Iterable[Sight]:
    """Those that may be open, and one more that counts the others."""
    count, others = sum(key != MORE for key in open_alerts), []
    for sight in sorted(sights, key=lambda one: (-rank(one), one.key)):
        most = MOST_OPEN_CRITICAL if sight.severity == CRITICAL else MOST_OPEN
        if sight.key in open_alerts:
            yield sight
        elif count < most:
            count += 1
            yield sight
        else:
            others.append(sight)
    if others:
        yield _more(others)


def _more(others) -> Sight:
    kinds = Counter(one.severity for one in others)
    told = ", ".join(f"{kinds[severity]} {severity}" for severity in reversed(SEVERITIES) if kinds[severity])
    noun = "alert" if len(others) == 1 else "alerts"
    return Sight(
        key=MORE,
        kind="more",
        severity=others[0].severity,
        title=f"and {len(others)} more {noun}",
        details=f"Too much is wrong at once to tell each: {told}. The console shows all of it.",
        count=len(others),
        path="/",
    )


def _seen(alert, sight, now, repeat_seconds) -> Change:
    if alert is None:
        return Change(sight.key, Alert(sight, now, now, sight.count), OPENED, sight, now)
    lasting = replace(alert, sight=sight, well_since_at=None)
    worse = rank(sight) > rank(alert.sight)
    if worse or (repeat_seconds and now - alert.told_at >= repeat_seconds and _is_worth_repeating(alert, sight)):
        return Change(
            sight.key, replace(lasting, told_at=now, told_count=sight.count), REPEATED, sight, alert.opened_at
        )
    return Change(sight.key, lasting, None, sight, alert.opened_at)


def _is_worth_repeating(alert, sight) -> bool:
    """What has failed and does not go on failing is known; that a pause ends is said once."""
    if sight.severity == INFO:
        return False
    return sight.family not in _TOLD_AGAIN_IF_MORE or (sight.count or 0) > (alert.told_count or 0)


def _unseen(alert, look, now) -> Change:
    sight = alert.sight
    if not look.knows(sight):
        return Change(alert.key, alert, None, sight, alert.opened_at)
    well_since_at = now if alert.well_since_at is None else alert.well_since_at
    if sight.family in _MEASURED and now - well_since_at < SETTLE_SECONDS:
        return Change(alert.key, replace(alert, well_since_at=well_since_at), None, sight, alert.opened_at)
    over = replace(sight, details=look.ending(alert))
    return Change(alert.key, None, RESOLVED, over, alert.opened_at)


# -- to Redis and back --


def written(alert: Alert) -> bytes:
    return json.dumps(asdict(alert)).encode()


def read_alert(raw) -> Alert | None:
    """The alert in a value of Redis; None when it is none."""
    found = json_object(raw)
    sight, moments = found.get("sight"), [found.get(name) for name in ("opened_at", "told_at")]
    if not isinstance(sight, dict) or sight.keys() != _SIGHT or not all(map(_is_moment, moments)):
        return None
    texts = [sight[name] for name in ("key", "kind", "severity", "title", "details", "path")]
    names = [sight[name] for name in ("queue", "group_id", "operation_id")]
    counts = [sight["count"], found.get("told_count")]
    well_since_at = found.get("well_since_at")
    is_sound = (
        all(isinstance(one, str) for one in texts)
        and all(isinstance(one, str | None) for one in names)
        and all(one is None or type(one) is int for one in counts)
        and sight["severity"] in SEVERITIES
        and (well_since_at is None or _is_moment(well_since_at))
    )
    return Alert(Sight(**sight), *moments, counts[1], well_since_at) if is_sound else None


_SIGHT = {one.name for one in fields(Sight)}


def _is_moment(value) -> bool:
    return type(value) in (int, float) and 0 <= value < _LATEST_MOMENT
