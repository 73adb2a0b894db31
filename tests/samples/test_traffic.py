import threading

import pytest

from tests.waiting import wait_until


@pytest.fixture
def traffic(shop):
    from samples import traffic

    return traffic


def waiting(raw):
    return sum(raw.zcard(b"t:queued:" + queue) for queue in raw.smembers("t:queued"))


def test_it_begins_with_a_good_and_a_malformed_file(traffic, raw):
    sequence = traffic.Traffic(1)
    assert traffic.send_one(sequence) and traffic.send_one(sequence)
    assert raw.zcard("t:queued:orders.acme") == 2


def test_the_same_seed_asks_for_the_same(traffic):
    one, other = traffic.Traffic(7), traffic.Traffic(7)
    assert [one.next_request()[0] for _ in range(60)] == [other.next_request()[0] for _ in range(60)]


def test_every_kind_of_work_is_put_on_its_queue(traffic, raw):
    sequence = traffic.Traffic(3)
    assert all(traffic.send_one(sequence) for _ in range(150))
    kinds = {queue.partition(b".")[0] for queue in raw.smembers("t:queued")}
    assert kinds == {b"orders", b"images", b"webhooks", b"partners"}
    assert waiting(raw) == 150


def test_a_queue_with_enough_failed_tasks_gets_no_more(traffic, raw):
    raw.zadd("t:error:orders.acme", {f"{number:064x}": number + 1 for number in range(traffic.ENOUGH_ERRORS)})
    assert not traffic.send_one(traffic.Traffic(1))
    assert waiting(raw) == 0


def test_it_goes_on_when_redis_has_been_away(own_server, shop, output, monkeypatch):
    from queue_core import Engine
    from samples import traffic

    engine = Engine(own_server.url)
    monkeypatch.setattr(traffic, "engine", engine)
    stop = threading.Event()
    thread = threading.Thread(target=traffic.run, args=(stop, traffic.Traffic(1), 0.02))
    monkeypatch.setattr(traffic, "LONGEST_WAIT_SECONDS", 0.05)
    sent = []
    monkeypatch.setattr(traffic.Traffic, "next_request", lambda self: ("orders.acme", lambda: sent.append(1)))
    thread.start()
    try:
        wait_until(lambda: sent)
        own_server.stop()
        seen = len(sent)
        own_server.start()
        wait_until(lambda: len(sent) > seen + 1)
    finally:
        stop.set()
        thread.join()
        engine.close()


def test_no_malformed_input_is_sent_when_there_are_many_errors(traffic, shop, raw):
    raw.zadd("t:error:elsewhere", {f"{number:064x}": number + 1 for number in range(traffic.ENOUGH_ERRORS_IN_ALL)})
    raw.sadd("t:error", "elsewhere")
    shop.engine.snapshot.take()
    sequence = traffic.Traffic(1)
    traffic.send_one(sequence)
    assert sequence.only_sound
    assert all(sequence._one_of(_inputs()) != "damaged" for _ in range(100))


def _inputs():
    from samples.catalogue import Inputs

    return Inputs(["sound"], ["damaged"])
