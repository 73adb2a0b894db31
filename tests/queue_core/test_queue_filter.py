import pytest

from queue_core.queue_filter import QueueFilter, ancestry

EXAMPLE = QueueFilter.of(only=["a", "a.b.c", "b", "c"], exclude=["a.b", "b"])  # wire §10.1


@pytest.mark.parametrize("queue", ["a", "a.a", "a.b.c", "c", "c.a", "a.b.c.d"])
def test_the_example_of_the_wire_accepts(queue):
    assert EXAMPLE.accepts(queue)


@pytest.mark.parametrize("queue", ["a.b", "a.b.d", "b", "b.a", "d", "ab", "x.a"])
def test_the_example_of_the_wire_refuses(queue):
    assert not EXAMPLE.accepts(queue)


@pytest.mark.parametrize("queue", ["a", "a.b", "", "Ω", ".", "a..b"])
def test_no_filter_accepts_every_queue(queue):
    assert QueueFilter.of().accepts(queue)


def test_only_exclusions_accept_the_rest():
    queue_filter = QueueFilter.of(exclude=["slow"])
    assert queue_filter.accepts("quick") and not queue_filter.accepts("slow.eu")


def test_of_two_equal_names_the_exclusion_wins():
    assert not QueueFilter.of(only=["a"], exclude=["a"]).accepts("a")


def test_ancestry_goes_from_the_whole_name_to_its_first_part():
    assert list(ancestry("a.b.c")) == ["a.b.c", "a.b", "a"]


@pytest.mark.parametrize("names", [{"only": "orders"}, {"exclude": "orders"}])
def test_a_string_instead_of_a_list_is_refused(names):
    with pytest.raises(AssertionError, match="list"):
        QueueFilter.of(**names)


def test_the_key_of_a_group_has_its_names_in_order():
    assert QueueFilter.of(only=["b", "a"], exclude=["c"]).key == [["a", "b"], ["c"]]
