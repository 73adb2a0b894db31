"""What workers and the sweeper do with tasks: claim, start, renew, settle; promote and recover.

Whoever last wrote the active score of a task holds it.  A `Session` remembers the scores that it wrote and presents
them with every step; when they do not match, nothing is written and the step ends in LeaseLost.
"""

import threading
from dataclasses import dataclass, field

from queue_core import payload as payloads
from queue_core import states
from queue_core.clock import monotonic
from queue_core.errors import InvalidPayload, LeaseLost, StoreCorrupt
from queue_core.payload import Payload
from queue_core.store import Store
from queue_core.stream import Stream
from queue_core.text import to_bytes, to_text

PAYLOAD_BUDGET_BYTES = 256 * 1024
"""What the payloads of one claim usually weigh at most together, the first one apart."""

_PAYLOADS_READ_IN_RECOVERY = 8
"""So many times `max_payload_bytes`; a longer one counts as not to be repeated."""

_HEARTBEAT_CHUNK = 250
_MOST_PROMOTED = 3000
"""In one step, whatever an application has configured: a script serves nobody else meanwhile."""
_SCAN_COUNT = 1000


@dataclass(frozen=True)
class Claimed:
    """A task that a session holds.  raw: its payload as it stands in Redis; recoveries: workers it has taken down."""

    queue: str
    id: str
    score_before: float
    raw: bytes | None
    recoveries: int


@dataclass(frozen=True)
class Settled:
    """What became of a step that was sent.  error: None, or LeaseLost, StoreFull, ….

    repeated: it was sent again over a new connection; LeaseLost may then mean that the first one had arrived."""

    claimed: Claimed
    verb: str
    error: Exception | None
    repeated: bool


@dataclass(frozen=True)
class Recovered:
    """verb: released | requeued | failed | quarantined."""

    queue: str
    id: str
    verb: str


@dataclass
class _Held:
    claimed: Claimed
    lease: bytes
    settling: bool = field(default=False)


class Session:
    """One worker's claims, on a connection of its own.  Safe for a running thread and a heartbeat thread."""

    def __init__(self, store: Store, worker_id: str):
        self._store = store
        self._worker_id = worker_id
        self._stream = Stream(store)
        self._held: dict[tuple[str, str], _Held] = {}
        self._settled: list[Settled] = []
        self._renewed_at = monotonic()
        self._lock = threading.RLock()

    # -- taking --

    def claim(self, queue: str, limit: int = 1, payload_budget_bytes: int = PAYLOAD_BUDGET_BYTES) -> list[Claimed]:
        """The next tasks of `queue`, at most `limit`, lowest score first; fewer when their payloads are heavy.

        payload_budget_bytes: what the payloads may weigh together, the first one apart.

        Raises QueuePaused, StoreCorrupt, StoreUnavailable (a claim may have happened then; its lease will end)."""
        asked_at = monotonic()
        call = self._store.call(
            "claim",
            queue=queue,
            limit=limit,
            worker=self._worker_id,
            lock_retry_seconds=self._store.settings.lock_retry_seconds,
            payload_budget=payload_budget_bytes,
            task_prefix=self._store.keys.task_prefix(),
        )
        with self._lock:
            lease, *rows = self._stream.ask(call)
            if rows and not self._held:
                self._renewed_at = asked_at
            claimed = [Claimed(queue, to_text(row[0]), float(row[1]), row[3], int(row[2] or 0)) for row in rows]
            self._held.update(((queue, one.id), _Held(one, lease)) for one in claimed)
        return claimed

    @property
    def held(self) -> list[Claimed]:
        """What has been claimed and not been settled."""
        with self._lock:
            return [held.claimed for held in self._held.values() if not held.settling]

    def holds(self, claimed: Claimed) -> bool:
        """Whether it is among them."""
        held = self._held.get((claimed.queue, claimed.id))
        return held is not None and held.claimed is claimed and not held.settling

    # -- steps: sent, not awaited --

    def start(self, claimed: Claimed) -> None:
        self._step("start", claimed)

    def finish(self, claimed: Claimed) -> None:
        self._step("finish", claimed)

    def retry_later(self, claimed: Claimed, due_at: float, execution: bytes, keep: int | None = None) -> None:
        """keep: how many executions stay; 0 keeps all, None as many as the settings say."""
        self._step("retry_later", claimed, due_at=due_at, execution=execution, keep=_kept(self._store, keep))

    def give_up(self, claimed: Claimed, execution: bytes | None, keep: int | None = None) -> None:
        """keep: as for retry_later."""
        failed_at, keep = self._store.now(), _kept(self._store, keep)
        self._step("give_up", claimed, failed_at=failed_at, execution=execution or b"", keep=keep)

    def defer(self, claimed: Claimed, due_at: float) -> None:
        self._step("defer", claimed, due_at=due_at)

    def stand_aside(self, claimed: Claimed, hold_id: str) -> None:
        self._step("stand_aside", claimed, hold_id=hold_id)

    def release(self, claimed: Claimed) -> None:
        self._step("release", claimed)

    def abandon(self, claimed: Claimed) -> None:
        """Forgets a task without a word: its lease ends by itself, and recovery decides."""
        with self._lock:
            self._held.pop((claimed.queue, claimed.id), None)

    def flush(self) -> None:
        """Sends every step so far in one write.  Raises StoreUnavailable; nothing is forgotten then."""
        with self._lock:
            self._stream.flush()

    def drain(self) -> list[Settled]:
        """Sends what is left and reads every reply: what became of the steps since the last drain."""
        with self._lock:
            self._stream.drain()
            settled, self._settled = self._settled, []
        return settled

    def _step(self, verb, claimed, **values):
        with self._lock:
            held = self._held.get((claimed.queue, claimed.id))
            if held is None:
                self._settled.append(Settled(claimed, verb, LeaseLost(), repeated=False))
                return
            held.settling = verb != "start"
            call = self._store.call(verb, queue=claimed.queue, id=claimed.id, lease=held.lease, **values)
            self._stream.add(call, lambda reply, repeated: self._note(held, verb, reply, repeated))

    def _note(self, held, verb, reply, repeated):
        error = reply if isinstance(reply, Exception) else None
        # a task without its mark must not begin: nobody would know of it
        if verb != "start" or error is not None:
            self._forget(held)
        self._settled.append(Settled(held.claimed, verb, error, repeated))

    def _forget(self, held):
        key = (held.claimed.queue, held.claimed.id)
        if self._held.get(key) is held:
            del self._held[key]

    # -- renewing --

    def heartbeat(self) -> list[Claimed]:
        """Renews every lease that is held; gives those that are lost.  Raises StoreUnavailable."""
        with self._lock:
            self._stream.drain()
            asked_at = monotonic()
            lost = []
            for queue, held in self._held_by_queue():
                for first in range(0, len(held), _HEARTBEAT_CHUNK):
                    lost += self._renew(queue, held[first : first + _HEARTBEAT_CHUNK])
            self._renewed_at = asked_at
        return lost

    def _held_by_queue(self):
        queues = {}
        for held in self._held.values():
            queues.setdefault(held.claimed.queue, []).append(held)
        return list(queues.items())

    def _renew(self, queue, held):
        pairs = [value for one in held for value in (one.claimed.id, one.lease)]
        lease, *lost_ids = self._stream.ask(self._store.call("heartbeat", queue=queue, ids_and_leases=pairs))
        lost = [one for one in held if to_bytes(one.claimed.id) in lost_ids]
        for one in held:
            one.lease = lease
        for one in lost:
            self._forget(one)
        return [one.claimed for one in lost]

    def lease_left_seconds(self) -> float:
        """How long everything that is held stays ours for certain, counted from when its renewal was asked for."""
        return self._store.settings.lease_seconds - (monotonic() - self._renewed_at)

    def failures(self, claimed: Claimed) -> int:
        """Failed runs that are recorded for the task.  Raises StoreUnavailable."""
        try:
            return int(self._store.client.get(self._store.keys.executions_count(claimed.id)) or 0)
        except (ValueError, StoreCorrupt):
            return 0

    def close(self) -> None:
        with self._lock:
            self._stream.close()


class Leases:
    """The room of workers and of the sweeper."""

    def __init__(self, store: Store):
        self._store = store

    def session(self, worker_id: str) -> Session:
        """A new session of that worker; see Session."""
        return Session(self._store, worker_id)

    def queues(self, state: str) -> list[str]:
        """The names of the queues that have a task in `state`, in no order; not one atomic look."""
        name_set = self._store.keys.names(states.known(state))
        return [to_text(name) for name in self._store.client.sscan_iter(name_set, count=_SCAN_COUNT)]

    def promote(self, queue: str) -> tuple[int, bool]:
        """(how many due tasks of `queue` became runnable, whether more are due).  One bounded step."""
        limit = max(1, min(self._store.settings.promote_batch, _MOST_PROMOTED))
        due = self._store.run("promote", queue=queue, now=self._store.now(), limit=limit)
        return due, due == limit

    # -- recovery --

    def recover_expired(self, queue: str) -> list[Recovered]:
        """Deals with tasks of `queue` whose lease is over, at most `settings.recover_batch` of them, oldest first.

        Those that refuse hold up nobody behind them."""
        stuck = 0
        while True:
            expired = self._expired(queue, stuck)
            recovered = self._recover(queue, expired)
            stuck += len(expired) - len(recovered)
            if recovered or len(expired) < self._recover_batch:
                return recovered

    @property
    def _recover_batch(self):
        return max(1, self._store.settings.recover_batch)

    def _recover(self, queue, expired) -> list[Recovered]:
        payloads_raw = self._read_payloads([task_id for task_id, _ in expired])
        calls = [
            self._recovery(queue, task_id, lease, raw)
            for (task_id, lease), raw in zip(expired, payloads_raw, strict=True)
        ]
        replies = self._store.send_all(calls) if calls else []
        return [
            Recovered(queue, task_id, to_text(reply))
            for (task_id, _), reply in zip(expired, replies, strict=True)
            if isinstance(reply, bytes)
        ]

    def _expired(self, queue, first):
        seconds, microseconds = self._store.client.time()
        over_at = seconds + microseconds / 1e6 - self._store.settings.lease_seconds
        rows = self._store.client.zrangebyscore(
            self._store.keys.state(states.ACTIVE, queue),
            0,
            over_at,
            start=first,
            num=self._recover_batch,
            withscores=True,
        )
        return [(to_text(task_id), lease) for task_id, lease in rows]

    def _read_payloads(self, task_ids):
        # one byte more tells that there is more; a payload that no memory has room for must not take down the sweeper
        pipeline = self._store.client.pipeline()
        for task_id in task_ids:
            pipeline.getrange(self._store.keys.payload(task_id), 0, self._longest_payload)
        return pipeline.execute(raise_on_error=False) if task_ids else []

    @property
    def _longest_payload(self):
        return _PAYLOADS_READ_IN_RECOVERY * self._store.settings.max_payload_bytes

    def _recovery(self, queue, task_id, lease, raw):
        now, settings = self._store.now(), self._store.settings
        payload = _readable(raw, task_id, self._longest_payload)
        if isinstance(raw, bytes) and raw:
            lost = payloads.explained("worker_lost", _LOST.format(seconds=settings.lease_seconds), now)
        else:
            lost = payloads.explained("payload_missing", payloads.MISSING, now)
        poison = payloads.explained("quarantined", _POISON.format(count=settings.max_recoveries), now)
        return self._store.call(
            "recover",
            queue=queue,
            id=task_id,
            seen_lease=repr(lease),
            lease_seconds=settings.lease_seconds,
            repeatable=bool(payload and payload.repeatable),
            max_recoveries=settings.max_recoveries,
            lost_execution=payloads.encode_execution(lost),
            poison_execution=payloads.encode_execution(poison),
            keep=_kept(self._store, payload.max_stored_executions if payload else None),
        )


_LOST = (
    "Worker lost: the worker that ran this task gave no sign of life for {seconds:g} seconds.\n"
    "It left no traceback.  The task does not say that it may be repeated after a timeout, so it was not started again."
)
_POISON = (
    "Quarantined: this task has taken down its worker {count} times.\n"
    "Its retry settings are left aside, so that it cannot take down more."
)


def _kept(store, wanted: int | None) -> int:
    return max(store.settings.max_stored_executions if wanted is None else wanted, 0)


def _readable(raw, task_id, longest: int) -> Payload | None:
    # what took down a worker that read it must not take down whoever recovers it
    try:
        return Payload.decode(raw, task_id) if isinstance(raw, bytes) and len(raw) <= longest else None
    except InvalidPayload:
        return None
