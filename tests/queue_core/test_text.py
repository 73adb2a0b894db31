import pytest

from queue_core.text import shown, to_bytes, to_text

ANY_BYTES = [b"", b"orders", "für".encode(), b"\xff\xfe", b"a\x00b\r\n", b"\xed\xa0\x80", bytes(range(256))]


@pytest.mark.parametrize("raw", ANY_BYTES)
def test_any_bytes_come_back_exactly(raw):
    assert to_bytes(to_text(raw)) == raw


@pytest.mark.parametrize("raw", ANY_BYTES)
def test_what_people_see_can_always_be_printed(raw):
    shown(to_text(raw)).encode()


def test_an_undecodable_byte_is_shown_as_the_replacement_character():
    assert shown(to_text(b"caf\xe9")) == "caf\ufffd"


def test_a_surrogate_that_stands_for_no_byte_becomes_a_question_mark():
    assert to_bytes("a\ud800") == b"a?"
    assert shown("a\ud800") == "a?"
