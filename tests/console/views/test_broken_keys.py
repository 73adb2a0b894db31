"""Pages where one key of ours is not what it should be: that part is unknown, and the rest is there."""

import pytest

from tests.console import seed

BROKEN = {
    "snapshot": ("/", "/errors/", "/errors/tasks", "/tasks/", "/queues/", "/scheduled/", "/workers/"),
    "error_summary": ("/", "/errors/", "/errors/tasks", "/tasks/", "/settings/"),
    "error_notes": ("/", "/errors/"),
    "deploys": ("/", "/errors/", "/numbers/"),
    "workers": ("/", "/periodic/"),
    "operations": ("/", "/numbers/"),
}


def cases():
    return [(name, address) for name, addresses in BROKEN.items() for address in addresses]


@pytest.fixture
def broken(engine, raw):
    """Breaks a key of a Redis with tasks."""
    seed.queued(engine, "mail", 2)
    engine.snapshot.take()

    def spoil(name):
        key = getattr(engine.store.keys, name)()
        raw.delete(key)
        raw.hset(key, "foreign", "1") if name in ("snapshot", "error_summary") else raw.set(key, "foreign")

    return spoil


@pytest.mark.parametrize(("name", "address"), cases())
def test_a_broken_key_leaves_the_page_and_is_unknown_there(engine, broken, operator, name, address):
    if address == "/errors/tasks":
        seed.failed(engine, "mail")
        engine.snapshot.take()
    broken(name)
    answer = operator.get(address)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 200
    assert "nknown" in page and "signalbox doctor" in page
    assert "All is well" not in page and "Nothing is in error" not in page


def test_the_overview_says_of_workers_that_it_does_not_know(broken, operator):
    broken("workers")
    for address in ("/", "/live"):
        page = operator.get(address).get_data(as_text=True)
        assert "their record cannot be read" in page and "none of ours alive" not in page


def test_a_sound_page_speaks_of_no_key(broken, operator):
    assert "Unknown just now" not in operator.get("/").get_data(as_text=True)


def test_a_page_that_is_about_the_broken_key_does_not_promise_to_come_back(broken, operator):
    broken("operations")
    answer = operator.get("/operations/")
    page = answer.get_data(as_text=True)
    assert answer.status_code == 503
    assert "signalbox doctor" in page and "comes back by itself" not in page
