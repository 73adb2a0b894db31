"""The tree of queues and the queues that want attention."""

import math

from console import tree


class Shot:
    """A snapshot of the shape that the engine gives."""

    def __init__(self, **queues):
        self.queues = {name.replace("_", "."): Counted(**counts) for name, counts in queues.items()}


class Counted:
    def __init__(self, **counts):
        moments = dict.fromkeys(("oldest_queued_at", "newest_error_at", "next_due_at", "paused_until"))
        numbers = dict.fromkeys(("error", "queued", "scheduled", "active"), 0)
        self.__dict__.update(moments | numbers | counts)


def drawn(snapshot, **options):
    return [(row.depth, row.label, row.counts.error) for row in tree.grow(snapshot, 1000.0, **options).rows]


def test_groups_show_the_sums_of_their_queues():
    snapshot = Shot(shop_mail={"error": 2}, shop_pay={"error": 3}, other={"error": 1})
    assert drawn(snapshot) == [(0, "other", 1), (0, "shop", 5), (1, "mail", 2), (1, "pay", 3)]


def test_a_group_of_one_queue_is_drawn_as_that_queue():
    assert drawn(Shot(a_b_c={"error": 1})) == [(0, "a.b.c", 1)]


def test_a_queue_that_is_also_a_group_stands_first_in_it():
    assert [label for _, label, _ in drawn(Shot(shop={}, shop_pay={}))] == ["shop", "shop itself", "pay"]


def test_a_shut_group_hides_its_queues_and_its_link_opens_it_again():
    (row,) = tree.grow(Shot(a_b={}, a_c={}), 0.0, shut=["a"]).rows
    assert (row.open, row.shut_after) == (False, ())


def test_ten_thousand_queues_begin_shut_and_are_capped():
    many = Shot(**{f"tenant{n % 500}_x{n}": {} for n in range(10_000)})
    grown = tree.grow(many, 0.0)
    assert (len(grown.rows), grown.left_out, grown.known) == (tree.MAX_ROWS, 200, 10_000)
    assert not any(row.open for row in grown.rows)
    assert tree.grow(many, 0.0, wanted="tenant77.").found == 20


def test_names_of_dots_and_bad_bytes_do_no_harm():
    snapshot = Shot()
    snapshot.queues = {name: Counted(error=1) for name in ("", ".", "..", "a..b", "." * 2000, "x\udcff.y", "x\udcff.z")}
    assert tree.grow(snapshot, 0.0).total.error == 7


def test_an_unknown_count_is_unknown_and_a_sum_with_one_is_a_lower_bound():
    snapshot = Shot(a_b={"error": None}, a_c={"error": 4})
    group, first, second = tree.grow(snapshot, 0.0).rows
    assert [row.counts.text("error") for row in (group, first, second)] == ["≥ 4", "unknown", "4"]


def test_paused_queues_count_only_while_the_pause_lasts():
    snapshot = Shot(a={"paused_until": math.inf}, b={"paused_until": 900.0}, c={"paused_until": 1100.0})
    assert tree.total(snapshot, 1000.0).paused == 2


def test_failures_come_before_long_waits_and_the_newest_failure_first():
    snapshot = Shot(
        calm={"queued": 3, "oldest_queued_at": 990.0},
        slow={"queued": 3, "oldest_queued_at": 100.0},
        old={"error": 9, "newest_error_at": 10.0},
        new={"error": 1, "newest_error_at": 999.0},
    )
    assert [(each.queue, each.reasons) for each in tree.troubled(snapshot, 1000.0)] == [
        ("new", ("1 error",)),
        ("old", ("9 errors",)),
        ("slow", ("oldest task has waited 15 min",)),
    ]
