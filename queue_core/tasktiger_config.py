"""The settings under TaskTiger's names (wire §17): a dict that may be written to at any time.

A value of `Settings` and its entry here are one object, so that a list that is appended to is a changed setting too.
"""

from collections.abc import Mapping, MutableMapping

from queue_core import names
from queue_core.config import Settings
from queue_core.retry import to_wire

SETTING_OF = {
    "REDIS_PREFIX": "prefix",
    "LOGGER_NAME": "logger_name",
    "DEFAULT_QUEUE": "default_queue",
    "SELECT_TIMEOUT": "poll_seconds",
    "SELECT_BATCH_TIMEOUT": "select_batch_seconds",
    "ALWAYS_EAGER": "always_eager",
    "DEFAULT_RETRY_METHOD": "default_retry_method",
    "LOCK_RETRY": "lock_retry_seconds",
    "SCHEDULED_TASK_BATCH_SIZE": "promote_batch",
    "DEFAULT_HARD_TIMEOUT": "hard_timeout_seconds",
    "ACTIVE_TASK_UPDATE_TIMER": "heartbeat_seconds",
    "ACTIVE_TASK_UPDATE_TIMEOUT": "lease_seconds",
    "REQUEUE_EXPIRED_TASKS_INTERVAL": "recover_seconds",
    "REQUEUE_EXPIRED_TASKS_BATCH_SIZE": "recover_batch",
    "QUEUE_SCHEDULED_TASKS_TIME": "promote_seconds",
    "BATCH_QUEUES": "batch_queues",
    "STATS_INTERVAL": "stats_seconds",
    "SINGLE_WORKER_QUEUES": "single_worker_queues",
    "ONLY_QUEUES": "only_queues",
    "EXCLUDE_QUEUES": "exclude_queues",
    "CHILD_CONTEXT_MANAGERS": "child_context_managers",
    "STORE_TRACEBACKS": "store_tracebacks",
    "POLL_TASK_QUEUES_INTERVAL": "queue_poll_seconds",
    "PUBLISH_QUEUED_TASKS": "publish_queued",
}
"""TaskTiger's name -> ours."""


class TaskTigerConfig(MutableMapping, dict):
    """A dict of TaskTiger's names.  Names that nobody knows are kept; values are not judged.

    settings: the Settings that it stands for now.  changed(settings): called after every write."""

    def __init__(self, settings: Settings, given: Mapping | None = None):
        self.settings = settings
        self.changed = lambda settings: None
        self._without = settings
        for name, ours in SETTING_OF.items():
            self[name] = _shown(name, getattr(settings, ours))
        self.update(given or {})

    def __setitem__(self, name, value):
        dict.__setitem__(self, name, value)
        if name in SETTING_OF:
            self._take_over(SETTING_OF[name], _to_wire(value) if name == "DEFAULT_RETRY_METHOD" else value)

    def __delitem__(self, name):
        dict.__delitem__(self, name)
        if name in SETTING_OF:
            self._take_over(SETTING_OF[name], getattr(self._without, SETTING_OF[name]))

    def _take_over(self, name, value):
        self.settings = self.settings.unchecked(**{name: value})
        self.changed(self.settings)

    __getitem__ = dict.__getitem__
    __iter__ = dict.__iter__
    __len__ = dict.__len__
    __contains__ = dict.__contains__
    __repr__ = dict.__repr__

    def __reduce__(self):
        return dict, (dict(self),)  # a copy is a plain dict: what is written to it is nobody's setting

    def __ior__(self, other):
        self.update(other)
        return self


def _shown(name, value):
    if name == "DEFAULT_RETRY_METHOD":
        function_name, arguments = value
        return names.ALIASES.get(function_name, function_name), tuple(arguments)
    return list(value) if isinstance(value, tuple) else value


def _to_wire(method):
    named = isinstance(method, (list, tuple)) and len(method) == 2 and isinstance(method[0], str)
    return [method[0], list(method[1])] if named else to_wire(method)
