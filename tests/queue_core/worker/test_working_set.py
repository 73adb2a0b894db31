"""Which queues a worker looks at."""

import threading
import time

import pytest

from queue_core import Engine, Settings
from queue_core.errors import StoreUnavailable
from queue_core.queue_filter import QueueFilter
from queue_core.worker.working_set import WorkingSet
from tests.queue_core.worker import functions
from tests.queue_core.worker.seeds import queue_task


def working_set_of(engine, queue_filter):
    return WorkingSet(engine, queue_filter, time.sleep, engine.log)


@pytest.fixture
def make(redis_url):
    made = []

    def make(only=(), **settings):
        made.append(working_set_of(Engine(redis_url, Settings(**settings)), QueueFilter.of(only)))
        return made[-1]

    yield make
    for working_set in made:
        working_set.close()


def test_it_knows_the_queues_that_had_tasks_before_it_came(raw, make):
    queue_task(raw, functions.nothing, queue="orders.eu")
    queue_task(raw, functions.nothing, queue="mail")
    working_set = make(only=["orders"])
    working_set.refresh(0)
    assert working_set.queues == {"orders.eu"}


def test_it_hears_of_a_queue_that_becomes_runnable(raw, make):
    working_set = make(reread_seconds=600.0)
    working_set.refresh(0)
    queue_task(raw, functions.nothing, queue="mail")
    working_set.refresh(5)
    assert working_set.queues == {"mail"}


def test_a_message_that_was_lost_is_made_up_for_by_reading_again(raw, make):
    working_set = make(reread_seconds=0.05)
    working_set.refresh(0)
    raw.zadd("t:queued:mail", {"1": 1})
    raw.sadd("t:queued", "mail")
    for _ in range(5):
        working_set.refresh(1)
    assert working_set.queues == {"mail"}


def test_messages_without_end_do_not_keep_it_from_coming_back(raw, make):
    working_set = make(reread_seconds=600.0)
    working_set.refresh(0)
    for _ in range(20):
        pipeline = raw.pipeline(transaction=False)
        for _ in range(2000):
            pipeline.publish("t:activity", "orders")
        pipeline.execute()
    began_at = time.monotonic()
    working_set.refresh(5)
    assert working_set.queues == {"orders"} and time.monotonic() - began_at < 0.2


def test_a_queue_whose_name_is_no_text_is_served(raw, make):
    raw.zadd(b"t:queued:\xff", {"1": 1})
    raw.sadd("t:queued", b"\xff")
    working_set = make()
    working_set.refresh(0)
    assert working_set.queues == {"\udcff"}


def test_a_store_that_is_away_is_said(tmp_path):
    with pytest.raises(StoreUnavailable):
        working_set_of(Engine(f"unix://{tmp_path}/nothing"), QueueFilter()).refresh(0)


def test_a_name_set_of_a_wrong_type_is_said_once_in_a_while_and_what_is_heard_is_served(raw, make, capsys):
    raw.set("t:queued", "no set")
    working_set = make(reread_seconds=600.0)
    for _ in range(5):
        working_set.refresh(0)
    raw.publish("t:activity", "mail")
    working_set.refresh(5)
    assert working_set.queues == {"mail"} and capsys.readouterr().out.count("queues cannot be read") == 1


def test_it_can_ask_every_so_often_instead_of_listening(raw, make):
    working_set = make(queue_poll_seconds=0.05, reread_seconds=600.0)
    working_set.refresh(1)
    assert raw.pubsub_numsub("t:activity")[0][1] == 0
    raw.zadd("t:queued:mail", {"1": 1})
    raw.sadd("t:queued", "mail")
    working_set.refresh(1)
    assert working_set.queues == {"mail"}


def test_after_the_first_sign_of_work_it_waits_for_more(raw, make):
    working_set = make(select_batch_seconds=1.0, reread_seconds=600.0)
    working_set.refresh(0)
    later = threading.Timer(0.2, raw.publish, ["t:activity", "orders"])
    raw.publish("t:activity", "mail")
    later.start()
    working_set.refresh(5)
    later.join()
    assert working_set.queues == {"mail", "orders"}
