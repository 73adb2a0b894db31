"""How it goes with a receiver of alerts: what it has got, when it is tried again, when an event is given up.  Pure."""

import hashlib
import json
import re
from dataclasses import asdict, dataclass, fields, replace
from urllib.parse import quote, unquote, unquote_plus, urlsplit

from queue_core.alert_words import plain
from queue_core.masking import HIDDEN, Masking
from queue_core.text import json_object, to_bytes

FIRST = "0-0"
GIVE_UP_SECONDS = 3600.0
"""An event that could not be delivered for so long is old news."""

MOST_REFUSALS = 5
"""So often an event is sent to a receiver that says it is at fault itself (4xx)."""

LONGEST_REST_SECONDS = 300.0
_MOST_TRIES = 20
_NOT_YET = frozenset({408, 425, 429})
_ENTRY = re.compile(r"[0-9]{1,19}-[0-9]{1,19}")
_LATEST_MOMENT = 1e15
_PROBLEM_CHARACTERS = 200
_SHORTEST_SECRET = 5


@dataclass(frozen=True)
class Receiver:
    """Where alerts are sent.  The address may hold a token, so only its host is ever shown or kept."""

    url: str

    @property
    def id(self) -> str:
        return hashlib.sha256(to_bytes(self.url)).hexdigest()[:16]

    @property
    def host(self) -> str:
        parts = urlsplit(self.url)
        return parts.hostname if parts.port is None else f"{parts.hostname}:{parts.port}"

    def without_secrets(self, text: str) -> str:
        """What a receiver or a library said, without the parts of the address that nobody is to see."""
        parts = urlsplit(self.url)
        found = {
            form
            for part in re.split(r"[/?&=;#]", f"{parts.path}?{parts.query}#{parts.fragment}")
            for form in (part, unquote(part), unquote_plus(part), quote(unquote(part), safe=""))
            if len(form) >= _SHORTEST_SECRET
        }
        # the longest first: one may be a part of another
        forms = "|".join(map(re.escape, sorted(found, key=len, reverse=True)))
        return re.sub(forms, HIDDEN, text, flags=re.IGNORECASE) if forms else text


@dataclass(frozen=True)
class Answer:
    """What came of sending.  status: of the reply, None: there was none.  said: a little of it, or what went wrong."""

    status: int | None = None
    said: str = ""

    @property
    def arrived(self) -> bool:
        return self.status is not None and 200 <= self.status < 300

    @property
    def refused(self) -> bool:
        """Whether the same would be refused again, as far as the receiver knows."""
        return self.status is not None and 300 <= self.status < 500 and self.status not in _NOT_YET

    def in_words(self, receiver: Receiver) -> str:
        said = plain(receiver.without_secrets(self.said), Masking(), _PROBLEM_CHARACTERS)
        if self.status is None:
            return said or "no answer"
        redirects = " (redirects are not followed)" if 300 <= self.status < 400 else ""
        return f"answered {self.status}{redirects}" + (f": {said}" if said else "")


@dataclass(frozen=True)
class Delivery:
    """The state of one receiver.  cursor: the entry of the newest event that it has, or that was given up.

    arrived_at, failed_at: when an event last arrived, and did not.  problem: what was wrong then, empty when the newest
    one has arrived.  tries: of the event that is next.  failures: in a row.  next_at: not tried before.
    missed: how many events were given up."""

    id: str
    host: str
    cursor: str = FIRST
    arrived_at: float | None = None
    failed_at: float | None = None
    problem: str = ""
    tries: int = 0
    failures: int = 0
    next_at: float = 0.0
    missed: int = 0

    def after(self, answer: Answer, words: str, entry: str, noticed_at: float, now: float) -> "Delivery":
        """The state after an event, noticed at that moment, was sent."""
        if answer.arrived:
            return replace(self, cursor=entry, arrived_at=now, problem="", tries=0, failures=0, next_at=0.0)
        tries, failures = self.tries + 1, self.failures + 1
        rest_seconds = min(LONGEST_REST_SECONDS, 2.0 ** min(failures, 10))
        failed = replace(self, failed_at=now, problem=words, tries=tries, failures=failures, next_at=now + rest_seconds)
        # by a clock that was ahead an event may be noticed in the future
        is_old = now - noticed_at > GIVE_UP_SECONDS or (noticed_at > now and tries >= _MOST_TRIES)
        if is_old or (answer.refused and tries >= MOST_REFUSALS):
            return failed.without(entry)
        return failed

    def without(self, entry: str) -> "Delivery":
        """The state after an event was given up."""
        return replace(self, cursor=entry, tries=0, missed=self.missed + 1)


def place_of(entry: str) -> tuple[int, ...]:
    """By which entries are in order."""
    return tuple(map(int, entry.split("-")))


def written(delivery: Delivery) -> bytes:
    return json.dumps({name: one for name, one in asdict(delivery).items() if name != "id"}).encode()


def read_delivery(receiver_id: str, raw) -> Delivery | None:
    """The state in a value of Redis; None when it is none."""
    found = json_object(raw)
    if found.keys() != _FIELDS or not all(isinstance(found[name], str) for name in ("host", "cursor", "problem")):
        return None
    whole = all(type(found[name]) is int and found[name] >= 0 for name in ("tries", "failures", "missed"))
    moments = all(found[name] is None or _is_moment(found[name]) for name in ("arrived_at", "failed_at"))
    if not (whole and moments and _is_moment(found["next_at"]) and _ENTRY.fullmatch(found["cursor"])):
        return None
    return Delivery(receiver_id, **found)


_FIELDS = {one.name for one in fields(Delivery)} - {"id"}


def _is_moment(value) -> bool:
    return type(value) in (int, float) and 0 <= value < _LATEST_MOMENT
