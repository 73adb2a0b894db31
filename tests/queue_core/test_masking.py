"""Secrets are hidden, by name and by what they look like."""

import json
import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from queue_core.masking import _SHAPES, HIDDEN, Masking, holds_hidden
from tests.queue_core.secrets import LETTERS, SECRETS

MASKING = Masking()
CARD = "4111 1111 1111 1111"


@pytest.mark.parametrize(
    "name",
    ["password", "PASSWORD", "db_password", "accessToken", "X-Auth-Token", "api-key", "apikey", "client_secret", "pin"],
)
def test_a_value_under_the_name_of_a_secret_is_hidden(name):
    assert MASKING.value({name: "hunter2", "order": 7}) == {name: HIDDEN, "order": 7}


def test_a_secret_is_hidden_at_any_depth_and_whatever_it_is_made_of():
    assert MASKING.value([{"a": [{"credentials": {"user": "x"}}]}]) == [{"a": [{"credentials": HIDDEN}]}]
    assert MASKING.value({"pin": 1234}) == {"pin": HIDDEN}
    assert MASKING.value({"pin": 0, "cvc": 1}) == {"pin": HIDDEN, "cvc": HIDDEN}


@pytest.mark.parametrize("nothing", [None, "", True, False, [], {}])
def test_what_says_nothing_is_shown_under_any_name(nothing):
    assert MASKING.value({"token": nothing}) == {"token": nothing}


def test_short_names_count_as_whole_words_only():
    plain = {"shipping": "fast", "passenger": "ann", "author": "bo", "opinion": "good"}
    assert MASKING.value(plain) == plain


@pytest.mark.parametrize(
    "secret",
    [
        CARD,
        "378282246310005",
        "5555-5555-5555-4444",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
        "sk_live_abcdefgh12345678",
        "AKIAIOSFODNN7EXAMPLE",
        "ghp_abcdefghijklmnopqrstuvwxyz0123456789",
        "-----BEGIN RSA PRIVATE KEY-----\nMIIB\n-----END RSA PRIVATE KEY-----",
    ],
)
def test_what_looks_like_a_secret_is_hidden_wherever_it_stands(secret):
    assert MASKING.value(["pay", f"with {secret}."]) == ["pay", f"with {HIDDEN}."]


ODD = " \n\u0131\u0130\u017f\u212a\u00df.x"
"""Among them letters whose lower or upper case is one of ASCII, or more than one letter."""


@pytest.mark.parametrize("kind", SECRETS)
@given(before=some.text(ODD, max_size=700), after=some.text(ODD, max_size=700))
@settings(deadline=None, max_examples=50)
def test_a_secret_is_hidden_in_a_text_of_any_length(kind, before, after):
    for padding in ("", "a word and another\n" * 50):
        text = MASKING.text(f"{padding}{before} {SECRETS[kind]} {after}{padding}")
        assert HIDDEN in text
        assert SECRETS[kind] not in text
        assert LETTERS[8:] not in text


def test_every_shape_has_its_mark():
    assert len(SECRETS) == len(_SHAPES)
    for (shape, mark), secret in zip(_SHAPES.items(), SECRETS.values(), strict=True):
        assert re.search(shape, secret, re.DOTALL), shape
        assert mark in secret.lower()


def test_credentials_of_an_address_and_of_a_header_are_hidden():
    assert MASKING.text("to redis://app:hunter2@db:6379/0") == f"to redis://{HIDDEN}@db:6379/0"
    assert MASKING.text("sent Bearer abcdef123456") == f"sent Bearer {HIDDEN}"


def test_a_card_number_that_is_a_number_is_hidden_and_other_numbers_are_not():
    assert MASKING.value([4111111111111111]) == [HIDDEN]
    plain = [4111111111111112, 1763723111.123456, 1763723111123, 10**400, "1763723111123", "order 4111111111111112"]
    assert MASKING.value(plain) == plain


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("login(password='hunter2', user='ann')", f"login(password='{HIDDEN}', user='ann')"),
        ("refused: token=abc123, order 7", f"refused: token={HIDDEN}, order 7"),
        ('{"password": "hun\\"ter2", "a": 1}', f'{{"password": "{HIDDEN}", "a": 1}}'),
        ('{"body": "{\\"password\\": \\"hunter2\\"}"}', f'{{"body": "{{\\"password\\": \\"{HIDDEN}\\"}}"}}'),
        ("{'secret': {'a': [1, 2]}, 'b': 3}", f"{{'secret': {HIDDEN}, 'b': 3}}"),
        ("Cookie: a=b; c=d\nnext", f"Cookie: {HIDDEN}\nnext"),
        ("Authorization: Bearer abcdefgh", f"Authorization: {HIDDEN}"),
        ('{"password": "hunt', f'{{"password": "{HIDDEN}'),
        ("{'token': b'abc'}", f"{{'token': b'{HIDDEN}'}}"),
        ("https://x/?api_key=abc&page=2", f"https://x/?api_key={HIDDEN}&page=2"),
        ("password:       hunter2, order 7", f"password:       {HIDDEN}, order 7"),
        ("api_key :\t\t\t\tabc", f"api_key :\t\t\t\t{HIDDEN}"),
    ],
)
def test_secrets_are_hidden_in_texts(text, hidden):
    assert MASKING.text(text) == hidden
    assert MASKING.text(hidden) == hidden


TRACEBACK = """Traceback (most recent call last):
  File "/srv/shop/login.py", line 8, in enter
    token = fetch(user, password=stored)
  File "/srv/shop/login.py", line 9, in fetch
    connect("db", password="hunter2")
shop.TokenExpired: of ann, password=hunter2
"""


def test_a_traceback_keeps_its_code_and_loses_its_secrets():
    hidden = MASKING.text(TRACEBACK)
    assert "token = fetch(user, password=stored)" in hidden
    assert "shop.TokenExpired: of ann" in hidden
    assert "hunter2" not in hidden


def test_what_follows_a_place_without_its_line_of_source_is_no_source():
    text = '  File "<string>", line 1, in <module>\nValueError: password=hunter2 refused\n'
    assert "hunter2" not in MASKING.text(text)


@pytest.mark.parametrize("plain", ["", "order 7 of ann", "token", "a: b", "the password is wrong", "token=None"])
def test_other_texts_stay_as_they_are(plain):
    assert MASKING.text(plain) == plain


def test_json_values_that_stand_one_after_another_are_read_as_such():
    assert MASKING.json('["a"] {"password": ["x, y", "z"]}') == f'["a"] {{"password": "{HIDDEN}"}}'
    assert MASKING.json('["a",   1]') == '["a",   1]'
    assert MASKING.json('["a"] {"password": "x, y') == f'["a"] {{"password": "{HIDDEN}'


def test_names_and_shapes_can_be_added_and_names_taken_away():
    masking = Masking(("order code",), ("page_token",), r"\bORD-\d+")
    assert masking.value({"order_code": 1, "page_token": "p2", "note": "see ORD-7"}) == {
        "order_code": HIDDEN,
        "page_token": "p2",
        "note": f"see {HIDDEN}",
    }
    assert masking.text("page_token=p2 token=x") == f"page_token=p2 token={HIDDEN}"
    with pytest.raises(re.error):
        Masking(more_shapes="(")


def test_what_was_left_hidden_by_an_editor_comes_back():
    original = {"user": "ann", "password": "hunter2", "cards": [{"note": CARD}, 2]}
    shown = MASKING.value(original)
    assert MASKING.restored(shown, original) == original
    assert MASKING.restored(shown | {"user": "bo"}, original) == original | {"user": "bo"}
    assert MASKING.restored(shown | {"password": "new"}, original) == original | {"password": "new"}


def test_a_hidden_value_does_not_come_back_in_another_place():
    original = {"user": "ann", "password": "hunter2"}
    restored = MASKING.restored({"user": HIDDEN, "password": HIDDEN, "more": [HIDDEN]}, original)
    assert restored == {"user": HIDDEN, "password": "hunter2", "more": [HIDDEN]}
    assert holds_hidden(restored)
    assert not holds_hidden(original)


@pytest.mark.parametrize(
    "sign", ["password=", "[", "4", "password: [", "://", 'token="', "\\", "eyJ", "Bearer ", "\n", "password ", "pin\t"]
)
def test_a_long_text_takes_time_in_proportion_to_its_length(sign):
    started = time.process_time()
    MASKING.text(sign * (1_000_000 // len(sign)))
    assert time.process_time() - started < 5


def test_what_is_nested_beyond_reading_is_hidden_whole():
    nested = json.loads("[" * 900 + "]" * 900)
    assert MASKING.value(nested) in (nested, HIDDEN)
