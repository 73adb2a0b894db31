"""Links with which users set a password: they work once, for a day, and a newer one takes the place of an older one."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from queue_core import Engine
from queue_core.errors import InvalidCredentials, InvalidRequest, StoreFull, StoreUnavailable
from queue_core.people.links import LINK_SECONDS
from tests.checker import assert_sound

OLD, NEW = "correct horse battery", "another long password"
HOME = "192.0.2.1"


@pytest.fixture
def people(engine):
    return engine.people


@pytest.fixture
def ann(people):
    return people.add("ann", OLD, "operator")


def made(people, user):
    return people.links.create(user, made_by="ada")[1]


def use(people, secret, *, name="ann", password=NEW, address=HOME):
    return people.set_password_by_link(name, secret, password, address=address)


def refused(people, secret, **more):
    with pytest.raises(InvalidCredentials) as caught:
        use(people, secret, **more)
    return caught.value


def may_log_in(people, password, name="ann"):
    try:
        return bool(people.authenticate(name, password, address="elsewhere"))
    except InvalidCredentials:
        return False


def test_a_link_sets_the_password_once(people, ann):
    secret = made(people, ann)
    assert may_log_in(people, OLD)
    assert use(people, secret).name == "ann"
    assert may_log_in(people, NEW) and not may_log_in(people, OLD)
    refused(people, secret, password="a third password")
    assert may_log_in(people, NEW)


def test_it_tells_who_made_it_and_until_when(people, ann):
    link, _ = people.links.create(ann, made_by="ada")
    assert people.links.of(ann) == link and link.made_by == "ada"
    assert link.expires_at == link.created_at + LINK_SECONDS


def test_redis_holds_no_secret_and_nothing_for_ever(people, ann, raw):
    secret = made(people, ann)
    assert secret not in str(raw.hgetall("t:x:users:links"))
    assert 0 < raw.ttl("t:x:users:links") <= LINK_SECONDS
    assert_sound(raw)


def test_open_sessions_end(people, ann):
    session_id = people.sessions.begin(ann, seconds=60)
    use(people, made(people, ann))
    assert people.of_session("ann", ann.epoch, session_id) is None and people.sessions.of(people.find("ann")) == []


def test_a_newer_link_takes_the_place_of_an_older_one(people, ann):
    older, newer = made(people, ann), made(people, ann)
    assert people.link("ann", older) is None
    refused(people, older)
    assert use(people, newer)


def test_a_link_is_of_one_user(people, ann):
    bob = people.add("bob", OLD, "viewer")
    secret = made(people, ann)
    made(people, bob)
    refused(people, secret, name="bob")
    assert may_log_in(people, OLD, "bob")


@pytest.mark.parametrize("ending", ["password", "removed", "removed and added", "revoked"])
def test_what_ends_a_link(people, ann, ending):
    secret = made(people, ann)
    if ending == "password":
        people.set_password("ann", OLD)
    elif ending == "revoked":
        assert people.links.revoke("ann") and not people.links.revoke("ann")
    else:
        people.remove("ann")
        if ending == "removed and added":
            people.add("ann", OLD, "viewer")
    assert people.link("ann", secret) is None
    refused(people, secret)


def test_a_record_of_a_user_before_this_one_is_no_link(people, ann, raw):
    secret, record = made(people, ann), raw.hget("t:x:users:links", "ann")
    people.remove("ann")
    people.add("ann", OLD, "viewer")
    raw.hset("t:x:users:links", "ann", record)
    assert people.link("ann", secret) is None
    refused(people, secret)


def test_another_role_and_the_end_of_sessions_leave_it(people, ann):
    secret = made(people, ann)
    people.set_role("ann", "admin")
    people.end_sessions("ann")
    assert use(people, secret).role == "admin"


def test_after_a_day_it_is_over(people, ann, raw):
    secret = made(people, ann)
    record = json.loads(raw.hget("t:x:users:links", "ann"))
    raw.hset("t:x:users:links", "ann", json.dumps(record | {"expires_at": record["created_at"] - 1}))
    assert people.links.of(ann) is None
    refused(people, secret)


def test_of_many_that_use_it_at_once_one_succeeds(people, ann):
    secret = made(people, ann)

    def try_it(number):
        try:
            use(people, secret, password=f"password number {number}", address=f"192.0.2.{number}")
        except InvalidCredentials:
            return None
        return f"password number {number}"

    with ThreadPoolExecutor(4) as pool:
        (winner,) = filter(None, pool.map(try_it, range(4)))
    assert may_log_in(people, winner)


@pytest.mark.parametrize("password", ["", "short", "x" * 1001])
def test_a_password_that_cannot_be_used_leaves_the_link_open(people, ann, password):
    secret = made(people, ann)
    with pytest.raises(InvalidRequest):
        use(people, secret, password=password)
    assert use(people, secret)


def test_wrong_links_from_one_address_have_to_wait_and_right_ones_do_not(people, ann):
    secret = made(people, ann)
    errors = [refused(people, "x" * 43) for _ in range(5)]
    assert [error.waiting for error in errors] == [False, False, False, True, True]
    assert errors[-1].retry_after_seconds > 0
    assert not refused(people, "x" * 43, address="192.0.2.2").waiting
    assert use(people, secret)


@pytest.mark.parametrize("secret", ["", "\x00", "\udcff", "x" * 100_000, "é", "*", "ann"])
def test_hostile_secrets_and_names_open_nothing(people, ann, secret):
    made(people, ann)
    assert people.link("ann", secret) is None and people.link(secret, secret) is None
    refused(people, secret)
    refused(people, secret, name=secret, address="192.0.2.9")


@pytest.mark.parametrize(
    "record", [b"", b"{", b"[]", b"\xff", b'{"digest": "x"}', b'{"digest": 5}', b"[" * 50_000, b"null"]
)
def test_a_record_that_cannot_be_read_is_no_link(people, ann, raw, record):
    secret = made(people, ann)
    raw.hset("t:x:users:links", "ann", record)
    assert people.links.of(ann) is None
    refused(people, secret)


@pytest.mark.parametrize("digest", ["é", "\ud800", ""])
def test_a_digest_that_is_none_fits_nothing(people, ann, raw, digest):
    secret = made(people, ann)
    record = json.loads(raw.hget("t:x:users:links", "ann"))
    raw.hset("t:x:users:links", "ann", json.dumps(record | {"digest": digest}))
    refused(people, secret)


def test_a_user_without_a_password_logs_in_once_one_is_set(people, raw):
    zoe = people.add("zoe", None, "viewer")
    assert not may_log_in(people, "", "zoe") and not may_log_in(people, "None", "zoe")
    use(people, made(people, zoe), name="zoe")
    assert may_log_in(people, NEW, "zoe")
    assert_sound(raw)


def test_while_redis_is_full_none_is_made_and_none_is_used(own_server):
    engine = Engine(own_server.url)
    ann = engine.people.add("ann", OLD, "viewer")
    secret = made(engine.people, ann)
    engine.store.client.config_set("maxmemory", "1")
    for act in (lambda: made(engine.people, ann), lambda: use(engine.people, secret)):
        with pytest.raises(StoreFull):
            act()
    engine.store.client.config_set("maxmemory", "0")
    assert use(engine.people, secret)
    engine.close()


def test_while_redis_is_away_that_is_said(own_server):
    engine = Engine(own_server.url)
    secret = made(engine.people, engine.people.add("ann", OLD, "viewer"))
    own_server.stop()
    for act in (lambda: engine.people.link("ann", secret), lambda: use(engine.people, secret)):
        with pytest.raises(StoreUnavailable):
            act()
    engine.close()
