"""TaskTiger's own console over what our engine has done."""

import contextlib
import html
import re
import socket

import pytest

from console.browser import Browser
from tests.interop import errands
from tests.interop.tiger import COMMAND
from tests.waiting import wait_until

ADMIN = COMMAND.with_name("tasktiger-admin")


@pytest.fixture
def admin(tiger):
    """A browser on a running tasktiger-admin."""
    if not ADMIN.exists():
        pytest.skip("*** There is no tasktiger-admin in .venv-tasktiger: IT IS NOT TESTED.  bin/test installs it. ***")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tiger.command("-l", str(port), program=ADMIN):
        browser = Browser(f"http://127.0.0.1:{port}")
        wait_until(lambda: _answers(browser), 60)
        yield browser


def _answers(browser):
    with contextlib.suppress(OSError):
        return browser.get("/").status == 200


def _words(page):
    assert page.status == 200
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", page.text)).split())


def test_their_console_lists_our_tasks_in_every_state(admin, engine, work):
    failed = engine.delay(errands.fail, args=["größer"], queue="orders.north")
    work()
    queued = engine.delay(errands.fail, kwargs={"text": "later"}, queue="orders")
    overview = admin.get("/tasktiger/").text
    assert 'href="orders.north/error/"' in overview and 'href="orders/queued/"' in overview
    listed = admin.get("/tasktiger/orders.north/error/")
    assert failed.id in listed.text
    assert "tests.interop.errands:fail ['größer'] {} builtins:ValueError" in _words(listed)
    assert queued.id in admin.get("/tasktiger/orders/queued/").text


def test_their_console_shows_our_failed_run_with_its_traceback(admin, engine, work):
    task = engine.delay(errands.fail, args=["größer"], queue="orders")
    work()
    shown = _words(admin.get(f"/tasktiger/orders/error/{task.id}/"))
    assert "Exception Name builtins:ValueError" in shown and "ValueError: größer" in shown


def test_their_console_retries_and_deletes_our_tasks(admin, engine, raw, work, notes):
    retried = engine.delay(errands.fail_without, args=[str(notes)], queue="orders")
    deleted = engine.delay(errands.fail, queue="orders")
    work()
    notes.path.touch()
    listed = admin.get("/tasktiger/orders/error/")
    admin.submit(listed.form(f"{deleted.id}/delete/"))
    admin.submit(listed.form(f"{retried.id}/retry/"))
    work()
    assert notes.words == ["ran"] and not raw.keys("t:task:*")
