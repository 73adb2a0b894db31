"""Alerts: which are open, what is to be told about them, and how far each receiver is.

What opens, repeats or ends is written in one step together with what has to be told of it.  So whoever dies after that
step has told nothing yet and forgotten nothing: the next one sends it, under the same id.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace

from queue_core.acts import Actor, act
from queue_core.alert import TEST, UNKNOWN_WORDS, Alert, Look, changes, rank, read_alert
from queue_core.alert import written as written_alert
from queue_core.alert_delivery import FIRST, Answer, Delivery, Receiver, place_of, read_delivery
from queue_core.alert_delivery import written as written_delivery
from queue_core.alert_message import encoded, event_of, event_of_a_test, read_body
from queue_core.errors import InvalidRequest, StoreCorrupt
from queue_core.store import Store
from queue_core.text import json_object, to_bytes, to_text

MOST_EVENTS = 500
OLD_LOOK_SECONDS = 60.0

_KEEP_SECONDS = 86_400
_KEEP_LOOK_SECONDS = 3600
_MOST_READ = 200
_STEP = 100


@dataclass(frozen=True)
class AlertLook:
    """at: when somebody last looked what is wrong.  unknown: what could not be seen then, in words."""

    at: float
    unknown: tuple[str, ...] = ()

    def is_old(self, now: float) -> bool:
        """Whether it says nothing about now."""
        return abs(now - self.at) > OLD_LOOK_SECONDS


@dataclass(frozen=True)
class Waiting:
    """An event that a receiver has not got yet.  entry: its place; at: when it was noticed, Unix seconds.

    body: None for what is no event and cannot be sent."""

    entry: str
    at: float
    body: bytes | None


class Alerts:
    """The room of those who tell what is wrong, and of those who ask what was told."""

    def __init__(self, store: Store):
        self._store = store

    # -- looking --

    def open(self) -> list[Alert]:
        """The alerts that are open, the worst first and then the oldest; what is none is left out.

        Raises StoreUnavailable, StoreCorrupt."""
        found = filter(None, map(read_alert, self._rows().values()))
        return sorted(found, key=lambda one: (-rank(one.sight), one.opened_at, one.key))

    def deliveries(self) -> list[Delivery]:
        """How it goes with each receiver, by host.  Raises StoreUnavailable, StoreCorrupt."""
        rows = self._small_hash(self._store.keys.alert_receivers())
        found = (read_delivery(to_text(name), raw) for name, raw in rows.items())
        return sorted(filter(None, found), key=lambda one: (one.host, one.id))

    def last_look(self) -> AlertLook | None:
        """When somebody last looked what is wrong; None: nobody did in the last hour.  Raises StoreUnavailable."""
        found = json_object(self._store.client.get(self._store.keys.alert_look()))
        at, unknown = found.get("at"), found.get("unknown", [])
        if type(at) not in (int, float) or not 0 <= at < 1e15 or not isinstance(unknown, list):
            return None
        return AlertLook(float(at), tuple(words for name, words in UNKNOWN_WORDS.items() if name in unknown))

    def unreadable(self) -> int:
        """How many open alerts and receivers cannot be read.  Raises StoreUnavailable, StoreCorrupt."""
        alerts, receivers = self._rows(), self._small_hash(self._store.keys.alert_receivers())
        are_readable = [
            *(read_alert(raw) for raw in alerts.values()),
            *(read_delivery(to_text(name), raw) for name, raw in receivers.items()),
        ]
        return are_readable.count(None)

    def send_test(self, *, actor: Actor) -> int:
        """Lets whoever tells the alerts tell a test; gives how many receivers there are.

        It is on its way then, and has not arrived.  Raises InvalidRequest when nobody tells any, or a test has not
        arrived yet."""
        deliveries, look = self.deliveries(), self.last_look()
        if not deliveries or look is None or look.is_old(self._store.now()):
            raise InvalidRequest(
                "Nobody tells alerts now: no sweeper and no observer that is alive has addresses in "
                "SIGNALBOX_ALERT_WEBHOOKS."
            )
        if self._is_test_waiting(deliveries):
            raise InvalidRequest("The last test has not arrived everywhere yet; the page Settings says why.")
        receivers = len(deliveries)
        pipeline = self._store.client.pipeline(transaction=True)
        self._tell(pipeline, [event_of_a_test(actor.name, self._store.now(), **self._place())])
        pipeline.xadd(
            self._store.keys.audit(),
            {"act": act("test_alert", actor, receivers=receivers)},
            maxlen=self._store.settings.max_audit_entries,
            approximate=True,
        )
        pipeline.execute()
        return receivers

    # -- for whoever looks what is wrong --

    def note(self, look: Look) -> list[dict]:
        """Writes down what a look changes, and what is to be told of it; gives the events, the worst first.

        Nothing when another process has done so meanwhile.  Raises StoreUnavailable, StoreCorrupt."""
        rows, now = self._rows(), self._store.now()
        read = {to_text(name): read_alert(raw) for name, raw in rows.items()}
        known = {name: alert for name, alert in read.items() if alert is not None and alert.key == name}
        found = changes(known, look, now, self._store.settings.alert_repeat_seconds)
        events = [event_of(one, now, **self._place()) for one in found if one.told]
        kept = {one.key: written_alert(one.alert) for one in found if one.alert is not None}
        gone = {one.key for one in found if one.alert is None} | {name for name in read if name not in known}
        if events:
            self._newest_entry()  # a key of another type refuses here: of what is noted in one step nothing may fail
        if kept or gone:
            touched = {raw: rows.get(raw) for raw in map(to_bytes, kept.keys() | gone)}
            if not self._store.write_while(
                self._store.keys.alerts(), touched, lambda pipeline: self._write(pipeline, kept, gone, events)
            ):
                return []
        seen = {"at": now, "unknown": look.unknown_families}
        pipeline = self._store.client.pipeline()
        pipeline.set(self._store.keys.alert_look(), json.dumps(seen), ex=_KEEP_LOOK_SECONDS)
        pipeline.expire(self._store.keys.alerts(), _KEEP_SECONDS)
        pipeline.execute()
        return events

    def _write(self, pipeline, kept, gone, events):
        key = self._store.keys.alerts()
        if gone - kept.keys():
            pipeline.hdel(key, *map(to_bytes, gone - kept.keys()))
        if kept:
            pipeline.hset(key, mapping={to_bytes(name): raw for name, raw in kept.items()})
        self._tell(pipeline, events)

    def _tell(self, pipeline, events):
        key = self._store.keys.alert_events()
        for event in events:
            pipeline.xadd(key, {"event": encoded(event)}, maxlen=MOST_EVENTS, approximate=False)
        if events:
            pipeline.expire(key, _KEEP_SECONDS)

    # -- for whoever tells it --

    def enlist(self, receivers: Iterable[Receiver]) -> dict[str, Delivery]:
        """{receiver id: how far it is} of exactly these; the others are forgotten.

        Who is new gets what is noticed from now on, and what still waits for those that are forgotten: it may be the
        same receiver under another address.  Raises StoreUnavailable, StoreCorrupt."""
        key, wanted = self._store.keys.alert_receivers(), {one.id: one for one in receivers}
        rows = {to_text(name): raw for name, raw in self._small_hash(key).items()}
        read = {name: read_delivery(name, raw) for name, raw in rows.items()}
        newest, others = self._newest_entry(), rows.keys() - wanted.keys()
        begin = min((read[name].cursor for name in others if read[name]), key=place_of, default=newest)
        found = {
            name: _within(newest, read.get(name) or Delivery(name, receiver.host, begin))
            for name, receiver in wanted.items()
        }
        changed = {name: written_delivery(one) for name, one in found.items() if one != read.get(name)}
        pipeline = self._store.client.pipeline(transaction=True)
        if changed:
            pipeline.hset(key, mapping=changed)
        if others:
            pipeline.hdel(key, *map(to_bytes, others))
        pipeline.expire(key, _KEEP_SECONDS)
        pipeline.execute()
        return found

    def waiting(self, delivery: Delivery) -> Waiting | None:
        """The oldest event that a receiver has not got yet.  Raises StoreUnavailable, StoreCorrupt."""
        rows = self._store.client.xrange(self._store.keys.alert_events(), min=f"({delivery.cursor}", count=1)
        for name, fields in rows:
            entry, body = to_text(name), fields.get(b"event")
            return Waiting(entry, place_of(entry)[0] / 1000, None if read_body(body) is None else body)
        return None

    def pass_over(self, delivery: Delivery, event: Waiting) -> Delivery | None:
        """Gives up what cannot be sent; as `settle`."""
        return self._replace(delivery, delivery.without(event.entry))

    def settle(self, delivery: Delivery, event: Waiting, answer: Answer, words: str) -> Delivery | None:
        """Writes down what came of sending an event; gives the state after it, None when somebody else has changed it
        meanwhile.  Raises StoreUnavailable, StoreCorrupt."""
        return self._replace(delivery, delivery.after(answer, words, event.entry, event.at, self._store.now()))

    # -- inside --

    def _replace(self, delivery, after) -> Delivery | None:
        key, name = self._store.keys.alert_receivers(), delivery.id
        raw = self._store.client.hget(key, name)
        if read_delivery(name, raw) != delivery:
            return None
        wrote = self._store.write_while(
            key, {name: raw}, lambda pipeline: pipeline.hset(key, name, written_delivery(after))
        )
        return after if wrote else None

    def _is_test_waiting(self, deliveries) -> bool:
        cursor = min((one.cursor for one in deliveries), key=place_of)
        for _ in range(MOST_EVENTS // _STEP):
            rows = self._store.client.xrange(self._store.keys.alert_events(), min=f"({cursor}", count=_STEP)
            if any((read_body(fields.get(b"event")) or {}).get("event") == TEST for _, fields in rows):
                return True
            if len(rows) < _STEP:
                break
            cursor = to_text(rows[-1][0])
        return False

    def _newest_entry(self) -> str:
        """Raises StoreCorrupt for a key of another type."""
        rows = self._store.client.xrevrange(self._store.keys.alert_events(), count=1)
        return to_text(rows[0][0]) if rows else FIRST

    def _place(self) -> dict:
        settings = self._store.settings
        return {"environment": settings.alert_environment, "console_url": settings.console_url}

    def _rows(self) -> dict[bytes, bytes]:
        return self._small_hash(self._store.keys.alerts())

    def _small_hash(self, key) -> dict[bytes, bytes]:
        if self._store.client.hlen(key) > _MOST_READ:
            raise StoreCorrupt(f"{to_text(key)} holds more than anybody has written there.")
        return self._store.client.hgetall(key)


def _within(newest, delivery) -> Delivery:
    """From the first, when it is further than anything there: the events are others than those it has got."""
    return replace(delivery, cursor=FIRST) if place_of(delivery.cursor) > place_of(newest) else delivery
