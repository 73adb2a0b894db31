"""Tokens: whose they are, what they may, and when they end."""

import json

import pytest

from queue_core.errors import InvalidCredentials, InvalidQueueName, InvalidRequest, TokenNotFound
from queue_core.people import tokens as register

PASSWORD = "correct horse battery"
HOME = "192.0.2.1"


@pytest.fixture
def ann(engine):
    return engine.people.add("ann", PASSWORD, "operator")


@pytest.fixture
def make(engine, ann):
    """Makes a token of ann: the token and its text."""

    def make(name="bot", role="operator", **more):
        return engine.people.tokens.create(ann, name, role=role, made_by="test", **more)

    return make


def recognised(engine, text):
    try:
        return engine.people.of_token(text, address=HOME)
    except InvalidCredentials:
        return None


def test_a_token_is_recognised_by_its_text_and_gives_its_user(engine, make, ann):
    token, text = make()
    user, found = recognised(engine, text)
    assert (user, found.id, found.name) == (ann, token.id, "bot")


def test_what_redis_holds_does_not_let_anybody_in(engine, make, raw):
    _, text = make()
    held = b"".join(raw.dump(key) for key in raw.scan_iter())
    assert text.rpartition("_")[2].encode() not in held and text.encode() not in held


def test_another_text_is_not_recognised(engine, make):
    token, text = make()
    _, other = make("other")
    wrong = (
        "",
        "x",
        text[:-1],
        text + "a",
        text.upper(),
        f"sbx_{token.id}_{other.rpartition('_')[2]}",
        "sbx__",
        "\udcff",
    )
    assert [one for one in wrong if engine.people.tokens.holder_of(one)] == []


def test_a_token_gives_no_more_than_its_scope(engine, make):
    _, text = make(role="operator", queues=["mail"])
    user, _ = recognised(engine, text)
    assert [user.role_on(queue) for queue in ("mail", "mail.eu", "mails")] == ["operator", "operator", "viewer"]


def test_a_token_never_gives_more_than_its_user_may_now(engine, make):
    _, text = make()
    engine.people.set_role("ann", "viewer")
    assert recognised(engine, text)[0].highest_role == "viewer"


def test_a_revoked_or_expired_token_ends(engine, make, raw):
    token, text = make()
    engine.people.tokens.revoke(token.id)
    assert recognised(engine, text) is None
    with pytest.raises(TokenNotFound):
        engine.people.tokens.revoke(token.id)
    token, text = make(expires_at=engine.clock.now() + 60)
    record = json.loads(raw.hget("t:x:users:tokens", token.id))
    raw.hset("t:x:users:tokens", token.id, json.dumps(record | {"expires_at": engine.clock.now() - 1}))
    assert recognised(engine, text) is None


def test_tokens_end_with_their_user_and_another_of_that_name_does_not_get_them(engine, make, raw):
    _, text = make()
    kept = raw.hgetall("t:x:users:tokens")
    engine.people.remove("ann")
    assert recognised(engine, text) is None and engine.people.tokens.all() == []
    raw.hset("t:x:users:tokens", mapping=kept)  # as if the end of the token had been lost
    engine.people.add("ann", PASSWORD, "admin")
    assert recognised(engine, text) is None


def test_a_new_password_leaves_tokens_alone(engine, make):
    _, text = make()
    engine.people.set_password("ann", PASSWORD + "!")
    assert recognised(engine, text)


def test_a_use_is_noted_to_a_minute(engine, make, raw):
    _, text = make()
    assert engine.people.tokens.all()[0].last_used_at is None
    recognised(engine, text)
    first = engine.people.tokens.all()[0].last_used_at
    recognised(engine, text)
    assert engine.people.tokens.all()[0].last_used_at == first
    assert abs(first - engine.clock.now()) < 60


def test_wrong_tokens_have_to_wait_and_right_ones_never(engine, make):
    _, text = make()
    waiting = []
    for _ in range(5):
        with pytest.raises(InvalidCredentials) as caught:
            engine.people.of_token("nonsense", address=HOME)
        waiting.append(caught.value.waiting)
    assert waiting == [False, False, False, True, True]
    assert recognised(engine, text)


@pytest.mark.parametrize(
    "scope", [{"role": "admin"}, {"role": "owner"}, {"name": ""}, {"name": "a\nb"}, {"name": " a"}, {"name": "x" * 65},
              {"expires_at": 1.0}, {"expires_at": float("inf")}, {"expires_at": float("nan")}, {"queues": [""]},
              {"queues": [f"q{number}" for number in range(51)]}],
)  # fmt: skip
def test_what_cannot_be_a_token_is_refused(engine, make, scope):
    with pytest.raises((InvalidRequest, InvalidQueueName)):
        make(**scope)
    assert engine.people.tokens.all() == []


def test_a_token_is_for_queues_on_which_its_user_has_that_role(engine, make):
    engine.people.set_role("ann", "viewer")
    ann = engine.people.grant("ann", "operator", "mail")
    for queues, fits in ((["mail.eu"], True), (["mail", "post"], False), ([], True)):
        try:
            engine.people.tokens.create(ann, str(queues), role="operator", queues=queues, made_by="test")
        except InvalidRequest:
            assert not fits
        else:
            assert fits


def test_a_name_is_taken_once_for_each_user(engine, make):
    make()
    with pytest.raises(InvalidRequest, match="already"):
        make()


def test_there_is_an_end_to_the_number_of_tokens_and_long_expired_ones_make_room(engine, make, raw, monkeypatch):
    monkeypatch.setattr(register, "MOST_TOKENS", 2)
    make("a"), make("b")
    with pytest.raises(InvalidRequest, match="revoke some"):
        make("c")
    old = engine.people.tokens.all()[0]
    record = json.loads(raw.hget("t:x:users:tokens", old.id))
    raw.hset("t:x:users:tokens", old.id, json.dumps(record | {"expires_at": 1.0}))
    make("c")
    assert [token.name for token in engine.people.tokens.all()] == ["b", "c"]


@pytest.mark.parametrize("held", [b"", b"{", b"[]", b'{"name": 1}', b"\xff"])
def test_a_record_that_cannot_be_read_is_no_token(engine, make, raw, held):
    token, text = make()
    raw.hset("t:x:users:tokens", token.id, held)
    assert recognised(engine, text) is None and engine.people.tokens.all() == []
