"""Fixtures of the journeys: a stage, and a browser that has logged in."""

import pytest

from tests.journeys.stage import PASSWORD, USER, Stage


@pytest.fixture
def stage(browser, tmp_path):
    """Everything at work, on a Redis of its own."""
    stage = Stage(tmp_path).start()
    yield stage
    stage.close()


@pytest.fixture
def visit(browser, stage):
    """Opens a browser window and logs in; every complaint of the browser fails the test."""
    contexts, complaints = [], []

    def open_window(**options):
        context = browser.new_context(base_url=stage.address, **options)
        contexts.append(context)
        page = context.new_page()
        _listen(page, complaints)
        page.goto("/login")
        page.get_by_label("Name").fill(USER)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Log in").click()
        page.wait_for_url(f"{stage.address}/")
        return page

    yield open_window
    for context in contexts:
        context.close()
    assert complaints == []


def _listen(page, complaints):
    def heard(message):
        # a page may be a designed 404; whatever belongs to a page may not be missing
        if message.type == "error" and not message.text.startswith("Failed to load resource"):
            complaints.append(message.text)

    def answered(response):
        if response.status >= 400 and response.request.resource_type != "document":
            complaints.append(f"{response.status} {response.url}")

    page.on("console", heard)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("response", answered)
