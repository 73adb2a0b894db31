"""The page of a task in a real browser: its traceback, what can be copied, and times in the viewer's zone."""

import pytest
from playwright.sync_api import expect

from tests.console import seed

TRACEBACK = """Traceback (most recent call last):
  File "/srv/shop/payments.py", line 88, in charge
    post(order)
  File "/usr/lib/python3.11/site-packages/requests/api.py", line 7, in post
    raise ConnectionError("refused")
requests.ConnectionError: refused
"""


@pytest.fixture
def task(engine, page):
    """The page of a failed task with frames of a library in its traceback; gives (page, id)."""
    (task_id,) = seed.failed(engine, "mail", traceback=TRACEBACK)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(f"/queues/mail/tasks/{task_id}")
    return page, task_id


def clipboard(page):
    return page.evaluate("navigator.clipboard.readText()")


def test_frames_of_libraries_are_folded_until_one_wants_them(task):
    page, _ = task
    traceback = page.locator("pre.traceback")
    expect(traceback.get_by_text("raise ConnectionError")).to_be_hidden()
    expect(traceback.get_by_text("1 frame of a library")).to_be_visible()
    expect(traceback.get_by_text("post(order)")).to_be_visible()
    page.get_by_label("Clean").focus()
    page.keyboard.press("ArrowRight")
    expect(traceback.get_by_text("raise ConnectionError")).to_be_visible()
    expect(traceback.get_by_text("1 frame of a library")).to_be_hidden()


def test_what_is_copied_is_the_whole_traceback_the_id_the_command_and_the_payload(task):
    page, task_id = task
    for button, text in (
        ("Copy traceback", TRACEBACK),
        ("Copy id", task_id),
        ("Copy command", f"signalbox retry mail {task_id}"),
    ):
        page.get_by_role("button", name=button).click()
        expect(page.get_by_role("button", name="Copied").first).to_be_visible()
        assert clipboard(page) == text
    page.get_by_role("button", name="Copy JSON").click()
    expect(page.get_by_role("button", name="Copied").last).to_be_visible()
    assert task_id in clipboard(page)


def test_a_new_time_is_typed_in_the_viewers_zone_and_told_in_utc(engine, task):
    page, task_id = task
    page.get_by_text("Reschedule…").click()
    field = page.get_by_label("Or at, in Asia/Tokyo")
    field.fill("2100-01-01T09:30")
    expect(page.locator("#due_at-utc")).to_contain_text("Jan 1, 2100, 00:30 UTC")
    field.press("Enter")
    expect(page.get_by_role("status").filter(has_text="is due at 2100-01-01 00:30:00 UTC")).to_be_visible()
    assert engine.browse.task("mail", task_id).states == [("scheduled", 4102446600.0)]
