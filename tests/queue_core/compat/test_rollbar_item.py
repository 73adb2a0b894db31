import json

import pytest

from queue_core.compat.tasktiger.rollbar_item import event_of, item_of, title_of

FAILURE = {
    "event": "task error",
    "level": "error",
    "task_id": "a1",
    "queue": "mail",
    "exception_name": "builtins:ValueError",
    "func": "app.tasks:send",
    "traceback": "Traceback …",
}
TITLE = "TaskTiger: event=task error func=app.tasks:send exception_name=builtins:ValueError queue=mail"


def test_all_failures_of_a_function_of_one_kind_have_the_same_title():
    assert title_of("TaskTiger", FAILURE) == title_of("TaskTiger", FAILURE | {"task_id": "b2"}) == TITLE


def test_what_a_line_does_not_say_is_not_in_its_title():
    assert title_of("Ours", {"event": "exception", "pid": 1}) == "Ours: event=exception"
    assert title_of("Ours", {"event": "e", "func": None}) == "Ours: event=e func=None"
    assert title_of("Ours", {}) == "Ours: "


def test_the_message_is_the_traceback_and_the_rest_goes_along():
    item = item_of(TITLE, FAILURE)
    assert item.message == "Traceback …"
    assert item.data == {
        "event": "task error",
        "level": "error",
        "task_id": "a1",
        "queue": "mail",
        "exception_name": "builtins:ValueError",
        "func": "app.tasks:send",
        "title": TITLE,
        "fingerprint": TITLE,
    }


def test_without_a_traceback_the_message_is_the_title():
    assert item_of("Ours: event=e", {"event": "e"}).message == "Ours: event=e"
    assert item_of("Ours: event=e", {"event": "e", "traceback": ""}).message == "Ours: event=e"


def test_a_line_of_json_is_an_event():
    assert event_of(json.dumps(FAILURE)) == FAILURE


@pytest.mark.parametrize("line", ["plain", "", '"text"', "[1]", "3", "null", "{", "[" * 100_000])
def test_every_other_line_is_none(line):
    assert event_of(line) is None
