"""Every setting of the engine: its unit, default and reason.  Read from the environment in this one place."""

import copy
import json
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields
from urllib.parse import urlsplit

from queue_core.errors import InvalidSettings
from queue_core.retry import fixed, to_wire

ENVIRONMENT_PREFIX = "SIGNALBOX_"
MOST_WEBHOOKS = 10
SHORTEST_SECRET = 16
LONGEST_ENVIRONMENT = 100


def _setting(default, unit: str, why: str, **more):
    """zero_is_off: 0 is a value too.  by_code: no text can say it, so no environment variable does."""
    kind = {"default_factory": default} if callable(default) else {"default": default}
    return field(**kind, metadata={"unit": unit, "why": why, **more})


def default_of(setting):
    """The default of a field of Settings."""
    return setting.default if setting.default_factory is MISSING else setting.default_factory()


@dataclass(frozen=True)
class Settings:
    """The settings of one engine.  All processes on one Redis must agree on those marked as shared.

    Raises InvalidSettings with every fault; `unchecked` does not look for any."""

    redis_url: str = _setting("", "URL", "where Redis is; empty: REDIS_URL, else localhost:6379")
    prefix: str = _setting("t", "text", "first part of every key; TaskTiger's default", shared=True)
    default_queue: str = _setting("default", "queue", "for functions that name none")
    redis_timeout_seconds: float = _setting(5.0, "seconds", "how long to wait for a reply before Redis counts as away")
    durability: str = _setting(
        "local", "local or safe", "safe: an enqueue is accepted when a replica of Redis has it too"
    )
    lease_seconds: float = _setting(60.0, "seconds", "silence after which a running task counts as lost", shared=True)
    heartbeat_seconds: float = _setting(10.0, "seconds", "how often a worker renews what it holds")
    hard_timeout_seconds: float = _setting(300.0, "seconds", "for functions that name none")
    lock_retry_seconds: float = _setting(1.0, "seconds", "wait of a task whose lock is taken")
    poll_seconds: float = _setting(1.0, "seconds", "longest wait of an idle worker before it looks again")
    reread_seconds: float = _setting(5.0, "seconds", "how often the set of queues is read anew; messages can be lost")
    select_batch_seconds: float = _setting(
        0.0, "seconds", "after the first sign of work, wait so long for more", zero_is_off=True
    )
    queue_poll_seconds: float = _setting(
        0.0, "seconds", "ask for the queues so often instead of listening; 0 listens", zero_is_off=True
    )
    publish_queued: bool = _setting(True, "yes/no", "tell workers of new tasks; off only where all of them ask")
    only_queues: tuple = _setting((), "queues", "serve these and their subqueues; empty: all")
    exclude_queues: tuple = _setting((), "queues", "do not serve these and their subqueues")
    single_worker_queues: tuple = _setting((), "queues", "one worker at a time in each of these and their subqueues")
    batch_queues: Mapping = _setting(dict, "queue=tasks", "how many tasks of these queues one run may take together")
    child_context_managers: tuple = _setting((), "context managers", "around every run", by_code=True)
    promote_seconds: float = _setting(
        1.0, "seconds", "how often due tasks are promoted; 0 leaves it to others", zero_is_off=True
    )
    promote_batch: int = _setting(1000, "tasks", "promoted per queue and step; one step stays under 10 ms")
    recover_seconds: float = _setting(30.0, "seconds", "how often leases that are over are looked for")
    recover_batch: int = _setting(200, "tasks", "recovered per step, repeated until none is left")
    max_recoveries: int = _setting(3, "workers", "a task that took down so many is put aside in error")
    claim_batch: int = _setting(50, "tasks", "most tasks in one claim; 1 switches batches off")
    claim_batch_seconds: float = _setting(0.05, "seconds", "most measured work in one claim, so that leases stay short")
    name_patience_seconds: float = _setting(
        600.0, "seconds", "how long a task with a name not allowed here is given back"
    )
    max_payload_bytes: int = _setting(1_000_000, "bytes", "larger arguments are refused at enqueue")
    store_tracebacks: bool = _setting(True, "yes/no", "keep the traceback with a failed execution")
    default_retry_method: Sequence = _setting(
        lambda: to_wire(fixed(60, 3)), "JSON", "of tasks that want retries and name no method: [name, [arguments]]"
    )
    always_eager: bool = _setting(False, "yes/no", "what would be queued runs at once, in the producer; for tests")
    logger_name: str = _setting("signalbox", "text", "name of the logger")
    stats_seconds: float = _setting(60.0, "seconds", "how often a worker tells how busy it was", zero_is_off=True)
    stats_flush_seconds: float = _setting(
        5.0, "seconds", "how often a worker writes down what it counted; 0 counts nothing", zero_is_off=True
    )
    max_stats_names: int = _setting(
        500, "names", "so many queues, and functions, have numbers over time of their own; the others share one"
    )
    log_format: str = _setting("text", "text or json", "how worker and sweeper write their log lines")
    retain_error_seconds: float = _setting(
        0.0, "seconds", "failed tasks are removed after so long; 0 keeps them", zero_is_off=True
    )
    retain_error_tasks: int = _setting(
        0, "tasks", "so many failed tasks of a queue are kept, the newest; 0 keeps all", zero_is_off=True
    )
    retain_queued_seconds: float = _setting(
        0.0, "seconds", "tasks that wait for a worker are removed after so long; 0 keeps them", zero_is_off=True
    )
    retain_scheduled_seconds: float = _setting(
        0.0, "seconds", "tasks that are overdue are removed after so long; 0 keeps them", zero_is_off=True
    )
    max_stored_executions: int = _setting(
        0, "runs", "so many failed runs are kept of tasks that do not say; 0 keeps all", zero_is_off=True
    )
    repair_orphans: bool = _setting(False, "yes/no", "mend what others have left where nobody finds it, or only tell")
    snapshot_seconds: float = _setting(2.0, "seconds", "how often the counts of all queues are taken")
    sweeper_lease_seconds: float = _setting(30.0, "seconds", "silence after which another process takes over sweeping")
    worker_silence_seconds: float = _setting(60.0, "seconds", "a worker silent for longer is no longer listed")
    operation_chunk: int = _setting(200, "tasks", "tasks that one step of an operation touches")
    operation_keep_seconds: float = _setting(2_592_000.0, "seconds", "how long ended operations stay readable")
    max_operations: int = _setting(10_000, "operations", "so many are kept; of more the oldest that have ended go")
    max_followed: int = _setting(1_000_000, "tasks", "so many retried tasks are followed at once, about 300 bytes each")
    max_error_groups: int = _setting(300, "groups", "so many error groups are kept; those not seen for longest go")
    max_error_group_tasks: int = _setting(
        50_000, "tasks", "so many tasks of an error group are known by id, the newest; the others are counted"
    )
    error_group_keep_seconds: float = _setting(
        2_592_000.0, "seconds", "a group that is not seen for so long is dropped"
    )
    trash_seconds: float = _setting(
        604_800.0, "seconds", "what operators delete can come back for so long; 0 deletes for good", zero_is_off=True
    )
    trash_tasks: int = _setting(100_000, "tasks", "so many deleted tasks are kept; the oldest go")
    trash_bytes: int = _setting(268_435_456, "bytes", "so much memory deleted tasks may take; the oldest go")
    trash_code_deletes: bool = _setting(
        False, "yes/no", "also what applications delete by TaskTiger's names goes to the trash"
    )
    max_audit_entries: int = _setting(100_000, "entries", "about so many acts are kept; the oldest go")
    audit_file: str = _setting("", "path", "sweeper and observer copy the audit trail to this file; empty: nowhere")
    alert_webhooks: tuple = _setting((), "URLs", "who is told when something goes wrong; empty: nobody")
    alert_secret: str = _setting("", "text", "signs what they are told, so that they know who sent it; empty: unsigned")
    alert_environment: str = _setting("", "text", "says in each alert where it comes from, such as production")
    alert_messages: bool = _setting(
        True, "yes/no", "tell messages of errors, without what looks like a secret; else class and place only"
    )
    alert_waiting_seconds: float = _setting(
        900.0, "seconds", "tell of a queue whose oldest task waits for longer; 0: never", zero_is_off=True
    )
    alert_ending_seconds: float = _setting(
        900.0, "seconds", "tell so long before a pause or a hold ends; 0: never", zero_is_off=True
    )
    alert_repeat_seconds: float = _setting(
        3600.0, "seconds", "tell again so often of what goes on being wrong; 0: once", zero_is_off=True
    )
    console_url: str = _setting("", "URL", "where people open the console, for the links in alerts; empty: no links")

    def __post_init__(self):
        faults = list(_faults(self))
        if faults:
            raise InvalidSettings("These settings cannot be used:\n  " + "\n  ".join(faults), faults=faults)

    def unchecked(self, **changes) -> "Settings":
        """A copy with other values, whatever they are: what TaskTiger accepts is not refused here."""
        changed = copy.copy(self)
        for name, value in changes.items():
            object.__setattr__(changed, name, value)
        return changed

    @classmethod
    def from_env(cls, environment=os.environ, **given) -> "Settings":
        """Settings from SIGNALBOX_<NAME> variables; `given` values win.  Raises InvalidSettings with every fault."""
        known = {ENVIRONMENT_PREFIX + f.name.upper(): f for f in fields(cls) if "by_code" not in f.metadata}
        faults, values = [], {}
        for variable, setting in known.items():
            if variable in environment:
                try:
                    values[setting.name] = _read(setting, environment[variable])
                except (ValueError, KeyError):
                    faults.append(f"{variable} = {environment[variable]!r} is not a {setting.metadata['unit']} value.")
        if faults:
            raise InvalidSettings("These settings cannot be used:\n  " + "\n  ".join(faults), faults=faults)
        values.update((name, value) for name, value in given.items() if value is not None)
        return cls(**values)


_TRUTH = {"1": True, "yes": True, "true": True, "0": False, "no": False, "false": False}


def _read(setting, text: str):
    default = default_of(setting)
    if isinstance(default, bool):
        return _TRUTH[text.lower()]
    if isinstance(default, list):
        return json.loads(text)
    if isinstance(default, dict):
        return {name: int(size) for name, size in (part.rsplit("=", 1) for part in _parts(text))}
    return tuple(_parts(text)) if isinstance(default, tuple) else type(default)(text)


def _parts(text):
    return [part.strip() for part in text.split(",") if part.strip()]


def _faults(settings):
    for setting in fields(settings):
        value = getattr(settings, setting.name)
        number = isinstance(setting.default, (int, float)) and not isinstance(setting.default, bool)
        off = value == 0 and "zero_is_off" in setting.metadata
        if number and not off and not 0 < value < math.inf:
            yield f"{setting.name} must be a number above 0, not {value}."
    if not _is_wire_method(settings.default_retry_method):
        yield f"default_retry_method must be [name, [arguments]], not {settings.default_retry_method!r}."
    if not all(isinstance(size, int) and 0 < size <= 1000 for size in settings.batch_queues.values()):
        yield "batch_queues must give a number from 1 to 1000 for each queue."
    if not settings.prefix or not settings.prefix.isprintable():
        yield "prefix must not be empty or hold control characters."
    if settings.heartbeat_seconds * 2 > settings.lease_seconds:
        yield "heartbeat_seconds must be at most half of lease_seconds, or one late heartbeat loses the task."
    yield from _unknown_words(settings)
    if settings.promote_batch > 3000:
        yield "promote_batch must be at most 3000: one script must not occupy Redis for long."
    if settings.audit_file and not os.path.isabs(settings.audit_file):
        yield f"audit_file must be a whole path from the root, not {settings.audit_file!r}."
    if settings.operation_chunk > 1000:
        yield "operation_chunk must be at most 1000."
    yield from _faults_of_alerts(settings)


def _unknown_words(settings):
    for name, words in (("log_format", ("text", "json")), ("durability", ("local", "safe"))):
        if getattr(settings, name) not in words:
            yield f"{name} must be {' or '.join(words)}, not {getattr(settings, name)!r}."


def _faults_of_alerts(settings):
    urls = settings.alert_webhooks
    if isinstance(urls, str) or len(urls) > MOST_WEBHOOKS or len(set(urls)) < len(urls):
        yield f"alert_webhooks must be a list of at most {MOST_WEBHOOKS} different addresses."
        return
    for number, url in enumerate(urls, 1):
        # an address may hold a token, so it is not told
        if fault := _fault_of_address(url):
            yield f"alert_webhooks: number {number} {fault}."
    if settings.console_url and (fault := _fault_of_address(settings.console_url)):
        yield f"console_url {fault}."
    if len(settings.alert_environment) > LONGEST_ENVIRONMENT:
        yield f"alert_environment must have at most {LONGEST_ENVIRONMENT} characters."
    if settings.alert_secret and len(settings.alert_secret) < SHORTEST_SECRET:
        yield f"alert_secret must have at least {SHORTEST_SECRET} characters, or it can be guessed."


def _fault_of_address(url) -> str:
    if not isinstance(url, str) or not url.isascii() or not url.isprintable() or " " in url:
        return "must be an address without spaces, in ASCII"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "is no address"
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        return "must begin with http:// or https:// and a host"
    return "must not hold a user name or a password" if "@" in parts.netloc else ""


def _is_wire_method(method) -> bool:
    return (
        isinstance(method, list)
        and len(method) == 2
        and isinstance(method[0], str)
        and isinstance(method[1], (list, tuple))
    )
