"""Fixtures of the journeys: a stage, and a browser that has logged in."""

import os
from pathlib import Path

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
    from playwright.sync_api import expect

    expect.set_options(timeout=60_000)  # in milliseconds: a machine may be busy
    contexts, complaints = [], []

    def open_window(name=USER, password=PASSWORD, may_fail=False, **options):
        # may_fail: pages are meant to be refused parts of them
        context = browser.new_context(base_url=stage.address, **options)
        contexts.append(context)
        page = context.new_page()
        if not may_fail:
            _listen(page, complaints)
        page.goto("/login")
        page.get_by_label("Name").fill(name)
        page.get_by_label("Password").fill(password)
        page.get_by_role("button", name="Log in").click()
        page.wait_for_url(f"{stage.address}/")
        return page

    yield open_window
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture
def picture():
    """Call it with a page and a name: it takes a picture into the folder that JOURNEY_PICTURES names, if it does."""
    folder = os.environ.get("JOURNEY_PICTURES")

    def take(page, name, height=None):
        if folder:
            Path(folder).mkdir(parents=True, exist_ok=True)
            size = page.viewport_size
            clip = {"x": 0, "y": 0, "width": size["width"], "height": height or size["height"]}
            page.screenshot(path=Path(folder) / f"{name}.png", clip=clip)

    return take


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
