"""A search in the background as it is written down: what is looked for, how far it is, what it has found.  Pure."""

import json
import math
from collections import Counter
from dataclasses import dataclass, field

from queue_core import states
from queue_core.error_group import place
from queue_core.text import json_object, to_text

RUNNING, DONE, CANCELLED, FAILED = "running", "done", "cancelled", "failed"
MOST_FOUND = 10_000
"""So many of the tasks that match are remembered; all are counted."""
MOST_NAMES = 200
MOST_NAME_CHARACTERS = 200
BY = ("state", "queue", "func", "exc")
"""What the tasks that match are counted by."""
_NUMBERS = ("looked_at", "matched", "unknown", "too_large")


@dataclass(frozen=True)
class Findings:
    """What a look at everything has found so far.

    looked_at: of total, None while that is unknown.  unknown: of so many it cannot be told whether they match;
    too_large: those among them with arguments that are too long to search.  counts: {a name of BY: {name: tasks that
    match}}; what has no name, or came after 200 names, is counted under an empty one."""

    looked_at: int = 0
    total: int | None = None
    matched: int = 0
    unknown: int = 0
    too_large: int = 0
    counts: dict = field(default_factory=dict)
    cursor: str | None = None

    def with_page(self, found, facts) -> "Findings":
        """The same with one more page.  found: as `search.scan` gives it; facts: of its rows, whole."""
        return Findings(
            looked_at=max(found.looked_at, self.looked_at),
            total=None if found.total is None else max(found.total, found.looked_at),
            matched=self.matched + len(found.rows),
            unknown=self.unknown + found.unknown,
            too_large=self.too_large + found.too_large,
            counts={by: _added(self.counts.get(by, {}), Counter(_name_of(by, each) for each in facts)) for by in BY},
            cursor=found.cursor,
        )

    @property
    def percent(self) -> int | None:
        """None while it is unknown how much there is."""
        if self.total is None:
            return None
        return min(99, 100 * self.looked_at // self.total) if self.total else 0


@dataclass(frozen=True)
class BackgroundSearch:
    """status: running | done | cancelled | failed; because: of a failed one, why.  masked_by: without whose secrets it
    looks, see `queue_core.masking`; created_at: ages count from then.  kept: so many are remembered one by one."""

    id: str
    query: str
    actor: str
    door: str
    reason: str
    created_at: float
    masked_by: tuple
    status: str = RUNNING
    because: str = ""
    ended_at: float | None = None
    findings: Findings = Findings()
    raw: bytes = field(default=b"", repr=False)

    @property
    def ended(self) -> bool:
        return self.status != RUNNING

    @property
    def kept(self) -> int:
        return min(self.findings.matched, MOST_FOUND)

    @property
    def percent(self) -> int | None:
        return 100 if self.status == DONE else self.findings.percent

    def seconds_left(self, now: float) -> float | None:
        """About how long it will still take; None when it has ended, or there is nothing to judge by."""
        looked_at, total = self.findings.looked_at, self.findings.total
        if self.ended or not looked_at or not total or now <= self.created_at:
            return None
        return max(total - looked_at, 0) * (now - self.created_at) / looked_at


@dataclass(frozen=True)
class FoundTask:
    """was: the state in which it was found.  state, at: where it is in that queue now, and its score; None: gone."""

    queue: str
    id: str
    was: str
    state: str | None = None
    at: float | None = None


def _name_of(by, facts):
    if by == "exc":
        return (facts.exception_name or "").replace(":", ".")
    return (facts.func or "").replace(":", ".") if by == "func" else getattr(facts, by)


def _added(before, more) -> dict:
    counts = Counter(before)
    for name, count in more.items():
        fits = len(name) <= MOST_NAME_CHARACTERS and (name in counts or len(counts) < MOST_NAMES)
        counts[name if fits else ""] += count
    return dict(counts)


def written(findings: Findings) -> str:
    numbers = {name: getattr(findings, name) for name in (*_NUMBERS, "total", "cursor")}
    return json.dumps(numbers | {"counts": findings.counts})


def read_found(raw) -> FoundTask | None:
    state, _, rest = raw.partition(b":")
    where = place(rest)
    known = where is not None and to_text(state) in states.ALL
    return FoundTask(*where, was=to_text(state)) if known else None


def read_search(search_id, fields) -> BackgroundSearch | None:
    record, raw = json_object(fields.get(b"record", b"")), fields.get(b"findings", b"")
    findings, status = _read_findings(json_object(raw)), to_text(fields.get(b"status", b""))
    texts = [record.get(name) for name in ("query", "actor", "door", "reason")]
    created_at, ended_at = record.get("created_at"), _moment(fields.get(b"ended_at"))
    sound = all(isinstance(one, str) for one in texts) and _is_moment(created_at)
    if not sound or findings is None or status not in (RUNNING, DONE, CANCELLED, FAILED):
        return None
    rules, because = record.get("masked_by"), to_text(fields.get(b"because", b""))
    masked_by = tuple(rules) if isinstance(rules, list) else ()
    return BackgroundSearch(search_id, *texts, created_at, masked_by, status, because, ended_at, findings, raw)


def _read_findings(found) -> Findings | None:
    numbers, counts = [found.get(name) for name in _NUMBERS], found.get("counts")
    total, cursor = found.get("total"), found.get("cursor")
    whole = all(type(one) is int and one >= 0 for one in (*numbers, 0 if total is None else total))
    if not whole or not isinstance(counts, dict) or not isinstance(cursor, str | None):
        return None
    if not all(_is_counted(one) for one in counts.values()):
        return None
    return Findings(**dict(zip(_NUMBERS, numbers, strict=True)), total=total, counts=counts, cursor=cursor)


def _is_counted(counts) -> bool:
    return isinstance(counts, dict) and all(type(one) is int for one in counts.values())


def _is_moment(value) -> bool:
    return isinstance(value, (int, float)) and math.isfinite(value)


def _moment(raw) -> float | None:
    try:
        return None if raw is None or not math.isfinite(float(raw)) else float(raw)
    except ValueError:
        return None
