"""Fixtures: the shop with an output folder of its own, on the empty Redis of this test process."""

import faulthandler
import os
import threading

import pytest

_wanted_crashes = []
os.register_at_fork(after_in_child=lambda: _wanted_crashes and faulthandler.disable())


@pytest.fixture(scope="module")
def wanted_crashes():
    """Children that crash in these tests do so on purpose: their crash reports are no news."""
    _wanted_crashes.append(True)
    yield
    _wanted_crashes.clear()


@pytest.fixture(scope="session")
def imported_shop(session_server):
    """The package `samples.shop`; its engine reads REDIS_URL when it is imported."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("REDIS_URL", session_server.url)
        import samples.shop
    return samples.shop


@pytest.fixture
def output(tmp_path, monkeypatch):
    """The folder in which the shop leaves its output."""
    monkeypatch.setenv("SHOP_OUTPUT", str(tmp_path / "shop"))
    return tmp_path / "shop"


@pytest.fixture
def shop(imported_shop, server, output):
    """The package `samples.shop`, with an empty Redis and an empty output folder."""
    return imported_shop


@pytest.fixture
def webhook_server(output):
    """A running webhook server; `turns` says what each path answers."""
    from samples.places import address_file, write
    from samples.webhook_server import Server

    with Server() as server:
        write(address_file(), server.url.encode())
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()
