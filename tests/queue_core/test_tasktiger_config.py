import copy

import pytest

from queue_core.config import Settings
from queue_core.retry import fixed, linear
from queue_core.tasktiger_config import TaskTigerConfig


def method(number):
    return number


def test_it_shows_the_defaults_under_tasktigers_names():
    config = TaskTigerConfig(Settings())
    assert isinstance(config, dict) and len(config) == 24
    assert (config["REDIS_PREFIX"], config["SELECT_TIMEOUT"], config["BATCH_QUEUES"]) == ("t", 1, {})
    assert config["DEFAULT_RETRY_METHOD"] == fixed(60, 3)
    assert config["ONLY_QUEUES"] == []


def test_what_is_given_becomes_a_setting():
    settings = TaskTigerConfig(Settings(), {"REDIS_PREFIX": "p", "ACTIVE_TASK_UPDATE_TIMEOUT": 4}).settings
    assert (settings.prefix, settings.lease_seconds) == ("p", 4)


@pytest.mark.parametrize("name", ["SELECT_TIMEOUT", "LOCK_RETRY", "QUEUE_SCHEDULED_TASKS_TIME", "STATS_INTERVAL"])
@pytest.mark.parametrize("value", [0, -1, None, "odd"])
def test_no_value_is_refused(name, value):
    assert TaskTigerConfig(Settings(), {name: value})[name] == value


@pytest.mark.parametrize(
    "write",
    [
        lambda config: config.update(LOCK_RETRY=7),
        lambda config: config.__setitem__("LOCK_RETRY", 7),
        lambda config: config.__ior__({"LOCK_RETRY": 7}),
        lambda config: (config.pop("LOCK_RETRY"), config.setdefault("LOCK_RETRY", 7)),
    ],
)
def test_every_way_to_write_changes_the_settings(write):
    config, seen = TaskTigerConfig(Settings()), []
    config.changed = seen.append
    write(config)
    assert config.settings.lock_retry_seconds == 7 and seen[-1] is config.settings


def test_a_list_that_is_appended_to_is_a_changed_setting():
    config = TaskTigerConfig(Settings(), {"BATCH_QUEUES": {"a": 1}})
    config["ONLY_QUEUES"].append("orders")
    config["BATCH_QUEUES"]["b"] = 2
    assert config.settings.only_queues == ["orders"] and config.settings.batch_queues == {"a": 1, "b": 2}


def test_what_is_deleted_is_as_before():
    config = TaskTigerConfig(Settings(lock_retry_seconds=3), {"LOCK_RETRY": 7})
    del config["LOCK_RETRY"]
    assert config.settings.lock_retry_seconds == 3 and "LOCK_RETRY" not in config


def test_names_that_nobody_knows_are_kept():
    config = TaskTigerConfig(Settings(), {"OURS": 1})
    config["MORE"] = 2
    assert (config["OURS"], config.get("MORE"), config.get("LESS")) == (1, 2, None)


@pytest.mark.parametrize(
    ("given", "wire"),
    [
        (linear(5, 2, 3), ["tasktiger.retry:_linear", [5, 2, 3]]),
        (method, [f"{__name__}:method", []]),
        (["app.tasks:wait", [1]], ["app.tasks:wait", [1]]),
    ],
)
def test_the_default_retry_method_is_kept_in_wire_form(given, wire):
    config = TaskTigerConfig(Settings(), {"DEFAULT_RETRY_METHOD": given})
    assert config.settings.default_retry_method == wire and config["DEFAULT_RETRY_METHOD"] == given


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, dict, lambda config: config | {}])
def test_a_copy_is_nobodys_settings(copied):
    config, seen = TaskTigerConfig(Settings()), []
    config.changed = seen.append
    other = copied(config)
    other["LOCK_RETRY"] = 7
    assert other == config | {"LOCK_RETRY": 7} and not seen and config.settings.lock_retry_seconds == 1
