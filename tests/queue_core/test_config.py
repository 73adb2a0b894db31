from dataclasses import FrozenInstanceError, fields

import pytest

from queue_core.config import Settings
from queue_core.errors import InvalidSettings


def test_the_defaults_are_those_of_the_wire():
    settings = Settings()
    assert (settings.prefix, settings.default_queue) == ("t", "default")
    assert (settings.lease_seconds, settings.heartbeat_seconds, settings.hard_timeout_seconds) == (60, 10, 300)
    assert settings.default_retry_method == ["tasktiger.retry:_fixed", [60, 3]]


def test_settings_come_from_the_environment_in_their_own_types():
    settings = Settings.from_env(
        {"SIGNALBOX_PREFIX": "p", "SIGNALBOX_CLAIM_BATCH": "7", "SIGNALBOX_POLL_SECONDS": "0.5",
         "SIGNALBOX_STORE_TRACEBACKS": "no", "OTHER": "x"}
    )  # fmt: skip
    assert (settings.prefix, settings.claim_batch, settings.poll_seconds) == ("p", 7, 0.5)
    assert settings.store_tracebacks is False


def test_what_is_given_wins_over_the_environment():
    assert Settings.from_env({"SIGNALBOX_PREFIX": "p"}, prefix="q").prefix == "q"


def test_all_faults_are_told_at_once():
    with pytest.raises(InvalidSettings) as caught:
        Settings(
            prefix="", poll_seconds=0, claim_batch=-1, heartbeat_seconds=50, promote_batch=5000, operation_chunk=2000
        )
    text = str(caught.value)
    for name in ("prefix", "poll_seconds", "claim_batch", "heartbeat_seconds", "promote_batch", "operation_chunk"):
        assert name in text
    assert len(caught.value.faults) == 6


@pytest.mark.parametrize(
    ("name", "text"),
    [("CLAIM_BATCH", "many"), ("CLAIM_BATCH", "1.5"), ("POLL_SECONDS", "1 s"), ("STORE_TRACEBACKS", "perhaps"),
     ("POLL_SECONDS", "nan"), ("LEASE_SECONDS", "inf")],
)  # fmt: skip
def test_a_value_of_another_type_is_refused_by_name(name, text):
    with pytest.raises(InvalidSettings, match=f"(?i){name}"):
        Settings.from_env({f"SIGNALBOX_{name}": text})


@pytest.mark.parametrize("prefix", ["", "a\nb", "\x00"])
def test_a_prefix_can_be_printed(prefix):
    with pytest.raises(InvalidSettings):
        Settings(prefix=prefix)


def test_settings_do_not_change():
    with pytest.raises(FrozenInstanceError):
        Settings().prefix = "q"


def test_every_setting_says_its_unit_and_its_reason():
    for setting in fields(Settings):
        assert setting.metadata["unit"] and setting.metadata["why"], setting.name


def test_lists_of_queues_and_batches_come_from_the_environment():
    settings = Settings.from_env(
        {"SIGNALBOX_ONLY_QUEUES": "a, b.c", "SIGNALBOX_BATCH_QUEUES": "mail=50,a=b=2",
         "SIGNALBOX_DEFAULT_RETRY_METHOD": '["app.retry:wait", [1]]'}
    )  # fmt: skip
    assert settings.only_queues == ("a", "b.c") and settings.batch_queues == {"mail": 50, "a=b": 2}
    assert settings.default_retry_method == ["app.retry:wait", [1]]


@pytest.mark.parametrize(
    "name", ["select_batch_seconds", "queue_poll_seconds", "promote_seconds", "stats_seconds", "stats_flush_seconds"]
)
def test_some_durations_can_be_switched_off(name):
    assert getattr(Settings(**{name: 0}), name) == 0
    with pytest.raises(InvalidSettings):
        Settings(**{name: -1})


@pytest.mark.parametrize("given", [{"default_retry_method": ["x"]}, {"batch_queues": {"a": 0}}])
def test_settings_of_a_wrong_shape_are_refused(given):
    with pytest.raises(InvalidSettings):
        Settings(**given)


def test_a_copy_can_have_any_value():
    assert Settings().unchecked(poll_seconds=0, prefix="").poll_seconds == 0
    assert Settings().poll_seconds == 1


HOOK = "https://hooks.example.com/services/T0/s3cret-token"


def test_receivers_of_alerts_are_a_list_of_addresses():
    settings = Settings.from_env({"SIGNALBOX_ALERT_WEBHOOKS": f"{HOOK}, http://localhost:9/a?b=c"})
    assert settings.alert_webhooks == (HOOK, "http://localhost:9/a?b=c")
    assert Settings().alert_webhooks == ()


@pytest.mark.parametrize(
    "url",
    ["hooks.example.com/s3cret-token", "ftp://h/s3cret-token", "https:///s3cret-token", "https://h:0/s3cret-token",
     "https://h:x/s3cret-token", "https://ann:s3cret-token@h/", "https://h/s3cret token", "https://h/s3cret-tok\u00e9n",
     "http://[::1/s3cret-token", "file:///s3cret-token", "javascript:s3cret-token", "https://h/s3cret-token\n"],
)  # fmt: skip
def test_what_is_no_address_of_a_receiver_is_refused_without_telling_it(url):
    with pytest.raises(InvalidSettings, match="alert_webhooks: number 2") as caught:
        Settings(alert_webhooks=(HOOK, url))
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    "given",
    [{"alert_webhooks": (HOOK, HOOK)}, {"alert_webhooks": tuple(f"{HOOK}{number}" for number in range(11))},
     {"alert_webhooks": HOOK}, {"alert_secret": "short"}, {"alert_waiting_seconds": -1.0},
     {"alert_environment": "x" * 101}, {"alert_repeat_seconds": float("nan")}, {"console_url": "jobs.example.com"}],
)  # fmt: skip
def test_impossible_settings_of_alerts_are_refused(given):
    with pytest.raises(InvalidSettings) as caught:
        Settings(**given)
    assert len(caught.value.faults) == 1 and "s3cret" not in str(caught.value) and "short" not in str(caught.value)


@pytest.mark.parametrize("name", ["alert_waiting_seconds", "alert_ending_seconds", "alert_repeat_seconds"])
def test_each_kind_of_alert_about_time_can_be_switched_off(name):
    assert getattr(Settings(**{name: 0}), name) == 0
