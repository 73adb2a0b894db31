"""Every setting of the engine: its unit, default and reason.  Read from the environment in this one place."""

import math
import os
from dataclasses import dataclass, field, fields

from queue_core.errors import InvalidSettings
from queue_core.retry import fixed, to_wire

ENVIRONMENT_PREFIX = "SIGNALBOX_"


def _setting(default, unit: str, why: str, **more):
    return field(default=default, metadata={"unit": unit, "why": why, **more})


@dataclass(frozen=True)
class Settings:
    """The settings of one engine.  All processes on one Redis must agree on those marked as shared."""

    redis_url: str = _setting("", "URL", "where Redis is; empty: REDIS_URL, else localhost:6379")
    prefix: str = _setting("t", "text", "first part of every key; TaskTiger's default", shared=True)
    default_queue: str = _setting("default", "queue", "for functions that name none")
    redis_timeout_seconds: float = _setting(5.0, "seconds", "how long to wait for a reply before Redis counts as away")
    lease_seconds: float = _setting(60.0, "seconds", "silence after which a running task counts as lost", shared=True)
    heartbeat_seconds: float = _setting(10.0, "seconds", "how often a worker renews what it holds")
    hard_timeout_seconds: float = _setting(300.0, "seconds", "for functions that name none")
    lock_retry_seconds: float = _setting(1.0, "seconds", "wait of a task whose lock is taken")
    poll_seconds: float = _setting(1.0, "seconds", "longest wait of an idle worker before it looks again")
    reread_seconds: float = _setting(5.0, "seconds", "how often the set of queues is read anew; messages can be lost")
    promote_seconds: float = _setting(1.0, "seconds", "how often due tasks are promoted")
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
    log_format: str = _setting("text", "text or json", "how worker and sweeper write their log lines")
    snapshot_seconds: float = _setting(2.0, "seconds", "how often the counts of all queues are taken")
    sweeper_lease_seconds: float = _setting(30.0, "seconds", "silence after which another process takes over sweeping")
    worker_silence_seconds: float = _setting(60.0, "seconds", "a worker silent for longer is no longer listed")
    operation_chunk: int = _setting(200, "tasks", "tasks that one step of an operation touches")
    operation_keep_seconds: float = _setting(2_592_000.0, "seconds", "how long ended operations stay readable")
    max_audit_entries: int = _setting(100_000, "entries", "about so many acts are kept; the oldest go")

    def __post_init__(self):
        faults = list(_faults(self))
        if faults:
            raise InvalidSettings("These settings cannot be used:\n  " + "\n  ".join(faults), faults=faults)

    @property
    def default_retry_method(self) -> list:
        """TaskTiger's default, in wire form."""
        return to_wire(fixed(60, 3))

    @classmethod
    def from_env(cls, environment=os.environ, **given) -> "Settings":
        """Settings from SIGNALBOX_<NAME> variables; `given` values win.  Raises InvalidSettings with every fault."""
        known = {ENVIRONMENT_PREFIX + f.name.upper(): f for f in fields(cls)}
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
    if isinstance(setting.default, bool):
        return _TRUTH[text.lower()]
    return type(setting.default)(text)


def _faults(settings):
    for setting in fields(settings):
        value = getattr(settings, setting.name)
        number = isinstance(setting.default, (int, float)) and not isinstance(setting.default, bool)
        if number and not 0 < value < math.inf:
            yield f"{setting.name} must be a number above 0, not {value}."
    if not settings.prefix or not settings.prefix.isprintable():
        yield "prefix must not be empty or hold control characters."
    if settings.heartbeat_seconds * 2 > settings.lease_seconds:
        yield "heartbeat_seconds must be at most half of lease_seconds, or one late heartbeat loses the task."
    if settings.log_format not in ("text", "json"):
        yield f"log_format must be text or json, not {settings.log_format!r}."
    if settings.promote_batch > 3000:
        yield "promote_batch must be at most 3000: one script must not occupy Redis for long."
    if settings.operation_chunk > 1000:
        yield "operation_chunk must be at most 1000."
