"""Links that lead out of the console."""

import pytest

from console import links
from console.settings import ConsoleSettings
from queue_core.errors import InvalidSettings

LOGS = '[["Logs", "https://logs.example.com/?id={{ task_id }}&q={{queue}}"]]'
RUNS = '[["Logs", "https://logs.example.com/?from={{ execution_start }}&to={{ execution_failed }}"]]'


def test_the_values_of_a_task_are_put_into_its_links_encoded():
    (link,) = links.of_task(LOGS, task_id="a&b=c#\udcff", queue="{{ task_id }}/é")
    assert link.url == "https://logs.example.com/?id=a%26b%3Dc%23%FF&q=%7B%7B%20task_id%20%7D%7D%2F%C3%A9"


def test_a_failed_run_is_looked_for_from_ten_seconds_before_to_ten_after():
    (link,) = links.of_run(RUNS, task_id="a", queue="q", started_at=1_700_000_000.5, failed_at=1_700_000_060)
    assert link.url == ("https://logs.example.com/?from=2023-11-14T22%3A13%3A10&to=2023-11-14T22%3A14%3A30")


@pytest.mark.parametrize("at", [None, float("nan"), 10.0**30])
def test_a_run_at_an_unknown_time_has_no_links(at):
    assert links.of_run(RUNS, task_id="a", queue="q", started_at=at, failed_at=at) == []


def test_the_first_duty_that_fits_the_queue_or_the_function_is_taken():
    duties = (
        '[{"match": "billing.*", "owner": "money", "runbook": "https://wiki/billing"}, {"match": "app.mail:*",'
        ' "owner": "post"}, {"match": "*", "owner": "everybody"}]'
    )
    owner = lambda queue, func: links.duty(duties, queue=queue, func=func).owner  # noqa: E731
    assert [owner("billing.eu", "app.mail:send"), owner("x", "app.mail:send"), owner("x", None)] == [
        "money",
        "post",
        "everybody",
    ]
    assert links.duty("", queue="x", func=None) is None


@pytest.mark.parametrize(
    "value",
    [
        "{",
        "{}",
        "[1]",
        '[["Logs"]]',
        '[["Logs", "javascript:alert(1)"]]',
        '[["Logs", "//logs"]]',
        '[["Logs", "https://"]]',
        '[["Logs", "https://{{ queue }}/"]]',
        '[["Logs", "https://logs/{{ secret }}"]]',
        '[["Logs", "https://logs/{{ execution_start }}"]]',
    ],
)
def test_links_that_could_lead_astray_are_refused_at_the_start(value):
    with pytest.raises(InvalidSettings, match="integration_links"):
        ConsoleSettings(integration_links=value)


@pytest.mark.parametrize(
    "value", ["[1]", '[{"owner": "a"}]', '[{"match": 1}]', '[{"match": "*", "runbook": "data:text/html,x"}]']
)
def test_duties_that_say_nothing_or_lead_astray_are_refused_at_the_start(value):
    with pytest.raises(InvalidSettings, match="duties"):
        ConsoleSettings(duties=value)
