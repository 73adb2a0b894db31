import pytest
import redis

from queue_core.errors import LeaseLost, StoreUnavailable
from queue_core.store import Store
from queue_core.stream import Stream
from tests.builders import missing_replica
from tests.checker import assert_sound


@pytest.fixture
def stream(engine_behind_proxy):
    stream = Stream(engine_behind_proxy.store)
    yield stream
    stream.close()


@pytest.fixture
def heard():
    return []


def claim_many(world, count):
    """Tasks that a worker holds: (ids, lease)."""
    ids = [f"{number:03}" for number in range(count)]
    for one in ids:
        world.put("queued", task_id=one)
    return ids, world.claim(limit=count)[0]


def add(stream, world, heard, verb, task_id, lease):
    call = world.store.call(verb, queue="orders", id=task_id, lease=lease)
    stream.add(call, lambda reply, repeated: heard.append((verb, task_id, reply, repeated)))


def test_nothing_is_sent_before_it_is_flushed(stream, world, heard):
    (one,), lease = claim_many(world, 1)
    add(stream, world, heard, "finish", one, lease)
    assert stream.waiting == 1 and world.scores("active")
    stream.flush()
    assert stream.waiting == 1
    stream.drain()
    assert (stream.waiting, heard) == (0, [("finish", one, b"OK", False)])
    assert world.dump() == {}


def test_replies_come_in_the_order_of_the_scripts(stream, world, heard):
    ids, lease = claim_many(world, 50)
    for one in ids:
        add(stream, world, heard, "start", one, lease)
        add(stream, world, heard, "finish", one, lease)
        stream.flush()
    stream.drain()
    assert heard == [(verb, one, b"OK", False) for one in ids for verb in ("start", "finish")]


def test_a_refusal_is_heard_and_does_not_stop_the_others(stream, world, heard):
    ids, lease = claim_many(world, 2)
    world.raw.zrem("t:active:orders", ids[0])
    for one in ids:
        add(stream, world, heard, "finish", one, lease)
    stream.drain()
    assert isinstance(heard[0][2], LeaseLost) and heard[1][2] == b"OK"


def drained(stream):
    """Until everything is answered: how often the connection was lost."""
    lost = 0
    while stream.waiting:
        try:
            stream.drain()
        except StoreUnavailable:
            lost += 1
    return lost


@pytest.mark.parametrize("reply_bytes", [0, 1, 4, 5, 7, 50, 123, 199])
def test_a_connection_cut_in_the_middle_loses_nothing(stream, proxy, world, heard, reply_bytes):
    ids, lease = claim_many(world, 20)
    add(stream, world, heard, "start", ids[0], lease)
    stream.drain()
    heard.clear()
    for one in ids:
        add(stream, world, heard, "start", one, lease)
        add(stream, world, heard, "finish", one, lease)
    proxy.cut_after(reply_bytes)
    assert drained(stream) == 1
    assert [step[:2] for step in heard] == [(verb, one) for one in ids for verb in ("start", "finish")]
    answered = [step[3] for step in heard].index(True)
    assert answered <= reply_bytes // len(b"+OK\r\n") and all(step[3] for step in heard[answered:])
    assert all(reply == b"OK" or (isinstance(reply, LeaseLost) and repeated) for _, _, reply, repeated in heard)
    assert world.dump() == {}


def test_what_is_sent_after_a_cut_follows_what_was_not_answered(stream, proxy, world, heard):
    ids, lease = claim_many(world, 2)
    stream.ask(world.store.call("counts", states=[], since="inf", until_at="inf"))
    add(stream, world, heard, "start", ids[0], lease)
    proxy.cut_after(0)
    with pytest.raises(StoreUnavailable):
        stream.drain()
    add(stream, world, heard, "finish", ids[0], lease)
    add(stream, world, heard, "finish", ids[1], lease)
    stream.drain()
    assert [(verb, one, repeated) for verb, one, _, repeated in heard] == [
        ("start", ids[0], True), ("finish", ids[0], False), ("finish", ids[1], False),
    ]  # fmt: skip
    assert world.dump() == {}


def test_what_a_server_refuses_for_now_is_sent_again(stream, world, heard):
    ids, lease = claim_many(world, 3)
    for one in ids:
        add(stream, world, heard, "start", one, lease)
        add(stream, world, heard, "finish", one, lease)
    with missing_replica(world.raw):
        for _ in range(2):
            with pytest.raises(StoreUnavailable):
                stream.drain()
    assert (heard, stream.waiting) == ([], 6)
    stream.drain()
    assert [step[:2] for step in heard] == [(verb, one) for one in ids for verb in ("start", "finish")]
    # what stood behind the first refusal may arrive late, when nothing is refused any more, and then comes twice
    assert all(reply == b"OK" or (repeated and isinstance(reply, LeaseLost)) for _, _, reply, repeated in heard)
    assert world.dump() == {}


def test_a_client_that_is_killed_comes_back(stream, world, heard):
    ids, lease = claim_many(world, 3)
    add(stream, world, heard, "start", ids[0], lease)
    stream.drain()
    world.raw.client_kill_filter(_type="normal", skipme=True)
    for one in ids:
        add(stream, world, heard, "finish", one, lease)
    drained(stream)
    assert world.dump() == {}


def test_a_script_that_redis_forgets_in_between_is_sent_in_full(stream, world, heard):
    ids, lease = claim_many(world, 4)
    add(stream, world, heard, "start", ids[0], lease)
    stream.drain()
    world.raw.script_flush()
    for one in ids:
        add(stream, world, heard, "start", one, lease)
        add(stream, world, heard, "finish", one, lease)
    stream.drain()
    assert [step[:2] for step in heard[1:]] == [(verb, one) for one in ids for verb in ("start", "finish")]
    assert world.dump() == {}


def test_a_question_is_answered_after_everything_before_it(stream, world, heard):
    (one,), lease = claim_many(world, 1)
    add(stream, world, heard, "finish", one, lease)
    assert stream.ask(world.store.call("counts", states=[b"t:active:orders"], since="inf", until_at="inf")) == [
        [0, None, None, 0, 0]
    ]
    assert len(heard) == 1


def test_a_question_about_a_forgotten_script_is_answered(stream, world):
    call = world.store.call("counts", states=[b"t:active:orders"], since="inf", until_at="inf")
    stream.ask(call)
    world.raw.script_flush()
    assert stream.ask(call) == [[0, None, None, 0, 0]]


def test_a_refused_question_is_raised(stream, world):
    with pytest.raises(LeaseLost):
        stream.ask(world.store.call("start", queue="orders", id="a", lease="1"))


def test_a_question_whose_reply_was_lost_is_not_sent_again(stream, proxy, world):
    world.put("queued")
    stream.ask(world.store.call("counts", states=[b"t:active:orders"], since="inf", until_at="inf"))
    call = world.store.call(
        "claim", queue="orders", limit=1, worker="w", lock_retry_seconds=1.0, payload_budget=1, task_prefix=b"t:task:"
    )
    proxy.cut_after(0)
    with pytest.raises(StoreUnavailable):
        stream.ask(call)
    assert stream.waiting == 0
    stream.drain()
    assert len(world.scores("active")) == 1
    assert_sound(world.raw)


def test_nothing_is_forgotten_while_nobody_answers(stream, proxy, world, heard):
    ids, lease = claim_many(world, 2)
    proxy.refuse()
    for one in ids:
        add(stream, world, heard, "finish", one, lease)
        for _ in range(3):
            with pytest.raises(StoreUnavailable):
                stream.flush()
    assert stream.waiting == 2


def test_a_restart_of_the_server_loses_nothing(own_server, heard):
    from queue_core import Settings
    from tests.builders import World

    store = Store(Settings(), own_server.url)
    with redis.Redis.from_url(own_server.url) as raw:
        raw.config_set("appendfsync", "always")  # or a busy disk may delay the file behind the replies
        world = World(raw, store)
        ids, lease = claim_many(world, 10)
        stream = Stream(store)
        for one in ids[:5]:
            add(stream, world, heard, "finish", one, lease)
        stream.drain()
        own_server.kill()
        for one in ids[5:]:
            add(stream, world, heard, "finish", one, lease)
        with pytest.raises(StoreUnavailable):
            stream.drain()
        own_server.start()
        stream.drain()
        assert [step[1] for step in heard] == ids
        assert world.dump() == {}
        stream.close()


def test_a_connection_can_be_lost_any_number_of_times(stream, world, heard):
    ids, lease = claim_many(world, 150)
    for one in ids:
        add(stream, world, heard, "finish", one, lease)
        stream.drain()
        stream.close()
    assert len(heard) == 150 and world.dump() == {}


def test_a_server_that_is_away_can_be_asked_any_number_of_times(world, proxy, stream, heard):
    (one,), lease = claim_many(world, 1)
    add(stream, world, heard, "finish", one, lease)
    proxy.refuse()
    for _ in range(150):
        with pytest.raises(StoreUnavailable):
            stream.drain()
    assert stream.waiting == 1
