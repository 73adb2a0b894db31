"""Error groups as rows."""

from dataclasses import dataclass, field

from console import causes
from console.causes import WantedGroups


@dataclass
class Group:
    """As the engine gives it, as far as a row needs it."""

    id: str = "1-a"
    title: str = "GatewayDown: refused order <n>"
    exception: str = "shop.GatewayDown"
    culprit: str = "a.py:1 f"
    grouped: bool = True
    tasks: int = 5
    seen: int = 9
    first_at: float = 10.0
    last_at: float = 20.0
    functions: tuple = (("shop:charge", 9),)
    queues: tuple = tuple((f"q{number}", 1) for number in range(5))
    hosts: tuple = ()
    checked_at: float | None = None
    own_tags: tuple = ()
    counts: dict = field(default_factory=dict)

    def tags(self, now, deployed_at):
        return self.own_tags

    def within(self, hours, now):
        return self.counts.get(hours, 0)

    def by_hour(self, now):
        return [0] * 22 + [1, 4]


@dataclass
class Note:
    text: str = ""
    snoozed_until: float | None = None


@dataclass
class Summary:
    groups: tuple


def rows(*groups, notes=None, **more):
    return causes.rows(Summary(groups), notes or {}, [], now=100.0, **more)


def test_a_row_has_class_and_message_apart_and_says_what_it_leaves_out():
    (row,) = rows(Group(counts={24: 7}))
    assert (row.exception, row.message, row.counted) == ("GatewayDown", "refused order <n>", 7)
    assert (len(row.queues), row.more_queues) == (3, 2)


def test_pressing_ones_come_first_then_what_failed_most_and_snoozed_ones_last():
    found = rows(
        Group("1-little", counts={24: 1}),
        Group("1-snoozed", own_tags=("new",), counts={24: 99}),
        Group("1-much", counts={24: 9}),
        Group("1-new", own_tags=("new",)),
        notes={"1-snoozed": Note(snoozed_until=200.0), "1-much": Note("known", snoozed_until=50.0)},
    )
    assert [row.id for row in found] == ["1-new", "1-much", "1-little", "1-snoozed"]
    assert [row.id for row in causes.pressing(found)] == ["1-new"]


def test_a_group_without_tasks_presses_nobody():
    assert not causes.pressing(rows(Group(tasks=0, own_tags=("new",))))


def test_the_window_decides_what_is_counted():
    assert rows(Group(counts={3: 3, 24: 9}), hours=3)[0].counted == 3


def test_bars_are_as_high_as_their_hour_and_say_it_in_words():
    drawn = causes.bars([0] * 21 + [1000, 1, 500])
    assert [(bar.x, bar.y, bar.height) for bar in drawn.bars] == [(84, 0.0, 24.0), (88, 22.0, 2.0), (92, 12.0, 12.0)]
    assert drawn.words == "1\u202f501 in 24 hours; at most 1\u202f000 in an hour, 500 in this"
    assert causes.bars([0] * 24).words == "none in 24 hours"


def test_the_filter_looks_at_words_tags_and_whether_tasks_are_left():
    (row,) = rows(Group(own_tags=("regressed after deploy",)), notes={"1-a": Note("ask Anna")})
    assert WantedGroups(q="GATEWAY").holds(row) and WantedGroups(q="anna").holds(row)
    assert WantedGroups(tag="regressed").holds(row)
    assert not WantedGroups(q="nobody").holds(row) and not WantedGroups(tag="new").holds(row)
    (gone,) = rows(Group(tasks=0))
    assert not WantedGroups().holds(gone) and WantedGroups(gone=True).holds(gone)


def test_an_unknown_window_is_a_day():
    assert WantedGroups.from_query({"window": "7e9"}).hours == 24


def test_shares_are_told_in_percent_of_all_failures():
    assert [(part.name, part.percent) for part in causes.parts((("a", 2), ("b", 1)), 3)] == [("a", 67), ("b", 33)]


def test_hostile_text_is_made_visible():
    (row,) = rows(Group(title="E\x1b: \udcff\u202e", culprit="\x00"))
    assert (row.exception, row.message, row.culprit) == ("E␛", "��", "␀")
