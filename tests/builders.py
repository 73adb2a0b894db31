"""States of tasks in a real Redis, put there by hand and read back whole."""

import contextlib
import json
import os

from queue_core import Actor
from queue_core.acts import act
from queue_core.text import to_bytes, to_text
from tests.waiting import wait_until

ANNA = Actor("anna", "command line")
HOSTILE_QUEUE = "q\udcff*[a]?\r\n+OK\r\n:x"
HOSTILE_ID = "\udc80id\r\n$5*?[^]{}\x00 %s"
WORKER = "worker-1"
NOTED = {"operation_id": "", "act": act("test", ANNA), "max_audit_entries": 1000}
"""What every act of an operator passes along."""
FOR_GOOD = {"entry_id": "", "trashed_at": 1.0, "trash_seconds": 60, "trash_record": "", "trash_prefix": b"t:x:trash:"}
"""What an act that deletes passes along where nothing goes to the trash."""
TO_TRASH = FOR_GOOD | {"entry_id": "e1", "trashed_at": 500.0, "trash_record": '{"by": "anna"}'}


def payload_text(task_id: str, **fields) -> str:
    return json.dumps({"id": task_id, "func": "app.tasks:work", **fields})


class World:
    """One Redis under test, with a store on it."""

    def __init__(self, raw, store):
        self.raw = raw
        self.store = store
        self.keys = store.keys

    # -- putting things there --

    def put(self, state, queue="orders", task_id="a", score=100.0, **fields) -> str:
        """A task in a state, as any producer or worker on the wire would leave it; its payload."""
        self.raw.zadd(self.keys.state(state, queue), {to_bytes(task_id): score})
        self.raw.sadd(self.keys.names(state), to_bytes(queue))
        text = payload_text(task_id, **fields)
        self.raw.set(self.keys.payload(task_id), text)
        return text

    def record_failures(self, task_id="a", count=1) -> None:
        for number in range(1, count + 1):
            self.raw.rpush(self.keys.executions(task_id), f'{{"n": {number}}}')
        self.raw.set(self.keys.executions_count(task_id), count)

    def put_claimed(self, queue="orders", task_id="a", score=100.0, **fields) -> bytes:
        """A task that a worker of ours has claimed; its lease."""
        self.put("queued", queue, task_id, score, **fields)
        return self.claim(queue)[0]

    def claim(self, queue="orders", limit=1, worker=WORKER, **values) -> list:
        values = {"lock_retry_seconds": 1.0, "payload_budget": 262_144} | values
        return self.run("claim", queue=queue, limit=limit, worker=worker, task_prefix=self.keys.task_prefix(), **values)

    def put_operation(self, operation_id="op", matched=3, ids=(), frozen=None) -> None:
        """An operation that has begun."""
        if frozen:
            self.raw.zadd(f"t:x:operation:{operation_id}:frozen", frozen)
        self.run(
            "start_operation", operation_id=operation_id, created_at=50.0, record="{}", matched=matched, rate=0,
            canary="", act=NOTED["act"], max_audit_entries=1000, ids=list(ids),
        )  # fmt: skip

    def run(self, name, **values):
        return self.store.run(name, **values)

    # -- reading it back --

    def dump(self) -> dict:
        """Everything in Redis: {key: value}, in plain Python."""
        return {to_text(key): self._value(key) for key in sorted(self.raw.keys("*"))}

    def tasks(self) -> dict:
        """The same without audit trail and records of operations: what the tasks are made of."""
        return {key: value for key, value in self.dump().items() if not key.startswith(("t:x:audit", "t:x:operation"))}

    def expiring(self) -> set[str]:
        return {to_text(key) for key in self.raw.keys("*") if self.raw.ttl(key) > 0}

    def acts(self) -> list[dict]:
        """The entries of the audit trail, oldest first."""
        return [json.loads(fields[b"act"]) for _, fields in self.raw.xrange(self.keys.audit())]

    def scores(self, state, queue="orders") -> dict[str, float]:
        return self.dump().get(to_text(self.keys.state(state, queue)), {})

    @contextlib.contextmanager
    def published(self):
        """A list that holds, at the end, the queues whose names were published."""
        with self.raw.pubsub() as listener:
            listener.subscribe(self.keys.activity())
            wait_until(lambda: listener.get_message(timeout=0.1))
            heard = []
            yield heard
            self.raw.publish(self.keys.activity(), b"-end of the test-")
            while (message := wait_until(lambda: listener.get_message(timeout=0.1)))["data"] != b"-end of the test-":
                heard.append(to_text(message["data"]))

    def _value(self, key):
        read = {
            b"zset": lambda: {to_text(one): score for one, score in self.raw.zrange(key, 0, -1, withscores=True)},
            b"set": lambda: {to_text(one) for one in self.raw.smembers(key)},
            b"string": lambda: to_text(self.raw.get(key)),
            b"list": lambda: [to_text(one) for one in self.raw.lrange(key, 0, -1)],
            b"hash": lambda: {to_text(name): to_text(value) for name, value in self.raw.hgetall(key).items()},
            b"stream": lambda: [to_text(fields[b"act"]) for _, fields in self.raw.xrange(key)],
        }
        return read[self.raw.type(key)]()


@contextlib.contextmanager
def full_memory(raw):
    """Redis refuses whatever makes it grow."""
    raw.config_set("maxmemory", 1)
    try:
        yield
    finally:
        raw.config_set("maxmemory", 0)


@contextlib.contextmanager
def missing_replica(raw):
    """Redis answers, and refuses every write, since no replica of its takes part."""
    raw.config_set("min-replicas-to-write", 1)
    try:
        yield
    finally:
        raw.config_set("min-replicas-to-write", 0)


@contextlib.contextmanager
def unwritable_disk(raw):
    """Redis refuses every write, since it could not save the last time."""
    place = os.path.join(raw.config_get("dir")["dir"], raw.config_get("dbfilename")["dbfilename"])
    os.makedirs(place)
    raw.config_set("save", "3600 1000")
    raw.bgsave()
    wait_until(lambda: raw.info("persistence")["rdb_last_bgsave_status"] == "err", 5, "the save should fail")
    try:
        yield
    finally:
        raw.config_set("save", "")
        os.rmdir(place)
