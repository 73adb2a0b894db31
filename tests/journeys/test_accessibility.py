"""axe finds nothing on any page: light and dark, wide and narrow, full and empty."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.waiting import wait_until

WINDOWS = {
    "light": {"color_scheme": "light", "viewport": {"width": 1280, "height": 900}},
    "dark": {"color_scheme": "dark", "viewport": {"width": 1280, "height": 900}},
    "narrow": {"color_scheme": "light", "viewport": {"width": 390, "height": 844}},
}
EMPTY = ["/", "/errors/", "/errors/tasks", "/operations/", "/trash/", "/audit/", "/workers/", "/queues/nobody/error"]


@pytest.fixture
def full(stage):
    """Something of everything; gives the pages to look at."""
    task = stage.delay("charge", "A1", 100)
    stage.delay("charge", "<img src=x onerror=alert(1)>", 100)
    wait_until(lambda: stage.sizes("payments.eu")["error"] == 2, 15, "two failures")
    stage.engine.control.pause("mail.letters", actor=_actor(), reason="axe looks")
    stage.delay("send_letter", 1)
    operation = stage.engine.operations.start("retry", "payments.eu", "error", actor=_actor(), task_ids=[task.id])
    stage.engine.operations.run_small(operation)
    wait_until(lambda: stage.sizes("payments.eu")["error"] == 2, 15, "it has failed again")
    stage.engine.control.delete("mail.letters", "queued", stage.delay("send_letter", 2).id, actor=_actor())
    wait_until(lambda: stage.counted("payments.eu").error == 2, 10, "they are counted")
    return [
        "/", "/errors/", "/errors/tasks", "/operations/", f"/operations/{operation.id}", "/audit/", "/workers/",
        "/queues/payments.eu/error", "/queues/mail.letters/queued", f"/queues/payments.eu/tasks/{task.id}",
        "/queues/payments.eu/tasks/gone", "/queues/payments.eu/all/purge", "/queues/payments.eu/all/retry",
        "/trash/", "/no-such-page",
    ]  # fmt: skip


def _actor():
    from queue_core import Actor

    return Actor("ada", "web")


def _violations(page, address):
    page.goto(address)
    result = Axe().run(page)
    return [f"{address}: {one['id']}: {one['nodes'][0]['html'][:120]}" for one in result.response["violations"]]


@pytest.mark.parametrize("window", WINDOWS)
def test_axe_finds_nothing_on_full_pages(full, visit, window):
    page = visit(**WINDOWS[window])
    page.on("dialog", lambda dialog: pytest.fail(f"a dialog: {dialog.message}"))
    assert [fault for address in full for fault in _violations(page, address)] == []


@pytest.mark.parametrize("window", WINDOWS)
def test_axe_finds_nothing_on_empty_pages(visit, window):
    page = visit(**WINDOWS[window])
    assert [fault for address in EMPTY for fault in _violations(page, address)] == []


def test_axe_finds_nothing_on_the_login_page(browser, stage):
    context = browser.new_context(base_url=stage.address)
    assert _violations(context.new_page(), "/login") == []
    context.close()
