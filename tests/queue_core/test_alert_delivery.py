"""How far a receiver is: what arrives, what is tried again, what is given up."""

import pytest

from queue_core.alert_delivery import (
    GIVE_UP_SECONDS,
    LONGEST_REST_SECONDS,
    MOST_REFUSALS,
    Answer,
    Delivery,
    Receiver,
    read_delivery,
    written,
)

HOOK = Receiver("https://hooks.example.com:8443/services/T0AAA111/s3cret-token?key=hunter2&x=1")
NEW = Delivery(HOOK.id, HOOK.host)
ENTRY = "1700000000000-0"
NOTICED = 1_700_000_000.0


def after(delivery, answer, now=NOTICED + 1):
    return delivery.after(answer, "" if answer.arrived else answer.in_words(HOOK), ENTRY, NOTICED, now)


def test_only_the_host_of_an_address_is_kept():
    assert HOOK.host == "hooks.example.com:8443" and Receiver("http://h/x").host == "h"
    assert HOOK.id != Receiver(HOOK.url + "2").id
    for part in ("s3cret-token", "hunter2", "T0AAA111"):
        assert part not in written(after(NEW, Answer(404, f"no {part} at {HOOK.url}"))).decode()


def test_what_arrived_is_not_sent_again():
    ill = after(NEW, Answer(500))
    well = after(ill, Answer(204), NOTICED + 9)
    assert (well.cursor, well.arrived_at, well.problem, well.failures) == (ENTRY, NOTICED + 9, "", 0)
    assert well.failed_at == NOTICED + 1 and well.missed == 0


def test_what_did_not_arrive_is_tried_again_after_longer_and_longer_rests():
    delivery, rests, now = NEW, [], NOTICED
    for _ in range(12):
        delivery = after(delivery, Answer(503), now)
        rests.append(delivery.next_at - now)
    assert rests[:4] == [2, 4, 8, 16] and rests[-1] == LONGEST_REST_SECONDS
    assert delivery.cursor == "0-0"


def test_after_an_hour_it_is_old_news():
    late = after(NEW, Answer(503), NOTICED + GIVE_UP_SECONDS + 1)
    assert (late.cursor, late.missed, late.tries) == (ENTRY, 1, 0)
    assert late.failures == 1


@pytest.mark.parametrize("status", [301, 400, 401, 404, 410, 422])
def test_what_is_refused_for_good_is_tried_a_few_times_only(status):
    delivery = NEW
    for _ in range(MOST_REFUSALS):
        assert delivery.cursor == "0-0"
        delivery = after(delivery, Answer(status))
    assert (delivery.cursor, delivery.missed) == (ENTRY, 1)


@pytest.mark.parametrize("status", [None, 100, 408, 425, 429, 500, 502, 599])
def test_what_may_pass_is_not_given_up_soon(status):
    delivery = NEW
    for _ in range(MOST_REFUSALS + 5):
        delivery = after(delivery, Answer(status))
    assert delivery.cursor == "0-0"


def test_people_read_what_the_receiver_said_as_a_line():
    assert Answer(400, "invalid_payload\n").in_words(HOOK) == "answered 400: invalid_payload"
    assert Answer(302).in_words(HOOK) == "answered 302 (redirects are not followed)"
    assert Answer().in_words(HOOK) == "no answer"
    assert len(Answer(500, "x" * 5000).in_words(HOOK)) < 250


def test_it_comes_back_from_redis_as_it_was():
    one = after(after(NEW, Answer(500, "no")), Answer(404, "no"))
    assert read_delivery(one.id, written(one)) == one


@pytest.mark.parametrize(
    ("field", "value"),
    [
        (b'"cursor": "0-0"', b'"cursor": "$"'),
        (b'"missed": 0', b'"missed": -1'),
        (b'"tries": 0', b'"tries": true'),
        (b'"next_at": 0.0', b'"next_at": 1e999'),
        (b'"next_at": 0.0', b'"next_at": ""'),
        (b'"host": "', b'"host": 7, "x": "'),
    ],
)
def test_what_is_no_state_is_none(field, value):
    assert field in written(NEW)
    assert read_delivery(NEW.id, written(NEW).replace(field, value)) is None
    assert not any(read_delivery(NEW.id, raw) for raw in (None, b"", b"[]", b"{}", b"\xff"))


@pytest.mark.parametrize(
    "said",
    ["ab+cd-s3cret=", "/hooks/ab%2bcd-s3cret%3d", "p@ssw0rdlong", "AB%2BCD-S3CRET%3D", "key p%40ssw0rdlong", "pl ain"],
)
def test_no_form_of_the_address_is_repeated(said):
    hook = Receiver("https://h.example.com/hooks/ab%2Bcd-s3cret%3D/x?key=p%40ssw0rdlong&name=pl+ain")
    words = Answer(404, f"there is no {said}!").in_words(hook)
    assert said not in words and "[hidden]" in words


def test_what_a_clock_that_was_ahead_noticed_is_not_tried_until_then():
    delivery, times = NEW, 0
    while delivery.cursor == "0-0" and times < 100:
        delivery, times = after(delivery, Answer(503), NOTICED - 86_400), times + 1
    assert delivery.missed == 1 and 10 < times < 100
