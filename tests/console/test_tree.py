"""The tree of queues and the queues that want attention."""

from console import tree
from tests.console.shots import shot_of


def drawn(snapshot, **options):
    return [(row.depth, row.label, row.counts.error) for row in tree.grow(snapshot, 1000.0, **options).rows]


def test_groups_show_the_sums_of_their_queues():
    snapshot = shot_of(shop_mail={"error": 2}, shop_pay={"error": 3}, other={"error": 1})
    assert drawn(snapshot) == [(0, "other", 1), (0, "shop", 5), (1, "mail", 2), (1, "pay", 3)]


def test_a_group_of_one_queue_is_drawn_as_that_queue():
    assert drawn(shot_of(a_b_c={"error": 1})) == [(0, "a.b.c", 1)]


def test_a_queue_that_is_also_a_group_stands_first_in_it():
    assert [label for _, label, _ in drawn(shot_of(shop={}, shop_pay={}))] == ["shop", "shop itself", "pay"]


def test_a_shut_group_hides_its_queues_and_its_link_opens_it_again():
    (row,) = tree.grow(shot_of(a_b={}, a_c={}), 0.0, shut=["a"]).rows
    assert (row.open, row.shut_after) == (False, ())


def test_ten_thousand_queues_begin_shut_and_are_capped():
    many = shot_of(**{f"tenant{n % 500}_x{n}": {} for n in range(10_000)})
    grown = tree.grow(many, 0.0)
    assert (len(grown.rows), grown.left_out, grown.known) == (tree.MAX_ROWS, 500 - tree.MAX_ROWS, 10_000)
    assert not any(row.open for row in grown.rows)
    assert tree.grow(many, 0.0, wanted="tenant77.").found == 20


def test_names_of_dots_and_bad_bytes_do_no_harm():
    odd = shot_of(**{name: {"error": 1} for name in ("", ".", "..", "a..b", "." * 2000, "x\udcff.y", "x\udcff.z")})
    assert tree.grow(odd, 0.0).found == 7


def test_an_unknown_count_is_unknown_and_a_sum_with_one_is_a_lower_bound():
    snapshot = shot_of(a_b={"error": None}, a_c={"error": 4})
    group, first, second = tree.grow(snapshot, 0.0).rows
    assert [row.counts.text("error") for row in (group, first, second)] == ["≥ 4", "unknown", "4"]
