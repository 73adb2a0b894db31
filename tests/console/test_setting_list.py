"""All settings as a person may see them."""

from console.setting_list import lines
from console.settings import ConsoleSettings
from queue_core import Settings


def by_name(settings, prefix="SIGNALBOX_"):
    return {line.name: line for line in lines(settings, prefix)}


def test_each_setting_stands_there_with_value_default_unit_and_reason():
    line = by_name(Settings(poll_seconds=2.5))["poll_seconds"]
    assert (line.value, line.default, line.unit, line.changed) == ("2.5", "1", "seconds", True)
    assert line.variable == "SIGNALBOX_POLL_SECONDS"
    assert "idle worker" in line.why
    assert not by_name(Settings())["poll_seconds"].changed


def test_what_may_hold_a_password_is_not_shown():
    engine = by_name(Settings(redis_url="redis://:hunter2@host/0"))
    console = by_name(ConsoleSettings(integration_links='[["Logs", "https://x/?token=hunter2"]]'))
    assert engine["redis_url"].value == console["integration_links"].value == "set, not shown"
    alerts = by_name(Settings(alert_webhooks=("https://h/hunter2",), alert_secret="hunter2-hunter2-hunter2"))
    assert alerts["alert_webhooks"].value == alerts["alert_secret"].value == "set, not shown"
    assert "hunter2" not in str([*alerts.values()])
    assert by_name(Settings())["redis_url"].value == by_name(Settings())["alert_webhooks"].value == "not set"
    assert "hunter2" not in str([*engine.values(), *console.values()])


def test_values_are_words():
    lines_of = by_name(Settings(only_queues=("a", "b"), batch_queues={"mail": 10}, max_audit_entries=1_000_000))
    assert lines_of["only_queues"].value == "a, b"
    assert "mail" in lines_of["batch_queues"].value
    assert lines_of["max_audit_entries"].value == "1\u202f000\u202f000"
    assert lines_of["operation_keep_seconds"].value == "2\u202f592\u202f000"
    assert not by_name(Settings().unchecked(only_queues=[]))["only_queues"].changed
    assert lines_of["always_eager"].value == "no"
    assert lines_of["child_context_managers"].variable == ""
