"""The settings of the console."""

import pytest

from console.settings import ConsoleSettings
from queue_core.errors import InvalidSettings


def test_the_environment_sets_what_it_names():
    settings = ConsoleSettings.from_env(
        {
            "SIGNALBOX_CONSOLE_ENVIRONMENT": "staging",
            "SIGNALBOX_CONSOLE_READ_ONLY": "yes",
            "SIGNALBOX_CONSOLE_PAGE_SIZE": "20",
        }
    )
    assert (settings.environment, settings.read_only, settings.page_size) == ("staging", True, 20)


def test_given_values_win_over_the_environment_unless_they_are_none():
    environment = {"SIGNALBOX_CONSOLE_READ_ONLY": "yes", "SIGNALBOX_CONSOLE_PAGE_SIZE": "20"}
    settings = ConsoleSettings.from_env(environment, page_size=30, read_only=None)
    assert (settings.read_only, settings.page_size) == (True, 30)


def test_every_fault_is_told_at_once():
    with pytest.raises(InvalidSettings) as refusal:
        ConsoleSettings(environment_colour="pink", page_size=500, poll_seconds=0, trusted_proxies=-1)
    assert len(refusal.value.faults) == 4


def test_a_value_of_another_kind_is_told_with_its_variable():
    with pytest.raises(InvalidSettings, match="SIGNALBOX_CONSOLE_READ_ONLY = 'perhaps' is not a yes/no value"):
        ConsoleSettings.from_env({"SIGNALBOX_CONSOLE_READ_ONLY": "perhaps"})


@pytest.mark.parametrize("pattern", ["(", "x*"])
def test_a_pattern_that_would_hide_everything_or_is_none_is_refused(pattern):
    with pytest.raises(InvalidSettings, match="masked_pattern"):
        ConsoleSettings(masked_pattern=pattern)


@pytest.mark.parametrize(
    "instances", ['[["staging", "javascript:alert(1)"]]', '[["a", "https://a/{{ queue }}"]]', "{}"]
)
def test_instances_that_lead_nowhere_are_refused(instances):
    with pytest.raises(InvalidSettings, match="instances cannot be used"):
        ConsoleSettings(instances=instances)
