"""Every Redis key: its name, its type, and what is inside.

Wire keys are TaskTiger's (wire §2).  Ours live under `<prefix>:x:`; each has its row in docs/redis_keys.md.
"""

import functools
import hashlib
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
    "twins": ("zset", "x:twins", "unique task id -> when it was seen in a second queue"),
    "received": ("string", "x:received:<id>", "a task that came from another Redis, not to be received twice"),
    "remembered": ("string", "x:remembered:<id>", "an enqueue not to be repeated"),
    "paused": ("zset", "x:paused", "queue -> when its pause ends"),
    "pauses": ("hash", "x:pauses", "queue -> pause record: who, why, since, until"),
    "hold_records": ("hash", "x:holds", "hold id -> hold record: what, where, who, why, since, until"),
    "hold_counts": ("hash", "x:holds:aside", "hold id -> tasks that were set aside for it so far"),
    "hold_waiting": ("string", "x:holds:waiting", "how many tasks stand aside in which queues, JSON"),
    "spared": ("zset", "x:retention:spared", "queue, or nothing for every one -> until when its queued tasks are kept"),
    "audit": ("stream", "x:audit", "acts of operators"),
    "operations": ("zset", "x:operations", "operation id -> created at"),
    "operations_running": ("zset", "x:operations:running", "operation id -> created at, while it has not ended"),
    "operation": ("hash", "x:operation:<id>", "an operation: what, by whom, how far"),
    "operation_ids": ("list", "x:operation:<id>:ids", "the frozen selection of an operation on single tasks"),
    "operation_frozen": (
        "zset",
        "x:operation:<id>:frozen",
        "tasks that an operation will give another time -> their score at its start",
    ),
    "operation_moved": (
        "zset",
        "x:operation:<id>:moved",
        "tasks that an operation has moved -> their score, until they are taken back",
    ),
    "operation_failed": (
        "zset",
        "x:operation:<id>:failed",
        "tasks that it retried and that failed again -> failed at",
    ),
    "followed": ("hash", "x:followed", "queue and task id -> the operation that retried it, and when"),
    "trash": ("zset", "x:trash", "entry id -> when it was deleted"),
    "trash_index": ("hash", "x:trash:index", "entry id -> its bytes, operation and queue"),
    "trash_bytes": ("string", "x:trash:bytes", "memory of all entries, about"),
    "trash_entry": ("hash", "x:trash:entry:<entry>", "a deleted task: id, queue, state, score, who deleted it, why"),
    "trash_payload": ("string", "x:trash:payload:<entry>", "its task JSON"),
    "trash_executions": ("list", "x:trash:executions:<entry>", "its failed runs, oldest first"),
    "trash_of_queue": ("zset", "x:trash:queue:<queue>", "entry id -> when it was deleted, from that queue"),
    "trash_of_operation": ("zset", "x:trash:operation:<id>", "entry id -> when it was deleted, by that operation"),
    "operation_released": ("zset", "x:operation:<id>:released", "tasks of its canary -> when they were released"),
    "workers": ("zset", "x:workers", "worker id -> last sign of life"),
    "worker": ("string", "x:worker:<id>", "a worker: host, pid, queues, what it runs"),
    "orders": ("hash", "x:orders:<id>", "what a person asks of a worker: verb -> who, why, when, which task"),
    "recurring_runs": ("list", "x:recurring:<function>", "newest runs of recurring work: when, how long, how it ended"),
    "lease": ("string", "x:lease:<duty>", "token of the process that has this duty now"),
    "snapshot": ("string", "x:snapshot", "counts of all queues, JSON"),
    "checkup": ("string", "x:checkup", "what the doctor found when it looked last, JSON"),
    "stats": (
        "hash",
        "x:stats:<family>:<tier>:<chunk>:<kind>:<name>",
        "slot and number -> how many: counts, times, flow or depths of a queue, a function, or all",
    ),
    "stats_names": ("zset", "x:stats:names:<kind>", "queue or function -> last seen, of those that are told apart"),
    "stats_recent": ("string", "x:stats:recent", "what every queue did in the last minutes and the last day, JSON"),
    "stats_totals": ("hash", "x:stats:totals", "counter, kind and name -> sum of all that was counted"),
    "error_groups": ("zset", "x:errors:groups", "error group -> when its newest failure was"),
    "error_group": ("hash", "x:errors:group:<id>", "a group: what it is, how many by hour, function, queue, host"),
    "error_group_tasks": ("zset", "x:errors:tasks:<id>", "queue and task id -> failed at, of tasks in the group"),
    "errors_read": ("zset", "x:errors:read:<queue>", "task id -> failed at, of errors that were indexed lately"),
    "error_index": ("hash", "x:errors:index", "queue -> how far its errors are indexed"),
    "error_summary": ("string", "x:errors:summary", "all error groups with their numbers, JSON"),
    "error_notes": ("hash", "x:errors:notes", "error group -> note and snooze: what, who, when, until"),
    "error_operations": ("list", "x:errors:operations:<id>", "newest operations on an error group"),
    "deploys": ("list", "x:deploys", "deploys: when, by whom, what; the newest first"),
    "alerts": ("hash", "x:alerts", "alert -> what is wrong, since when, when it was told, while it is open"),
    "alert_events": ("stream", "x:alerts:events", "what receivers are told: each opened, repeated or resolved alert"),
    "alert_receivers": ("hash", "x:alerts:receivers", "receiver -> its host, what it has got, what went wrong"),
    "alert_look": ("string", "x:alerts:look", "when somebody last looked what is wrong, JSON"),
    "shared_views": ("hash", "x:views", "saved views that are shared: name -> address, by whom, when"),
    "own_views": ("hash", "x:views:<user>", "saved views of one user: name -> address, by whom, when"),
    "background_searches": ("zset", "x:background", "search in the background -> created at"),
    "background_search": ("hash", "x:background:<id>", "a search: what, by whom, how far, what it has counted"),
    "background_found": ("zset", "x:background:<id>:found", "state, queue and task id -> in which turn it was found"),
    "answer": ("hash", "x:answer:<hash>", "a request that may be repeated: what, who is at it, what it was answered"),
    "answers": ("zset", "x:answers:<holder>", "request that may be repeated -> begun at, of one API token"),
    "users": ("hash", "x:users", "user name -> role, password hash, epoch"),
    "tokens": ("hash", "x:users:tokens", "token id -> whose, what for, hash of the secret, role, queues, until"),
    "tokens_used": ("hash", "x:users:tokens:used", "token id -> when it was used last"),
    "sessions": ("hash", "x:users:sessions:<user>", "session id -> since, until, from where; when it was seen last"),
    "links": ("hash", "x:users:links", "user name -> link to set a password: hash of its secret, by whom, until"),
    "secret": ("string", "x:secret", "key that signs the console's sessions"),
    "login_failures": ("string", "x:login_failures:<hash>", "failed attempts in a row"),
}

SYSTEM_LOCK = b"SYSTEM_LOCK"

_REMEMBERED = 4096
_STATE_KEY = re.compile(r"^(?P<to>to_)?(?P<state>queued|active|scheduled|error)(?P<names>_names)?$")

_MADE_OF = {
    "payload": "id",
    "executions": "id",
    "executions_count": "id",
    "remembered": "id",
    "received": "id",
    "semaphore": "queue",
    "claims": "queue",
    "operation": "operation_id",
    "operation_ids": "operation_id",
    "operation_frozen": "operation_id",
    "operation_released": "operation_id",
    "operation_moved": "operation_id",
    "operation_failed": "operation_id",
    "error_group": "group_id",
    "error_group_tasks": "group_id",
    "errors_read": "queue",
    "trash_entry": "entry_id",
    "trash_payload": "entry_id",
    "trash_executions": "entry_id",
}
"""Key name in a script -> the value of the call that it is made of."""


class Keys:
    """The keys under one prefix, as bytes.  On Redis Cluster the prefix is a hash tag such as `{t}`."""

    def __init__(self, prefix: str = "t"):
        self.prefix = prefix
        self._root = to_bytes(prefix) + b":"
        # every step of a task asks for much the same keys
        self._key = functools.lru_cache(_REMEMBERED)(self._made)

    def _made(self, *parts: str) -> bytes:
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
        if name == "into":
            return self.state(values["to_state"], values["queue"])
        if name == "into_names":
            return self.names(values["to_state"])
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
        return self._key("lockv2", "queue_scheduled_tasks", queue_filter.group_name)

    def expiry_throttle(self) -> bytes:
        return self._key("lockv2", "queue_expired_tasks")

    def semaphore(self, queue: str) -> bytes:
        return self._key("qslock", queue)

    # -- ours --
    def claims(self, queue: str) -> bytes:
        return self._key("x", "claims", queue)

    def recoveries(self) -> bytes:
        return self._key("x", "recoveries")

    def twins(self) -> bytes:
        return self._key("x", "twins")

    def received(self, task_id: str) -> bytes:
        return self._key("x", "received", task_id)

    def remembered(self, task_id: str) -> bytes:
        return self._key("x", "remembered", task_id)

    def paused(self) -> bytes:
        return self._key("x", "paused")

    def pauses(self) -> bytes:
        return self._key("x", "pauses")

    def spared(self) -> bytes:
        return self._key("x", "retention", "spared")

    def hold_records(self) -> bytes:
        return self._key("x", "holds")

    def hold_counts(self) -> bytes:
        return self._key("x", "holds", "aside")

    def hold_waiting(self) -> bytes:
        return self._key("x", "holds", "waiting")

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

    def trash(self) -> bytes:
        return self._key("x", "trash")

    def trash_prefix(self) -> bytes:
        return self._root + b"x:trash:"

    def trash_index(self) -> bytes:
        return self._key("x", "trash", "index")

    def trash_bytes(self) -> bytes:
        return self._key("x", "trash", "bytes")

    def trash_entry(self, entry_id: str) -> bytes:
        return self._key("x", "trash", "entry", entry_id)

    def trash_payload(self, entry_id: str) -> bytes:
        return self._key("x", "trash", "payload", entry_id)

    def trash_executions(self, entry_id: str) -> bytes:
        return self._key("x", "trash", "executions", entry_id)

    def trash_of_queue(self, queue: str) -> bytes:
        return self._key("x", "trash", "queue", queue)

    def trash_of_operation(self, operation_id: str) -> bytes:
        return self._key("x", "trash", "operation", operation_id)

    def operation_released(self, operation_id: str) -> bytes:
        return self._key("x", "operation", operation_id, "released")

    def operation_frozen(self, operation_id: str) -> bytes:
        return self._key("x", "operation", operation_id, "frozen")

    def operation_moved(self, operation_id: str) -> bytes:
        return self._key("x", "operation", operation_id, "moved")

    def operation_failed(self, operation_id: str) -> bytes:
        return self._key("x", "operation", operation_id, "failed")

    def followed(self) -> bytes:
        return self._key("x", "followed")

    def workers(self) -> bytes:
        return self._key("x", "workers")

    def worker(self, worker_id: str) -> bytes:
        return self._key("x", "worker", worker_id)

    def orders(self, worker_id: str) -> bytes:
        return self._key("x", "orders", worker_id)

    def recurring_runs(self, function: str) -> bytes:
        return self._key("x", "recurring", function)

    def lease(self, duty: str) -> bytes:
        return self._key("x", "lease", duty)

    def snapshot(self) -> bytes:
        return self._key("x", "snapshot")

    def checkup(self) -> bytes:
        return self._key("x", "checkup")

    def stats(self, family: str, tier: str, chunk: int, kind: str, name: str) -> bytes:
        # not remembered: a page asks for hundreds of them, and each hour has its own
        return self._made("x", "stats", family, tier, str(chunk), kind, name)

    def stats_names(self, kind: str) -> bytes:
        return self._key("x", "stats", "names", kind)

    def stats_recent(self) -> bytes:
        return self._key("x", "stats", "recent")

    def stats_totals(self) -> bytes:
        return self._key("x", "stats", "totals")

    def error_groups(self) -> bytes:
        return self._key("x", "errors", "groups")

    def error_group(self, group_id: str) -> bytes:
        return self._key("x", "errors", "group", group_id)

    def error_group_tasks(self, group_id: str) -> bytes:
        return self._key("x", "errors", "tasks", group_id)

    def errors_read(self, queue: str) -> bytes:
        return self._key("x", "errors", "read", queue)

    def error_index(self) -> bytes:
        return self._key("x", "errors", "index")

    def error_summary(self) -> bytes:
        return self._key("x", "errors", "summary")

    def error_notes(self) -> bytes:
        return self._key("x", "errors", "notes")

    def error_operations(self, group_id: str) -> bytes:
        return self._key("x", "errors", "operations", group_id)

    def deploys(self) -> bytes:
        return self._key("x", "deploys")

    def alerts(self) -> bytes:
        return self._key("x", "alerts")

    def alert_events(self) -> bytes:
        return self._key("x", "alerts", "events")

    def alert_receivers(self) -> bytes:
        return self._key("x", "alerts", "receivers")

    def alert_look(self) -> bytes:
        return self._key("x", "alerts", "look")

    def shared_views(self) -> bytes:
        return self._key("x", "views")

    def own_views(self, user: str) -> bytes:
        return self._key("x", "views", user)

    def background_searches(self) -> bytes:
        return self._key("x", "background")

    def background_search(self, search_id: str) -> bytes:
        return self._key("x", "background", search_id)

    def background_found(self, search_id: str) -> bytes:
        return self._key("x", "background", search_id, "found")

    def answer(self, digest: str) -> bytes:
        return self._made("x", "answer", digest)

    def answers(self, holder: str) -> bytes:
        return self._key("x", "answers", holder)

    def users(self) -> bytes:
        return self._key("x", "users")

    def tokens(self) -> bytes:
        return self._key("x", "users", "tokens")

    def tokens_used(self) -> bytes:
        return self._key("x", "users", "tokens", "used")

    def sessions(self, user: str) -> bytes:
        return self._key("x", "users", "sessions", user)

    def links(self) -> bytes:
        return self._key("x", "users", "links")

    def secret(self) -> bytes:
        return self._key("x", "secret")

    def login_failures(self, subject: str) -> bytes:
        return self._key("x", "login_failures", hashlib.sha256(to_bytes(subject)).hexdigest())
