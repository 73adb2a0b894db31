"""The page of all queues."""

import pytest

from queue_core import Actor
from tests.builders import HOSTILE_QUEUE
from tests.console import seed


@pytest.fixture
def seen(engine, operator):
    """The page after a fresh count."""

    def look(address="/queues/"):
        engine.snapshot.take()
        answer = operator.get(address)
        assert answer.status_code == 200
        return answer.get_data(as_text=True)

    return look


def test_before_anybody_counted_the_page_says_that_nothing_is_known(operator):
    page = operator.get("/queues/").get_data(as_text=True)
    assert "The counts are unknown" in page
    assert "No queue holds a task" not in page


def test_an_empty_redis_is_said_in_words(seen):
    assert "No queue holds a task" in seen()


def test_each_queue_has_its_numbers_and_the_way_to_its_tasks(engine, seen):
    seed.failed(engine, "pay", 2)
    seed.queued(engine, "mail", 3)
    page = seen()
    assert page.index(">pay</a>") < page.index(">mail</a>")
    assert 'href="/queues/pay/error">2</a>' in page
    assert 'href="/queues/mail/queued">3</a>' in page


def test_a_queue_that_no_worker_serves_says_so(engine, seen):
    seed.queued(engine, "mail")
    seed.queued(engine, "pay.eu")
    engine.workers.register("w1", {"kind": "worker", "queues": ["pay"]})
    engine.workers.register("w2", {"kind": "worker", "queues": ["pay"], "exclude": ["pay.eu"]})
    engine.workers.register("s", {"kind": "sweeper"})
    page = seen("/queues/?sort=name")
    mail, pay = page.split("<tbody>")[1].split("</tr>")[:2]
    assert "none of ours" in mail
    assert 'data-label="workers">1</td>' in pay


def test_links_keep_the_filter_and_sort(engine, seen):
    seed.failed(engine, "shop.pay")
    seed.queued(engine, "shop.mail")
    seed.queued(engine, "other")
    page = seen("/queues/?q=shop&only=errors&sort=queued")
    assert "other" not in page.split("<tbody>")[1]
    assert "shop.<wbr>mail" not in page
    assert "/queues/?q=shop&amp;only=errors&amp;sort=queued&amp;turned=yes" in page
    assert 'aria-sort="descending"' in page


def test_nothing_found_leads_back_to_all(engine, seen):
    seed.queued(engine, "mail")
    page = seen("/queues/?q=%3Cb%3E&only=paused")
    assert "&lt;b&gt;" in page
    assert "No queue with" in page


def test_a_pause_shows_its_end(engine, seen):
    seed.queued(engine, "mail")
    engine.control.pause("mail", actor=Actor("ann", "command line"), reason="a fix ships")
    assert "paused, until resumed" in seen("/queues/?only=paused")


def test_hostile_names_and_keys_of_another_type_are_shown(engine, raw, seen):
    raw.sadd("t:queued", HOSTILE_QUEUE.encode("utf-8", "surrogateescape"), "<script>x</script>")
    raw.set("t:queued:<script>x</script>", "no set")
    page = seen()
    assert "&lt;script&gt;" in page
    assert "unknown" in page


def test_ten_thousand_queues_come_in_pages(engine, raw, seen):
    pipeline = raw.pipeline()
    for number in range(10_000):
        pipeline.sadd("t:queued", f"tenant{number % 500}.queue{number}")
        pipeline.zadd(f"t:queued:tenant{number % 500}.queue{number}", {"x": 1})
    pipeline.execute()
    page = seen()
    assert "1\u2013200 of 10\u202f000 queues" in page
    assert 'rel="next"' in page
    assert len(page) < 600_000


def test_odd_parameters_do_no_harm(engine, seen):
    seed.queued(engine, "mail")
    assert ">mail</a>" in seen("/queues/?page=99999999999999999999&sort=__init__&only=x&turned")


def test_who_is_not_logged_in_sees_nothing(app):
    assert "/login" in app.test_client().get("/queues/").location
