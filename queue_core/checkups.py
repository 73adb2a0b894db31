"""What the doctor found when it looked last: kept by the process that sweeps or observes, read by everybody.

A look asks for thousands of keys, which no page may do.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass

from queue_core.errors import StoreCorrupt
from queue_core.store import Store
from queue_core.text import json_object

FINE, ADVICE, TROUBLE = LEVELS = "fine", "advice", "trouble"

OLD_SECONDS = 300.0

_KEEP_SECONDS = 86_400
_FAR_OFF = 1e15
_MOST_FINDINGS = 200
_MOST_CHARACTERS = 1000


@dataclass(frozen=True)
class Finding:
    """level: fine | advice | trouble.  advice: what to do, empty when it is fine."""

    level: str
    what: str
    advice: str = ""


@dataclass(frozen=True)
class Checkup:
    """ended_at: Unix seconds.  host: the machine from which it was looked; clocks and ways are seen from there."""

    ended_at: float
    host: str
    findings: tuple[Finding, ...]

    def is_old(self, now: float) -> bool:
        """Whether it says nothing about now: whoever looked once a minute does so no more."""
        return now - self.ended_at > OLD_SECONDS

    @property
    def worst_first(self) -> tuple[Finding, ...]:
        return tuple(sorted(self.findings, key=lambda finding: -LEVELS.index(finding.level)))

    @property
    def troubles(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.level == TROUBLE)


class Checkups:
    """The room of those who ask what the doctor said."""

    def __init__(self, store: Store):
        self._store = store

    def keep(self, findings: Iterable[Finding], host: str) -> None:
        """In place of those before."""
        kept = [[one.level, one.what[:_MOST_CHARACTERS], one.advice[:_MOST_CHARACTERS]] for one in findings]
        written = json.dumps({"ended_at": self._store.now(), "host": host, "findings": kept[:_MOST_FINDINGS]})
        self._store.client.set(self._store.keys.checkup(), written, ex=_KEEP_SECONDS)

    def newest(self) -> Checkup | None:
        """None when nobody has looked for a day, or when what is written cannot be read.  Raises StoreUnavailable."""
        try:
            return _read(json_object(self._store.client.get(self._store.keys.checkup())))
        except StoreCorrupt:
            return None


def _read(record) -> Checkup | None:
    ended_at, host, rows = record.get("ended_at"), record.get("host"), record.get("findings")
    if type(ended_at) not in (int, float) or not isinstance(host, str) or not isinstance(rows, list):
        return None
    if not 0 <= ended_at < _FAR_OFF:
        return None
    findings = tuple(Finding(*row) for row in rows if _is_sound(row))
    return Checkup(float(ended_at), host, findings) if len(findings) == len(rows) else None


def _is_sound(row) -> bool:
    return isinstance(row, list) and len(row) == 3 and all(isinstance(part, str) for part in row) and row[0] in LEVELS
