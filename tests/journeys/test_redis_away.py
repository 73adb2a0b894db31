"""Redis is away while pages are open, and comes back: nothing is made up, nothing typed is lost."""

import contextlib
import os
import signal

import pytest
from playwright.sync_api import expect

from tests.waiting import wait_until

pytestmark = pytest.mark.timeout(600)

QUEUE = "payments.eu"
SLOWLY = 120_000


@contextlib.contextmanager
def killed(server):
    server.kill()
    yield
    server.start()


@contextlib.contextmanager
def halted(server):
    """It takes connections and answers nothing."""
    pid = server.pid
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


@pytest.mark.parametrize("away", [killed, halted])
def test_open_pages_say_since_when_they_are_old_and_come_back_by_themselves(stage, visit, picture, away):
    for order_id in ("A1", "A2", "A3"):
        stage.delay("charge", order_id, 100)
    wait_until(lambda: stage.counted(QUEUE).error == 3, 60, "three failures are counted")
    overview = visit(may_fail=True)
    errors = overview.locator("dl.figures .figure", has_text="Errors").locator("dd").first
    expect(errors).to_have_text("3")
    queue, later = overview.context.new_page(), overview.context.new_page()
    queue.goto(f"/queues/{QUEUE}/error")
    queue.get_by_text("Pause…").first.click()
    queue.get_by_label("Reason").first.fill("half a sentence")
    queue.get_by_role("checkbox").nth(1).check()

    with away(stage.server):
        for page in (overview, queue):
            page.bring_to_front()
            expect(page.locator("#notices").get_by_text("does not answer").first).to_be_visible(timeout=SLOWLY)
            expect(page.get_by_text("Counts as of")).to_be_visible()
        expect(errors).to_have_text("3")
        picture(queue, "redis-away-1-open-page", height=560)
        expect(queue.get_by_label("Reason").first).to_have_value("half a sentence")
        later.bring_to_front()
        later.goto("/errors/", timeout=SLOWLY)
        expect(later.get_by_role("heading", name="Redis does not answer")).to_be_visible(timeout=SLOWLY)
        picture(later, "redis-away-2-new-page", height=440)

    expect(later.get_by_role("heading", name="Errors", exact=True)).to_be_visible(timeout=SLOWLY)
    for page in (overview, queue):
        page.bring_to_front()
        expect(page.locator("#notices").get_by_text("does not answer")).to_have_count(0, timeout=SLOWLY)
    expect(queue.get_by_label("Reason").first).to_have_value("half a sentence")
    expect(queue.get_by_role("checkbox").nth(1)).to_be_checked()

    # the numbers move again, without anybody loading the page
    overview.bring_to_front()
    stage.delay("charge", "A4", 100)
    expect(errors).to_have_text("4", timeout=SLOWLY)
