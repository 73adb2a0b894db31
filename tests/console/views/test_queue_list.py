"""The page of all queues."""

import pytest

from queue_core import Actor
from queue_core.tally import Tally
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
    assert 'data-label="workers">none</td>' in mail
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
    assert "1\u2013100 of 10\u202f000 queues" in page
    assert 'rel="next"' in page
    assert len(page) < 600_000


def test_odd_parameters_do_no_harm(engine, seen):
    seed.queued(engine, "mail")
    assert ">mail</a>" in seen("/queues/?page=99999999999999999999&sort=__init__&only=x&turned")


def test_who_is_not_logged_in_sees_nothing(app):
    assert "/login" in app.test_client().get("/queues/").location


# -- in, out, and the last day --


def worked(engine, queue, runs=0, **flow):
    tally, at = Tally(), engine.store.now() - 120
    for _ in range(runs):
        tally.start(queue, "app:work", at)
        tally.end(queue, "app:work", at, "succeeded")
    if flow:
        tally.flow(queue, at, **flow)
        tally.fail(queue, at, 1.0)
    engine.stats.write(tally)


def test_each_queue_tells_what_came_and_went_lately_and_draws_its_day(engine, seen):
    for queue in ("ours", "theirs", "both"):
        seed.queued(engine, queue)
    worked(engine, "ours", runs=50)
    worked(engine, "theirs", ready=100, taken=60)
    worked(engine, "both", runs=50, ready=200, taken=200)
    list(engine.recents.gather())
    both, ours, theirs = seen("/queues/?sort=name").split("<tbody>")[1].split("</tr>")[:3]
    assert ">10</td>" in ours and "of all" not in ours and "50 runs ended" in ours
    assert "≥\u202f20" in theirs and "≥\u202f12" in theirs and "at least 60 tasks taken, 1 error," in theirs
    assert ">10<span" in both and "≥\u202f40 of all" in both and 'class="spark-ended"' in both


def test_where_nobody_gathered_numbers_they_are_unknown(engine, raw, seen):
    seed.queued(engine, "mail")
    assert seen().count(">unknown</td>") == 1
    raw.lpush(engine.store.keys.stats_recent(), "foreign")
    assert seen().count(">unknown</td>") == 1


def test_where_not_all_queues_have_room_for_numbers_the_page_says_so(engine, raw, seen):
    seed.queued(engine, "mail")
    worked(engine, "mail", runs=1)
    list(engine.recents.gather())
    assert "max_stats_names" not in seen()
    raw.zadd(engine.store.keys.stats_names("queue"), {f"q{number}": 1 for number in range(500)})
    list(engine.recents.gather())
    assert "max_stats_names" in seen()


def test_a_page_of_queues_asks_for_all_its_numbers_at_once(engine, raw, seen):
    for number in range(30):
        seed.queued(engine, f"q{number}")
        worked(engine, f"q{number}", runs=1)
    list(engine.recents.gather())
    raw.config_resetstat()
    assert seen().count('class="spark"') == 30
    calls = {name: facts["calls"] for name, facts in raw.info("commandstats").items()}
    assert not {"cmdstat_hgetall", "cmdstat_hmget"} & {name for name, count in calls.items() if count > 20}
