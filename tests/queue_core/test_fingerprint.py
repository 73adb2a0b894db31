"""Failed runs of one cause have one fingerprint, and those of two causes two."""

import re
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from queue_core.fingerprint import RULES, fingerprint, normalised
from queue_core.masking import HIDDEN
from tests.queue_core.secrets import SECRETS

FRAME = '  File "{path}", line {line}, in {function}\n    something()\n'
DIRECT = "\nThe above exception was the direct cause of the following exception:\n\n"
HANDLING = "\nDuring handling of the above exception, another exception occurred:\n\n"


def trace(*frames, last="shop.errors.GatewayDown: gateway refused order 17"):
    """A traceback of frames `(path, line, function)`."""
    body = "".join(FRAME.format(path=path, line=line, function=function) for path, line, function in frames)
    return f"Traceback (most recent call last):\n{body}{last}\n"


CHARGE = ("/srv/shop/billing/tasks.py", 88, "charge")
SEND = ("/srv/shop/billing/gateway.py", 12, "send")
LIBRARY = ("/srv/venv/lib/python3.11/site-packages/requests/api.py", 59, "request")
STANDARD = ("/usr/lib/python3.11/json/decoder.py", 337, "decode")
OURS = ("/srv/signalbox/queue_core/worker/call.py", 40, "run")


def of(traceback, name="shop.errors:GatewayDown"):
    return fingerprint(name, traceback)


def test_it_names_class_message_and_the_innermost_line_of_the_application():
    found = of(trace(OURS, CHARGE, SEND, LIBRARY))
    assert found.id.startswith(f"{RULES}-") and found.grouped
    assert found.exception == "shop.errors.GatewayDown"
    assert found.title == "GatewayDown: gateway refused order <n>"
    assert found.culprit == "billing/gateway.py:12 send"


def test_line_numbers_folders_and_the_release_do_not_matter():
    moved = ("/srv/releases/2026-11-21/billing/tasks.py", 90, "charge")
    assert of(trace(CHARGE)).id == of(trace(moved)).id


def test_frames_of_libraries_the_standard_library_and_the_engine_do_not_matter():
    assert of(trace(CHARGE)).id == of(trace(OURS, STANDARD, CHARGE, LIBRARY, STANDARD)).id


@pytest.mark.parametrize(
    "path",
    [
        r"C:\Python311\Lib\site-packages\requests\api.py",
        "/srv/pyenv/versions/3.12.1/lib/python3.12/json/decoder.py",
        "/usr/lib/python3/dist-packages/redis/client.py",
        "<frozen importlib._bootstrap>",
        "<string>",
    ],
)
def test_foreign_places_are_known_on_every_system(path):
    assert of(trace(CHARGE, (path, 1, "other"))).culprit == "billing/tasks.py:88 charge"


def test_another_function_class_or_message_is_another_cause():
    ids = {
        of(trace(CHARGE)).id,
        of(trace(SEND)).id,
        of(trace(CHARGE, last="shop.errors.GatewayDown: no answer")).id,
        of(trace(CHARGE, last="TimeoutError: gateway refused order 17")).id,
    }
    assert len(ids) == 4


@pytest.mark.parametrize("between", [DIRECT, HANDLING])
def test_of_chained_exceptions_the_root_cause_counts(between):
    root = trace(SEND, last="ConnectionResetError: peer 10.0.0.7:443 hung up")
    for wrapper in ("shop.errors.GatewayDown: no luck", "RuntimeError"):
        found = of(root + between + trace(CHARGE, last=wrapper))
        assert found.id == of(root).id
        assert found.title == "ConnectionResetError: peer <address> hung up"


def test_a_root_cause_without_lines_of_the_application_takes_those_of_what_it_caused():
    root = trace(LIBRARY, last="OSError: unreachable")
    one, other = (of(root + DIRECT + trace(place)) for place in (CHARGE, SEND))
    assert one.id != other.id
    assert one.culprit == "billing/tasks.py:88 charge" and one.title == "OSError: unreachable"


def test_how_deep_a_recursion_went_does_not_matter():
    last = "RecursionError: maximum recursion depth exceeded"
    assert of(trace(CHARGE, *[SEND] * 10, last=last)).id == of(trace(CHARGE, *[SEND] * 300, last=last)).id


def test_a_traceback_quoted_in_a_message_is_no_cause():
    quoted = trace(CHARGE, last="RuntimeError: child failed:") + trace(SEND, last="ValueError: inside")
    assert of(quoted).title == "RuntimeError: child failed:"
    assert of(quoted).culprit == "billing/tasks.py:88 charge"


@pytest.mark.parametrize(
    "odd", [None, "", "out of memory", "Traceback (most recent call last):\n", "\n" * 50, "  File"]
)
def test_what_is_no_traceback_is_grouped_by_class_alone(odd):
    found = of(odd)
    assert not found.grouped and found.culprit == ""
    assert found.id == of(None).id != fingerprint("builtins:KeyError", odd).id
    assert found.title == "GatewayDown"


@pytest.mark.parametrize(
    ("message", "pattern"),
    [
        ("order 17 of 3 failed", "order <n> of <n> failed"),
        ("took 1,204.5 s", "took <n> s"),
        ("no user 'anna' in \"shop\"", "no user <text> in <text>"),
        ("can't read it, don't ask", "can't read it, don't ask"),
        ("token deadbeef01 is over", "token <n> is over"),
        ("token 12345678 is over", "token <n> is over"),
        ("took 12345678.25 s", "took <n> s"),
        ("id 6f1c0a52-8f0e-4a3b-9d57-0b1c2d3e4f50 gone", "id <uuid> gone"),
        ("<Order object at 0x7f3a2c> is odd", "<Order object at <address>> is odd"),
        ("since 2026-11-21T10:00:01.5Z", "since <date>"),
        ("no file /srv/shop/data/17.csv here", "no file <path> here"),
        (r"no file C:\data\shop\x.csv here", "no file <path> here"),
        ("GET https://api.example.com/v1/17?x=1 said 502", "GET <url> said <n>"),
        ("mail to anna.b@example.org bounced", "mail to <email> bounced"),
        ("10.1.2.3:8080 refused", "<address> refused"),
        ("one\nDETAIL: two", "one"),
        ("  much   space ", "much space"),
    ],
)
def test_what_varies_from_run_to_run_is_taken_out_of_a_message(message, pattern):
    assert normalised(message) == pattern


@given(st.text(), st.text())
def test_it_never_raises(name, text):
    assert fingerprint(name, text).id == fingerprint(name, text).id


@given(
    st.lists(st.sampled_from([*"ab\n:'\"\\/<>.0 \udcff\u2028", "  File ", DIRECT, HANDLING, trace(CHARGE), "x" * 99]))
)
def test_it_never_raises_on_broken_tracebacks_and_stays_small(parts):
    found = fingerprint("a:b", "".join(parts))
    assert len(found.title) < 3000 and len(found.culprit) < 600


@given(st.integers(0, 10**12), st.integers(0, 10**12), st.integers(0, 10**12))
@example(line=0, other=10**9, order=0)
def test_numbers_of_lines_and_orders_never_part_a_group(line, other, order):
    first = trace(CHARGE, SEND)
    last = f"shop.errors.GatewayDown: gateway refused order {order}"
    assert of(trace((CHARGE[0], line, "charge"), (SEND[0], other, "send"), last=last)).id == of(first).id


HOSTILE = [
    '"',
    "'",
    "/a",
    "0x",
    "a@",
    "1.",
    "a" * 3,
    '  File "',
    "F",
    "deadbeef",
    "a://",
    "\n",
    DIRECT,
    "a.b:",
    "-1",
    " ",
]


@pytest.mark.parametrize("part", HOSTILE)
@pytest.mark.parametrize("before", ["", trace(CHARGE, last="E: "), '  File "x", line 1, in '])
def test_the_work_grows_with_the_length_and_no_faster(part, before):
    short, long = (before + part * (size // len(part)) for size in (20_000, 160_000))
    assert work(long) < 40 * work(short) + 0.02


def work(text) -> float:
    """Processor time for one text, the least of three."""
    taken = []
    for _ in range(3):
        begun = time.process_time()
        fingerprint("a:b", text)
        taken.append(time.process_time() - begun)
    return min(taken)


@pytest.mark.parametrize("kind", [kind for kind in SECRETS if kind not in ("private key", "address")])
def test_a_secret_in_the_message_is_hidden_before_its_digits_are(kind):
    found = of(trace(CHARGE, last=f"shop.Refused: the key {SECRETS[kind]} is not known"))
    assert HIDDEN in found.title
    parts = re.split(r"[^A-Za-z]+", SECRETS[kind].split()[-1])
    assert not any(part in found.title for part in parts if len(part) > 2)


def test_what_is_hidden_in_the_title_parts_no_group():
    ids = {of(trace(CHARGE, last=f"shop.Refused: no access for AKIAIOSFODNN{digit}EXAMPLE")).id for digit in range(9)}
    assert len(ids) == 1
