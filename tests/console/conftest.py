"""A console on the empty Redis, and people in front of it."""

import pytest

from console import create_app
from console.settings import ConsoleSettings
from tests.console.visitor import PASSWORD, Visitor


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
def acts(engine):
    """The acts in the audit trail, newest first, without the logins: (verb, outcome)."""
    return lambda: [(act.verb, act.outcome) for act in engine.audit.page().entries if act.verb != "login"]
