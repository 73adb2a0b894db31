"""Live parts while Redis is away, in a real browser."""

import pytest
from playwright.sync_api import expect

from queue_core import Engine

PATIENCE_MILLISECONDS = 60_000


@pytest.fixture
def engine(own_server):
    """An engine whose Redis may be killed."""
    engine = Engine(own_server.url)
    yield engine
    engine.close()


def test_a_page_says_that_redis_is_away_and_recovers_by_itself(engine, own_server, page):
    engine.snapshot.take()
    page.reload()
    own_server.kill()
    notice = page.locator("#notices").get_by_text("Redis does not answer")
    expect(notice).to_be_visible(timeout=PATIENCE_MILLISECONDS)
    expect(page.get_by_text("Counts as of")).to_be_visible()
    own_server.start()
    expect(notice).to_have_count(0, timeout=PATIENCE_MILLISECONDS)


def test_a_page_that_found_redis_away_comes_back_by_itself(own_server, page):
    own_server.kill()
    page.goto("/audit/")
    expect(page.get_by_role("heading", name="Redis does not answer")).to_be_visible()
    own_server.start()
    expect(page.get_by_role("heading", name="Audit")).to_be_visible(timeout=PATIENCE_MILLISECONDS)
