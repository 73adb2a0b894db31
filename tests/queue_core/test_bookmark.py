"""Reading on in a sorted set: what stays is read once and in order, whoever comes and leaves meanwhile."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from queue_core import Engine
from queue_core.bookmark import Bookmark, rank_of

KEY = b"s"
MEMBERS = [b"", b"\x00", b"\xff", *(f"{number:02}".encode() for number in range(40))]
SCORES = [float("-inf"), -1.5, 0.0, 1.0, float("inf")]


class Meanwhile:
    """A client between whose commands something happens to the set."""

    def __init__(self, client, happens):
        self._client, self._happens = client, happens

    def __getattr__(self, name):
        if self._happens:
            self._happens.pop(0)(self._client)
        return getattr(self._client, name)


def read_all(bookmark, client, counts):
    rows = []
    while True:
        count = counts[len(rows) % len(counts)]
        some = bookmark.read_on(client, count)
        assert len(some) <= count
        rows += some
        if len(some) < count:
            return rows


def ordered(members, backwards):
    return [(one, score) for score, one in sorted(((score, one) for one, score in members.items()), reverse=backwards)]


@settings(deadline=None, max_examples=150)
@given(
    st.dictionaries(st.sampled_from(MEMBERS), st.sampled_from(SCORES)),
    st.tuples(st.sampled_from(SCORES), st.sampled_from(MEMBERS)),
    st.lists(st.integers(1, 15), min_size=1, max_size=5),
    st.lists(st.lists(st.sampled_from(MEMBERS), min_size=1, max_size=8), max_size=12),
    st.booleans(),
)
def test_what_stays_is_read_once_and_in_order(session_server, members, place, counts, leaving, backwards):
    engine = Engine(session_server.url)
    client = engine.store.client
    client.flushall()
    if members:
        client.zadd(KEY, members)
    happens = [lambda client, some=some: client.zrem(KEY, *some) for some in leaving]
    rows = read_all(Bookmark(KEY, place, backwards=backwards), Meanwhile(client, happens), counts)
    engine.close()
    expected = [
        row for row in ordered(members, backwards)
        if ((row[1], row[0]) < place if backwards else (row[1], row[0]) > place)
    ]  # fmt: skip
    left = {one for some in leaving for one in some}
    assert len(rows) == len(set(rows)) and [row for row in expected if row in rows] == rows
    assert {row for row in expected if row[0] not in left} <= set(rows)


@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("others", [1, 150, 3_000])
def test_many_that_leave_before_it_while_it_reads_hide_nothing(world, backwards, others):
    members = {f"{number:05}": 7.0 for number in range(4_000)}
    world.raw.zadd(KEY, members)
    names = sorted(members, reverse=backwards)
    before, place = names[:others], names[others]
    # each command of the first tries sees some of them leave
    parts = [before[first::6] for first in range(6)]
    happens = [lambda client, some=some: some and client.zrem(KEY, *some) for some in parts]
    rows = Bookmark(KEY, (7.0, place.encode()), backwards=backwards).read_on(Meanwhile(world.store.client, happens), 50)
    assert [one.decode() for one, _ in rows] == names[others + 1 : others + 51]


@pytest.mark.parametrize("backwards", [False, True])
def test_who_comes_before_it_makes_it_end_no_earlier(world, backwards):
    world.raw.zadd(KEY, {f"{number:03}": 7.0 for number in range(20)})
    bookmark, newcomers = Bookmark(KEY, (7.0, b"005"), backwards=backwards), (f"n{number}" for number in range(500))
    assert len(bookmark.read_on(world.store.client, 2)) == 2
    world.raw.zadd(KEY, dict.fromkeys(newcomers, 8.0 if backwards else 6.0))
    expected = ["002", "001", "000"] if backwards else [f"{number:03}" for number in range(8, 20)]
    assert [one.decode() for one, _ in bookmark.read_on(world.store.client, 100)] == expected


def test_the_rank_of_a_place_is_found_in_a_few_commands_and_reads_no_range(world):
    world.raw.zadd(KEY, {f"{number:05}": 7.0 for number in range(20_000)})
    before = world.raw.info("stats")["total_commands_processed"]
    assert rank_of(world.store.client, KEY, 7.0, b"12345x") == 12_346
    assert rank_of(world.store.client, KEY, 7.0, b"12345x", backwards=True) == 20_000 - 12_346
    assert world.raw.info("stats")["total_commands_processed"] - before < 60


def test_one_that_has_another_score_by_now_is_where_it_was(world):
    world.raw.zadd(KEY, {"a": 1.0, "b": 9.0, "c": 2.0, "d": 3.0})
    assert Bookmark(KEY, (1.0, b"b")).read_on(world.store.client, 1) == [(b"c", 2.0)]
