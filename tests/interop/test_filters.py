"""The same filter means the same queues on both sides."""

import pytest

from queue_core import Worker
from tests.interop import errands
from tests.waiting import wait_until

QUEUES = ["a", "a.a", "a.b", "a.b.c", "a.b.d", "b", "b.a", "c", "c.a", "d"]
FILTERS = {
    "only one": (["a"], [], {"a", "a.a", "a.b", "a.b.c", "a.b.d"}),
    "only a subqueue": (["a.b"], [], {"a.b", "a.b.c", "a.b.d"}),
    "all but one": ([], ["a"], {"b", "b.a", "c", "c.a", "d"}),
    "the most specific name decides": (
        ["a", "a.b.c", "b", "c"],
        ["a.b", "b"],
        {"a", "a.a", "a.b.c", "c", "c.a"},
    ),
}


@pytest.fixture
def full(engine, notes):
    """A task in every queue; it notes the name of its queue."""
    for queue in QUEUES:
        engine.delay(errands.note, args=[str(notes), queue], queue=queue)


@pytest.mark.usefixtures("full")
@pytest.mark.parametrize("wanted", FILTERS.values(), ids=FILTERS)
def test_our_worker_serves_the_queues_that_theirs_would(engine, notes, wanted):
    only, exclude, served = wanted
    Worker(engine, queues=only, exclude_queues=exclude, executor="sync").run(once=True)
    assert set(notes.words) == served


@pytest.mark.usefixtures("full")
@pytest.mark.parametrize("wanted", FILTERS.values(), ids=FILTERS)
def test_the_command_of_theirs_serves_the_same_queues(tiger, engine, notes, wanted):
    only, exclude, served = wanted
    names = [("-q", ",".join(only))] * bool(only) + [("-e", ",".join(exclude))] * bool(exclude)
    with tiger.command(*(part for option in names for part in option)):
        wait_until(lambda: set(notes.words) == served, 60)
        # it has looked at every queue that it serves once more by then
        engine.delay(errands.note, args=[str(notes), "last"], queue=min(served))
        wait_until(lambda: "last" in notes.words, 60)
    assert set(notes.words) == served | {"last"}
    assert {queue for queue in QUEUES if engine.browse.sizes(queue)["queued"]} == set(QUEUES) - served
