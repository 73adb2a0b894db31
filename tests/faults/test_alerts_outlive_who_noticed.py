"""An alert that was noticed is told, whoever is killed meanwhile, and under the same id."""

import contextlib
import time

from tests.queue_core.worker import seeds
from tests.receiver import Receiver, says_nothing
from tests.waiting import wait_until

PATIENCE_SECONDS = 60.0


def test_a_sweeper_that_is_killed_between_noticing_and_telling_loses_no_alert(raw, redis_url):
    raw.zadd("t:queued:mail", {"w": time.time() - 5000})
    raw.sadd("t:queued", "mail")
    raw.set("t:task:w", '{"id": "w", "func": "app:work"}')
    with contextlib.closing(Receiver(says_nothing)) as receiver:
        settings = {"kind": "sweeper", "alert_webhooks": [receiver.url]}
        with seeds.worker_process(redis_url, **settings) as first:
            wait_until(lambda: receiver.posts, PATIENCE_SECONDS, "it should have begun to tell")
            first.kill()
            first.wait()
        assert raw.xlen("t:x:alerts:events") == 1
        with seeds.worker_process(redis_url, **settings):
            wait_until(lambda: len(receiver.posts) > 1, PATIENCE_SECONDS, "the next one should tell it")
        assert len({(event["event"], event["id"]) for event in receiver.events}) == 1


def test_a_worker_that_sweeps_tells_alerts_and_goes_on_forking(raw, redis_url):
    raw.zadd("t:queued:other", {"w": time.time() - 5000})
    raw.sadd("t:queued", "other")
    raw.set("t:task:w", '{"id": "w", "func": "app:work"}')
    with contextlib.closing(Receiver(*[says_nothing] * 50)) as receiver:
        settings = {"alert_webhooks": [receiver.url], "only_queues": ["orders"]}
        with seeds.worker_process(redis_url, "fork", **settings):
            wait_until(lambda: receiver.posts, PATIENCE_SECONDS, "it should have begun to tell")
            for _ in range(10):
                task_id = seeds.queue_task(raw, f"{seeds.MODULE}:nothing")
                seeds.wait_gone(raw, task_id, PATIENCE_SECONDS)
