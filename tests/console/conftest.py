"""A console on the empty Redis, and people in front of it."""

import threading

import pytest
from werkzeug.serving import make_server

from console import create_app
from console.settings import ConsoleSettings
from tests.console.visitor import PASSWORD, Visitor

POLL_SECONDS = 1
DESIGNED = ("Failed to load resource: ", "htmx: htmx:error: Failed to fetch")
"""What the browser says of an answer such as 409, or of none; the page tells it, too."""


@pytest.fixture
def app(engine):
    return create_app(engine, ConsoleSettings())


def logged_in(engine, app, name, role):
    engine.people.add(name, PASSWORD, role)
    visitor = Visitor(app)
    assert visitor.log_in(name).status_code == 303
    return visitor


@pytest.fixture
def operator(engine, app):
    return logged_in(engine, app, "olga", "operator")


@pytest.fixture
def viewer(engine, app):
    return logged_in(engine, app, "vera", "viewer")


@pytest.fixture
def granted(engine, app):
    """Makes a viewer named gina who is operator on one queue: granted(queue)."""

    def made(queue):
        engine.people.add("gina", PASSWORD, "viewer")
        engine.people.grant("gina", "operator", queue)
        visitor = Visitor(app)
        assert visitor.log_in("gina").status_code == 303
        return visitor

    return made


@pytest.fixture
def acts(engine):
    """The acts in the audit trail, newest first, without the logins: (verb, outcome)."""
    return lambda: [(act.verb, act.outcome) for act in engine.audit.page().entries if act.verb != "login"]


@pytest.fixture
def address(engine):
    """Where the console is served, with a user named ann."""
    engine.people.add("ann", PASSWORD, "operator")
    server = make_server("127.0.0.1", 0, create_app(engine, ConsoleSettings(poll_seconds=POLL_SECONDS)), threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()


@pytest.fixture
def page(browser, address):
    """A page in Tokyo, logged in; faults of scripts and of the content policy fail the test."""
    from playwright.sync_api import expect

    expect.set_options(timeout=60_000)  # in milliseconds: a machine may be busy
    context = browser.new_context(base_url=address, timezone_id="Asia/Tokyo", color_scheme="light")
    context.set_default_timeout(30_000)
    page, faults = context.new_page(), []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    page.goto("/login")
    page.fill("#name", "ann")
    page.fill("#password", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{address}/")
    yield page
    context.close()
    assert [fault for fault in faults if not fault.startswith(DESIGNED)] == []
