"""Every Redis key: its name, its type, and what is inside.

Wire keys are TaskTiger's (wire §2).  Ours live under `<prefix>:x:`; each has its row in docs/redis_keys.md.
"""

import hashlib
import json
import re

from queue_core.queue_filter import QueueFilter
from queue_core.text import to_bytes

CATALOGUE = {
    # method            type      pattern after the prefix            what is inside
    "names": ("set", "<state>", "names of the queues that hold a task in that state"),
    "state": ("zset", "<state>:<queue>", "task id -> runnable at | lease | due at | failed at"),
    "payload": ("string", "task:<id>", "task JSON"),
    "executions": ("list", "task:<id>:executions", "failed runs, oldest first"),
    "executions_count": ("string", "task:<id>:executions_count", "number of failed runs ever"),
    "activity": ("channel", "activity", "names of queues that became runnable"),
    "lock": ("string", "lockv2:<lock id>", "token of the task lock's owner"),
    "promotion_throttle": ("string", "lockv2:queue_scheduled_tasks:<group>", "held while nobody else should promote"),
    "expiry_throttle": ("string", "lockv2:queue_expired_tasks", "held by whoever owns the expiry scan"),
    "semaphore": ("zset", "qslock:<queue>", "worker id or SYSTEM_LOCK -> when that hold ends"),
    "claims": (
        "hash",
        "x:claims:<queue>",
        "task id -> claim record: lease, score before, started at, previous lease, worker",
    ),
    "recoveries": ("hash", "x:recoveries", "task id -> workers it has taken down"),
    "remembered": ("string", "x:remembered:<id>", "an enqueue not to be repeated"),
    "paused": ("zset", "x:paused", "queue -> when its pause ends"),
    "pauses": ("hash", "x:pauses", "queue -> pause record: who, why, since, until"),
    "audit": ("stream", "x:audit", "acts of operators"),
    "operations": ("zset", "x:operations", "operation id -> created at"),
    "operations_running": ("zset", "x:operations:running", "operation id -> created at, while it has not ended"),
    "operation": ("hash", "x:operation:<id>", "an operation: what, by whom, how far"),
    "operation_ids": ("list", "x:operation:<id>:ids", "the frozen selection of an operation on single tasks"),
    "workers": ("zset", "x:workers", "worker id -> last sign of life"),
    "worker": ("string", "x:worker:<id>", "a worker: host, pid, queues, what it runs"),
    "lease": ("string", "x:lease:<duty>", "token of the process that has this duty now"),
    "snapshot": ("string", "x:snapshot", "counts of all queues, JSON"),
    "users": ("hash", "x:users", "user name -> role, password hash, epoch"),
    "secret": ("string", "x:secret", "key that signs the console's sessions"),
    "login_failures": ("string", "x:login_failures:<hash>", "failed attempts in a row"),
}

SYSTEM_LOCK = b"SYSTEM_LOCK"

_STATE_KEY = re.compile(r"^(?P<to>to_)?(?P<state>queued|active|scheduled|error)(?P<names>_names)?$")

_MADE_OF = {
    "payload": "id",
    "executions": "id",
    "executions_count": "id",
    "remembered": "id",
    "semaphore": "queue",
    "claims": "queue",
    "operation": "operation_id",
    "operation_ids": "operation_id",
}
"""Key name in a script -> the value of the call that it is made of."""


class Keys:
    """The keys under one prefix, as bytes.  On Redis Cluster the prefix is a hash tag such as `{t}`."""

    def __init__(self, prefix: str = "t"):
        self.prefix = prefix
        self._root = to_bytes(prefix) + b":"

    def _key(self, *parts: str) -> bytes:
        return self._root + b":".join(to_bytes(part) for part in parts)

    def for_script(self, name: str, values: dict) -> bytes:
        """The key that a script calls `name`, made of the values of its call (queue, to_queue, id, …)."""
        found = _STATE_KEY.match(name)
        if found and found["names"]:
            return self.names(found["state"])
        if found:
            return self.state(found["state"], values["to_queue" if found["to"] else "queue"])
        if name == "from":
            return self.state(values["state"], values["queue"])
        if name == "to":
            return self.state(values["state"], values["to_queue"])
        if name == "from_names":
            return self.names(values["state"])
        key = getattr(self, name)
        return key(values[_MADE_OF[name]]) if name in _MADE_OF else key()

    # -- the wire --
    def names(self, state: str) -> bytes:
        return self._key(state)

    def state(self, state: str, queue: str) -> bytes:
        return self._key(state, queue)

    def task_prefix(self) -> bytes:
        return self._root + b"task:"

    def payload(self, task_id: str) -> bytes:
        return self._key("task", task_id)

    def executions(self, task_id: str) -> bytes:
        return self._key("task", task_id, "executions")

    def executions_count(self, task_id: str) -> bytes:
        return self._key("task", task_id, "executions_count")

    def activity(self) -> bytes:
        return self._key("activity")

    def lock(self, lock_id: str) -> bytes:
        return self._key("lockv2", lock_id)

    def promotion_throttle(self, queue_filter: QueueFilter) -> bytes:
        group = hashlib.sha256(json.dumps(queue_filter.key).encode()).hexdigest()
        return self._key("lockv2", "queue_scheduled_tasks", group)

    def expiry_throttle(self) -> bytes:
        return self._key("lockv2", "queue_expired_tasks")

    def semaphore(self, queue: str) -> bytes:
        return self._key("qslock", queue)

    # -- ours --
    def claims(self, queue: str) -> bytes:
        return self._key("x", "claims", queue)

    def recoveries(self) -> bytes:
        return self._key("x", "recoveries")

    def remembered(self, task_id: str) -> bytes:
        return self._key("x", "remembered", task_id)

    def paused(self) -> bytes:
        return self._key("x", "paused")

    def pauses(self) -> bytes:
        return self._key("x", "pauses")

    def audit(self) -> bytes:
        return self._key("x", "audit")

    def operations(self) -> bytes:
        return self._key("x", "operations")

    def operations_running(self) -> bytes:
        return self._key("x", "operations", "running")

    def operation(self, operation_id: str) -> bytes:
        return self._key("x", "operation", operation_id)

    def operation_ids(self, operation_id: str) -> bytes:
        return self._key("x", "operation", operation_id, "ids")

    def workers(self) -> bytes:
        return self._key("x", "workers")

    def worker(self, worker_id: str) -> bytes:
        return self._key("x", "worker", worker_id)

    def lease(self, duty: str) -> bytes:
        return self._key("x", "lease", duty)

    def snapshot(self) -> bytes:
        return self._key("x", "snapshot")

    def users(self) -> bytes:
        return self._key("x", "users")

    def secret(self) -> bytes:
        return self._key("x", "secret")

    def login_failures(self, subject: str) -> bytes:
        return self._key("x", "login_failures", hashlib.sha256(to_bytes(subject)).hexdigest())
