"""Users, passwords, roles, and the back-off on failures."""

import json
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import redis

from queue_core.config import Settings
from queue_core.errors import InvalidCredentials, InvalidRequest, StoreFull, StoreUnavailable, UserNotFound
from queue_core.keys import Keys
from queue_core.people import FORGET_FAILURES_SECONDS, People
from queue_core.store import Store

PASSWORD = "correct horse battery"
HOME = "192.0.2.1"


KEYS = Keys("t")


@pytest.fixture
def people(redis_url):
    store = Store(Settings(), redis_url)
    yield People(store)
    store.client.close()


@pytest.fixture
def ann(people):
    return people.add("ann", PASSWORD, "operator")


def fail(people, times, *, name="ann", address=HOME):
    """The errors of so many wrong attempts in a row."""
    errors = []
    for _ in range(times):
        with pytest.raises(InvalidCredentials) as caught:
            people.authenticate(name, "certainly wrong", address=address)
        errors.append(caught.value)
    return errors


def let_pass(raw, seconds, *, name="ann", address=HOME):
    """Makes the last failure look `seconds` older."""
    key = KEYS.login_failures(f"{name}\n{address}")
    raw.pexpire(key, raw.pttl(key) - int(seconds * 1000))


# -- the register --
def test_a_new_user_is_found_by_name_with_role_and_moment(people, ann):
    assert people.find("ann") == ann
    assert (ann.name, ann.role) == ("ann", "operator")
    assert abs(ann.created_at - time.time()) < 60


def test_nobody_is_found_under_an_unknown_name(people):
    assert people.find("ann") is None
    assert people.count() == 0


def test_users_are_listed_by_name(people, ann):
    people.add("zoe", PASSWORD, "viewer")
    people.add("bob", PASSWORD, "admin")
    assert [user.name for user in people.all()] == ["ann", "bob", "zoe"]
    assert people.count() == 3


def test_a_name_that_is_taken_is_refused_and_the_first_user_stays(people, ann):
    with pytest.raises(InvalidRequest, match="already a user named ann"):
        people.add("ann", "another password", "admin")
    assert people.find("ann") == ann


@pytest.mark.parametrize("name", ["", " ann", "ann smith", "-ann", "a" * 65, "ann\n", "ann\udcff", "<b>"])
def test_a_name_that_cannot_be_used_is_refused(people, name):
    with pytest.raises(InvalidRequest, match="A user name has"):
        people.add(name, PASSWORD, "viewer")
    assert people.count() == 0


@pytest.mark.parametrize("password", ["", "too short", "x" * 1001])
def test_a_password_too_short_or_too_long_is_refused(people, ann, password):
    with pytest.raises(InvalidRequest, match="10 to 1000 characters"):
        people.add("bob", password, "viewer")
    with pytest.raises(InvalidRequest, match="10 to 1000 characters"):
        people.set_password("ann", password)


def test_an_unknown_role_is_refused(people, ann):
    with pytest.raises(InvalidRequest, match="viewer, operator, admin"):
        people.add("bob", PASSWORD, "root")
    with pytest.raises(InvalidRequest, match="viewer, operator, admin"):
        people.set_role("ann", "root")


def test_a_removed_user_is_gone(people, ann):
    people.remove("ann")
    assert people.find("ann") is None


@pytest.mark.parametrize(
    "change",
    [
        lambda people: people.remove("ghost"),
        lambda people: people.set_password("ghost", PASSWORD),
        lambda people: people.set_role("ghost", "admin"),
        lambda people: people.end_sessions("ghost"),
    ],
)
def test_changing_an_unknown_user_says_so_and_writes_nothing(people, change):
    with pytest.raises(UserNotFound, match="no user named ghost"):
        change(people)
    assert people.count() == 0


def test_every_change_draws_a_new_epoch(people, ann):
    epochs = [
        ann.epoch,
        people.set_role("ann", "admin").epoch,
        people.set_password("ann", "another password").epoch,
        people.end_sessions("ann").epoch,
    ]
    assert len(set(epochs)) == 4
    assert people.find("ann").epoch == epochs[-1]
    assert people.find("ann").role == "admin"


def test_a_user_removed_and_added_again_has_another_epoch(people, ann):
    people.remove("ann")
    assert people.add("ann", PASSWORD, "operator").epoch != ann.epoch


def test_changes_at_the_same_time_all_arrive(people, ann):
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: people.end_sessions("ann"), range(16)))
        role = pool.submit(people.set_role, "ann", "admin")
        password = pool.submit(people.set_password, "ann", "another password")
        role.result(), password.result()
    assert people.find("ann").role == "admin"
    assert people.authenticate("ann", "another password", address=HOME)


@pytest.mark.parametrize(
    "damaged",
    [
        b"",
        b"\xff",
        b"null",
        b"[]",
        b'{"role": "admin"}',
        b'{"role": "root", "password": "x", "epoch": 1, "created_at": 1}',
        b'{"role": "admin", "password": "x", "epoch": 1, "created_at": NaN}',
        b'{"role": "admin", "password": 1, "epoch": 1, "created_at": 1}',
        b"[" * 100_000,
    ],
)
def test_a_record_that_cannot_be_read_belongs_to_nobody(people, raw, damaged):
    raw.hset(KEYS.users(), "ann", damaged)
    assert people.find("ann") is None
    assert people.all() == []
    with pytest.raises(InvalidCredentials):
        people.authenticate("ann", PASSWORD, address=HOME)


# -- passwords --
def test_the_right_password_gives_the_user(people, ann):
    assert people.authenticate("ann", PASSWORD, address=HOME) == ann


def test_a_wrong_password_and_an_unknown_name_are_refused_with_the_same_words(people, ann):
    wrong = fail(people, 1)[0]
    unknown = fail(people, 1, name="ghost")[0]
    assert str(wrong) == str(unknown) == "The user name or the password is not right."
    assert wrong.retry_after_seconds == 0
    assert not wrong.waiting


def test_only_the_new_password_works_after_a_change(people, ann):
    people.set_password("ann", "another password")
    with pytest.raises(InvalidCredentials):
        people.authenticate("ann", PASSWORD, address=HOME)
    assert people.authenticate("ann", "another password", address=HOME)


def test_a_password_is_kept_as_a_salted_scrypt_hash_only(people, ann, raw):
    people.add("bob", PASSWORD, "viewer")
    first, second = (json.loads(raw.hget(KEYS.users(), name))["password"] for name in ("ann", "bob"))
    method, n, r, p, salt, derived = first.split("$")
    assert (method, n, r, p, len(salt), len(derived)) == ("scrypt", "32768", "8", "1", 32, 64)
    assert first != second
    assert PASSWORD.encode() not in raw.hget(KEYS.users(), "ann")


@pytest.mark.parametrize("stored", ["", "plain", "scrypt$32768$8$1$00", "md5$1$1$1$00$00", "scrypt$9$8$1$00$00", "x$y"])
def test_a_hash_that_cannot_be_read_lets_nobody_in(people, ann, raw, stored):
    record = json.loads(raw.hget(KEYS.users(), "ann")) | {"password": stored}
    raw.hset(KEYS.users(), "ann", json.dumps(record))
    fail(people, 1)
    with pytest.raises(InvalidCredentials):
        people.authenticate("ann", PASSWORD, address=HOME)


def test_a_password_may_be_typed_in_composed_or_decomposed_letters(people):
    people.add("zoe", "na\u00efve password", "viewer")
    assert people.authenticate("zoe", "nai\u0308ve password", address=HOME)


def test_attempts_with_hostile_text_are_refused_like_any_other(people, ann):
    for name, password in (("\udcff\x00", "\udcff"), ("ann", "x" * 1_000_000), ("", "")):
        with pytest.raises(InvalidCredentials):
            people.authenticate(name, password, address="")


# -- back-off --
def test_three_failures_are_free_and_the_next_attempt_has_to_wait(people, ann):
    assert [error.retry_after_seconds for error in fail(people, 3)] == [0, 0, 2]
    refused = fail(people, 1)[0]
    assert refused.waiting
    assert 1 <= refused.retry_after_seconds <= 2
    assert "try again in" in str(refused)


def test_while_waiting_even_the_right_password_is_not_looked_at(people, ann):
    fail(people, 3)
    with pytest.raises(InvalidCredentials, match="try again in"):
        people.authenticate("ann", PASSWORD, address=HOME)


def test_the_wait_doubles_with_every_failure_up_to_five_minutes(people, ann, raw):
    fail(people, 3)
    waits = []
    for _ in range(9):
        let_pass(raw, 301)
        waits.append(fail(people, 1)[0].retry_after_seconds)
    assert waits == [4, 8, 16, 32, 64, 128, 256, 300, 300]


def test_an_attempt_while_waiting_does_not_make_the_wait_longer(people, ann, raw):
    fail(people, 3)
    let_pass(raw, 1)
    assert [error.retry_after_seconds for error in fail(people, 3)] == [1, 1, 1]


def test_after_the_wait_the_right_password_works_and_clears_the_failures(people, ann, raw):
    fail(people, 3)
    let_pass(raw, 2)
    assert people.authenticate("ann", PASSWORD, address=HOME)
    assert not raw.exists(KEYS.login_failures(f"ann\n{HOME}"))
    assert fail(people, 1)[0].retry_after_seconds == 0


def test_unknown_names_wait_just_the_same(people):
    assert [error.retry_after_seconds for error in fail(people, 3, name="ghost")] == [0, 0, 2]
    assert fail(people, 1, name="ghost")[0].waiting


def test_failures_from_one_address_do_not_lock_out_another(people, ann):
    fail(people, 4, address="198.51.100.7")
    assert people.authenticate("ann", PASSWORD, address=HOME)


def test_failures_are_forgotten_after_a_while(people, ann, raw):
    fail(people, 3)
    key = KEYS.login_failures(f"ann\n{HOME}")
    assert 0 < raw.ttl(key) <= FORGET_FAILURES_SECONDS


def test_many_attempts_at_once_get_no_more_tries_than_one_after_the_other(people, ann):
    with ThreadPoolExecutor(12) as pool:
        errors = [future.result() for future in [pool.submit(_attempt, people) for _ in range(12)]]
    looked_at = [error for error in errors if not error.waiting]
    assert 1 <= len(looked_at) <= 3


def _attempt(people):
    try:
        people.authenticate("ann", "certainly wrong", address=HOME)
    except InvalidCredentials as error:
        return error


# -- the signing key, and Redis away --
def test_the_signing_key_is_made_once_and_the_same_for_everybody(people, redis_url):
    key = people.signing_key()
    assert len(key) == 64
    assert People(Store(Settings(), redis_url)).signing_key() == key


def test_a_full_redis_locks_nobody_out(own_server):
    people = People(Store(Settings(), own_server.url))
    people.add("ann", PASSWORD, "operator")
    key = people.signing_key()
    with redis.Redis.from_url(own_server.url) as raw:
        raw.config_set("maxmemory", "1")
    with pytest.raises(StoreFull):
        people.add("bob", PASSWORD, "viewer")
    assert people.authenticate("ann", PASSWORD, address=HOME).name == "ann"
    assert people.signing_key() == key
    fail(people, 5)


def test_redis_away_is_told_as_such():
    away = People(Store(Settings(), "unix:///nowhere/redis.sock"))
    for ask in (
        lambda: away.find("ann"),
        lambda: away.set_role("ann", "admin"),
        lambda: away.authenticate("ann", PASSWORD, address=HOME),
        away.signing_key,
        away.all,
    ):
        with pytest.raises(StoreUnavailable):
            ask()
