"""The query language: what it means, how it is written, and that nothing anybody types does harm."""

import json
import sys
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from queue_core.errors import InvalidRequest
from queue_core.query import All, Any, No, Query, holding, quoted
from queue_core.query_syntax import MOST_CHARACTERS, MOST_DEPTH, MOST_TERMS, parse
from queue_core.query_terms import (
    Argument,
    Compared,
    Exactly,
    Killed,
    Message,
    Named,
    OfGroup,
    OnHost,
    Pattern,
    Text,
)
from queue_core.task_facts import TaskFacts

NOW = 1_000_000.0
FACTS = TaskFacts(
    queue="billing.eu",
    state="error",
    id="abc123",
    at=NOW - 3600,
    func="shop.tasks:charge",
    args=["order", 17, None, True, ["x", 5]],
    kwargs={"user_id": 42, "order": {"id": "A-7", "lines": [{"sku": "tea"}]}, "tags": ["vip", "new"], "0": "zero"},
    exception_name="shop.errors:GatewayDown",
    message='Gateway refused "order 17"',
    host="W3",
    killed=False,
    attempts=3,
)
UNREAD = replace(FACTS, args=None, kwargs=None, unread="too large")


def holds(text, facts=FACTS):
    return parse(text).holds(facts, NOW)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "queue:billing.eu",
        "queue:billing.*",
        "queue:BILLING*",
        'queue:"billing.eu"',
        "state:error",
        "id:abc123 id:abc*",
        "func:charge",
        "func:tasks.charge",
        "func:shop.tasks:charge",
        "func:shop.tasks.charge",
        "func:shop.*",
        "func:CH*ge",
        "exc:GatewayDown",
        "exc:gatewaydown",
        "exc:*Down",
        "exc:shop.errors.GatewayDown",
        "msg:refused",
        'msg:"GATEWAY REFUSED"',
        r'msg:"\"order 17\""',
        'msg:"gate*17"',
        "args.user_id:42",
        "kwargs.user_id:42",
        "args.user_id:4*",
        "args.0:order",
        "args.1:17",
        "args.2:null",
        "args.3:true",
        "args.4:5",
        "args.4.1:5",
        "args.0:zero",
        "args.order.id:A-7",
        "args.order.lines.0.sku:tea",
        "args.order:*",
        "args.tags:vip",
        "age:>30m",
        "age:<2h",
        "age:>=1h",
        "age:<1.5h",
        "attempts:3",
        "attempts:>2",
        "attempts:<=3",
        "killed:no",
        "host:w3",
        "charge",
        "gateway",
        "bc12",
        '"order 17"',
        "re*sed",
        "queue:other OR state:error",
        "(queue:other OR state:error) charge",
        "NOT queue:other",
        "-queue:other",
        "-(queue:other OR state:queued)",
        "state:error AND func:charge AND NOT killed:yes",
        "-nowhere",
    ],
)
def test_it_finds_the_task(text):
    assert holds(text) is True
    assert not text or holds(f"-({text})") is False


@pytest.mark.parametrize(
    "text",
    [
        "queue:billing",
        "queue:Billing.eu",
        "queue:*.us",
        "state:queued",
        "id:ABC123",
        "func:arge",
        "func:other.charge",
        "exc:Gateway",
        "msg:accepted",
        "args.user_id:4",
        "args.user_id:420",
        "args.nothing:42",
        "args.9:x",
        "args.order.id.x:1",
        "args.order:A-7",
        "args.tags:vi",
        "age:>2h",
        "age:<1h",
        "attempts:>3",
        "attempts:30",
        "killed:yes",
        "host:w33",
        "billing.eu",
        "state:error -func:charge",
        "(queue:other state:error) OR NOT state:error",
    ],
)
def test_it_passes_the_task_by(text):
    assert holds(text) is False


def test_what_cannot_be_told_is_neither_so_nor_otherwise():
    assert holds("args.user_id:42", UNREAD) is None
    assert holds("-args.user_id:42", UNREAD) is None
    assert holds("args.user_id:42 state:error", UNREAD) is None
    assert holds("args.user_id:42 state:queued", UNREAD) is False
    assert holds("args.user_id:42 OR state:error", UNREAD) is True
    assert holds("charge", replace(FACTS, message=None)) is True
    assert holds("elsewhere", replace(FACTS, message=None)) is None


def test_what_is_still_to_come_has_no_age():
    assert holds("age:<15m", replace(FACTS, at=NOW + 5)) is True  # by another clock
    assert holds("age:<15m", replace(FACTS, at=NOW + 3600)) is False
    assert holds("age:>15m", replace(FACTS, at=NOW + 3600)) is False


def test_a_hidden_value_is_as_good_as_unknown():
    facts = replace(FACTS, kwargs={"password": "[hidden]", "all": ["[hidden]", "x"]}, hidden="[hidden]")
    assert holds("args.password:hunter2", facts) is None
    assert holds('-args.password:"[hidden]"', facts) is None
    assert holds("args.password.of.ann:hunter2", facts) is None
    assert holds("args.all:x", facts) is True
    assert holds('args.all:"[hidden]"', facts) is False


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("fucn:charge", 0),
        ("state:error fucn:charge", 12),
        ("state:failed", 6),
        ("age:2d", 4),
        ("age:>2", 4),
        ("age:>2y", 4),
        ("attempts:many", 9),
        ("attempts:>3d", 9),
        ("killed:maybe", 7),
        ("queue:", 6),
        ("queue: mail", 6),
        ('msg:"never closed', 4),
        ('a "never closed', 2),
        ("a (b OR c", 2),
        ("a b)", 3),
        ("()", 1),
        ("OR a", 0),
        ("a OR", 4),
        ("a AND OR b", 6),
        ("NOT", 3),
        ("a - b", 2),
        ("a -", 2),
        ('""', 0),
        ("*", 0),
        ("args.:x", 0),
        ("args.a..b:x", 0),
    ],
)
def test_a_fault_is_told_with_its_place(text, at):
    with pytest.raises(InvalidRequest) as fault:
        parse(text)
    assert fault.value.at == at
    assert str(fault.value)


def test_a_query_is_bounded():
    assert parse("a" * MOST_CHARACTERS)
    with pytest.raises(InvalidRequest, match="2000 characters"):
        parse("a" * (MOST_CHARACTERS + 1))
    assert parse("(" * MOST_DEPTH + "a" + ")" * MOST_DEPTH)
    assert len(parse("a OR " * (MOST_TERMS - 1) + "a").terms) == MOST_TERMS
    with pytest.raises(InvalidRequest, match="50 terms, and this one 51") as refused:
        parse("ab OR " * MOST_TERMS + "ab")
    assert refused.value.at == 6 * MOST_TERMS
    for text in ("(" * (MOST_DEPTH + 1) + "a" + ")" * (MOST_DEPTH + 1), "-" * (MOST_DEPTH + 1) + "a"):
        with pytest.raises(InvalidRequest, match="20 deep"):
            parse(text)


@pytest.mark.parametrize(
    ("typed", "written"),
    [
        ("  state:error   AND  func:a ", "state:error func:a"),
        ("NOT a", "-a"),
        ("NOT NOT a", "a"),
        ("((a))", "a"),
        ("a (b c)", "a b c"),
        ("a (b OR c)", "a (b OR c)"),
        ("a OR (b c)", "a OR b c"),
        ("NOT (a OR b)", "-(a OR b)"),
        ('"AND"', '"AND"'),
        ('"-a"', '"-a"'),
        ("shop.tasks:charge", '"shop.tasks:charge"'),
        ("KeyError: 'user'", '"KeyError:" "\'user\'"'),
        ("kwargs.a.b:1", "args.a.b:1"),
        ('queue:"a b"', 'queue:"a b"'),
        (r"id:a\*b", r'id:"a\*b"'),
        ("func:a**b", "func:a*b"),
        ("age:>=2d", "age:>=2d"),
    ],
)
def test_there_is_one_way_to_write_it(typed, written):
    assert parse(typed).text == written
    assert parse(written) == parse(typed)


def test_any_text_can_be_quoted():
    for text in ("plain", 'a "b" \\ *', "(", "", "\udcff"):
        facts = replace(FACTS, queue=text)
        assert holds(f"queue:{quoted(text)}", facts) is True
        assert holds(f"queue:{holding(text)}", replace(facts, queue=f"x{text}y")) is True


def test_a_name_that_is_no_text_is_found_as_it_is_shown():
    assert holds('queue:"bad\ufffdname"', replace(FACTS, queue="bad\udcffname")) is True
    assert parse('queue:"bad\ufffdname"').queue_hint() is None


@pytest.mark.parametrize(
    ("text", "queues"),
    [
        ("queue:a", {"a"}),
        ("queue:a func:x", {"a"}),
        ("queue:a OR queue:b", {"a", "b"}),
        ("queue:a queue:b", set()),
        ("(queue:a OR queue:b) (queue:b OR queue:c)", {"b"}),
        ("queue:a OR func:x", None),
        ("-queue:a", None),
        ("queue:a*", None),
        ("", None),
    ],
)
def test_it_says_which_queues_can_matter(text, queues):
    assert parse(text).queue_hint() == queues


def test_places_where_nothing_can_match_are_known_beforehand():
    query = parse("(queue:billing.* OR id:x) -state:active")
    assert query.may_hold("billing.eu", "error")
    assert query.may_hold("mail", "queued")  # for the id
    assert not query.may_hold("billing.eu", "active")
    assert not parse("queue:billing.* state:error").may_hold("mail", "error")


def test_only_what_is_asked_for_is_read():
    assert parse("queue:a state:error age:>1d id:x").reads == frozenset()
    assert parse("queue:a func:x").reads == {"payload"}
    assert parse("host:w3 OR args.0:1").reads == {"payload", "run"}


# -- all that anybody could type --

WORDS = st.one_of(
    st.sampled_from(
        [
            "AND",
            "OR",
            "NOT",
            "-",
            "(",
            ")",
            '"',
            "\\",
            "*",
            ":",
            "queue:",
            "args.",
            "age:>",
            "state:error",
            "killed:yes",
        ]
    ),
    st.text(max_size=8),
)
ANYTHING = st.one_of(st.text(max_size=60), st.lists(WORDS, max_size=30).map("".join), st.lists(WORDS).map(" ".join))


def tried(text):
    try:
        return parse(text), None
    except InvalidRequest as fault:
        return None, fault


@given(ANYTHING)
def test_any_text_is_a_query_or_told_to_be_none(text):
    query, fault = tried(text)
    if query is None:
        assert 0 <= fault.at <= len(text)
        return
    assert query.holds(FACTS, NOW) in (True, False, None)
    assert parse(query.text) == query
    assert parse(query.text).text == query.text


PIECES = st.text(max_size=6)
PATTERNS = st.lists(PIECES, min_size=1, max_size=4).map(
    lambda pieces: Pattern(tuple(one for at, one in enumerate(pieces) if one or at in (0, len(pieces) - 1)))
)
SPEAKING = PATTERNS.filter(lambda pattern: any(pattern.pieces))
STEPS = st.text("abcxyz01_-ü*", min_size=1, max_size=5)
TERMS = st.one_of(
    st.builds(Exactly, st.sampled_from(["queue", "id"]), PATTERNS),
    st.builds(Exactly, st.just("state"), st.sampled_from(["error", "queued"]).map(lambda one: Pattern((one,)))),
    st.builds(OfGroup, st.just("group"), PATTERNS),
    st.builds(Named, st.sampled_from(["func", "exc"]), PATTERNS),
    st.builds(Message, PATTERNS),
    st.builds(OnHost, PATTERNS),
    st.builds(Killed, st.booleans()),
    st.builds(Text, SPEAKING),
    st.builds(Argument, st.lists(STEPS, min_size=1, max_size=3).map(tuple), PATTERNS),
    st.builds(Compared, st.just("age"), st.sampled_from([">", "<="]), st.sampled_from(["2", "1.5"]), st.just("h")),
    st.builds(Compared, st.just("attempts"), st.sampled_from(["", "<", ">="]), st.sampled_from(["0", "3"])),
)
TREES = st.recursive(
    TERMS,
    lambda parts: st.one_of(
        st.lists(parts, min_size=2, max_size=3).map(lambda found: All(tuple(found))),
        st.lists(parts, min_size=2, max_size=3).map(lambda found: Any(tuple(found))),
        parts.map(No),
    ),
    max_leaves=8,
)


@given(TREES)
def test_what_is_written_is_what_was_meant(tree):
    query, fault = tried(str(tree))
    if query is None:
        assert "deep" in str(fault) or "characters" in str(fault)
        return
    assert query.holds(FACTS, NOW) == naive(tree, FACTS)
    assert query.holds(UNREAD, NOW) == naive(tree, UNREAD)
    assert parse(query.text) == query


# -- what it costs, in steps: calls of functions, those of Python itself included --

MOST_STEPS_OF_A_SIGN = 60
MOST_STEPS_OF_A_TERM = 200
LONG = replace(FACTS, message="aaaab" * 3000, args=["a" * 5000], kwargs={"user_id": ["a"] * 20})


def steps_of(act):
    count = 0

    def step(frame, event, argument):
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(step)
    try:
        act()
    finally:
        sys.setprofile(before)
    return count


COSTLY = st.one_of(
    ANYTHING,
    st.builds(
        lambda words, between: between.join(words)[:MOST_CHARACTERS],
        st.lists(
            st.sampled_from(['"a', "a", "(", ")", "-", "\\", "a*b*", "msg:*a*a*b", "args.0:a", "NOT", "OR"]),
            min_size=300,
        ),
        st.sampled_from(["", " ", " OR "]),
    ),
    st.sampled_from(
        [
            "(" * 2000,
            "-" * 2000,
            '"' * 2000,
            "a:" * 1000,
            "\\" * 2000,
            "msg:" + "*a" * 998,
            "*" * 2000,
            "age:>" + "9" * 1990 + "d",
            "attempts:" + "9" * 1990,
            "args." + "0." * 900 + "0:a",
            "args.0" + "." * 1900,
            " OR ".join(["id:aaaaaa"] * 150),
        ]
    ),
)


@settings(deadline=None)
@given(COSTLY)
def test_no_query_takes_more_steps_than_its_length_allows(text):
    found = []
    steps = steps_of(lambda: found.append(tried(text)[0]))
    assert steps <= MOST_STEPS_OF_A_SIGN * (len(text) + 10)
    if (query := found[0]) is not None:
        pieces = sum(len(term.pattern.pieces) for term in query.terms if hasattr(term, "pattern"))
        asked = steps_of(lambda: query.holds(LONG, NOW))
        assert asked <= MOST_STEPS_OF_A_TERM * (len(query.terms) + pieces + 1)


@given(TREES)
def test_not_not_a_query_is_the_query(tree):
    query, text = Query(tree), str(tree)
    for facts in (FACTS, UNREAD):
        twice = parse(f"NOT NOT ({text})") if len(text) < 1000 and text.count("(") < 10 else Query(No(No(tree)))
        assert twice.holds(facts, NOW) == query.holds(facts, NOW)


@given(TREES, st.sampled_from(["billing.eu", "mail"]), st.sampled_from(["error", "queued"]))
def test_a_place_that_is_ruled_out_holds_no_match(tree, queue, state):
    query, facts = Query(tree), replace(FACTS, queue=queue, state=state)
    if query.holds(facts, NOW):
        assert query.may_hold(queue, state)
        assert query.queue_hint() is None or queue in query.queue_hint()


def naive(node, facts):
    """The same, said again in the simplest words."""
    if isinstance(node, No):
        answer = naive(node.part, facts)
        return None if answer is None else not answer
    if isinstance(node, (All, Any)):
        answers = [naive(part, facts) for part in node.parts]
        decisive = isinstance(node, Any)
        return decisive if decisive in answers else None if None in answers else not decisive
    return naive_term(node, facts)


def naive_term(term, facts):
    if isinstance(term, Exactly):
        return matches(term.pattern, getattr(facts, term.field), folded=term.pattern.exact is None)
    if isinstance(term, OnHost):
        return matches(term.pattern, facts.host, folded=True)
    if isinstance(term, Named):
        name = (facts.func if term.field == "func" else facts.exception_name).replace(":", ".")
        wanted = Pattern(tuple(piece.replace(":", ".") for piece in term.pattern.pieces))
        parts = name.split(".")
        kept = sum(piece.count(".") for piece in wanted.pieces) + 1
        return any(matches(wanted, one, folded=True) for one in (name, ".".join(parts[-kept:])))
    if isinstance(term, (Message, Text)):
        texts = (
            [facts.message]
            if isinstance(term, Message)
            else [facts.id, facts.func, facts.exception_name, facts.message]
        )
        anywhere = Pattern(("", *term.pattern.pieces, ""))
        return any(matches(anywhere, one, folded=True) for one in texts)
    if isinstance(term, Killed):
        return facts.killed == term.wanted
    if isinstance(term, Compared):
        value, bound = (facts.attempts, 1) if term.field == "attempts" else (NOW - facts.at, 3600)
        bound *= float(term.amount)
        return {"": value == bound, ">": value > bound, "<": value < bound, ">=": value >= bound, "<=": value <= bound}[
            term.sign
        ]
    return naive_argument(term, facts)


def naive_argument(term, facts):
    if facts.args is None:
        return None
    roots = [dict(enumerate(facts.args)), facts.kwargs]
    return any(_reached(root, term.path, term.pattern) for root in roots)


def _reached(value, path, pattern):
    if path:
        inner = value if isinstance(value, dict) else dict(enumerate(value)) if isinstance(value, list) else {}
        step = path[0]
        steps = {step, int(step)} if step.isascii() and step.isdigit() else {step}
        return any(_reached(inner[each], path[1:], pattern) for each in steps if each in inner)
    if pattern.pieces == ("", ""):
        return True
    if isinstance(value, list):
        return any(_reached(one, (), pattern) for one in value if not isinstance(one, (list, dict)))
    if isinstance(value, dict):
        return False
    return matches(pattern, value if isinstance(value, str) else json.dumps(value), folded=pattern.exact is None)


def matches(pattern, text, folded):
    pieces = [piece.lower() if folded else piece for piece in pattern.pieces]
    text = text.lower() if folded else text
    return _consumes(pieces, text)


def _consumes(pieces, text):
    """By trying every place for the first piece."""
    first, *rest = pieces
    if not text.startswith(first):
        return False
    left = text[len(first) :]
    if not rest:
        return not left
    return any(_consumes(rest, left[skipped:]) for skipped in range(len(left) + 1))
