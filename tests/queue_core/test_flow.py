"""What looks at a queue tell of the tasks that came and went: never too much, whatever happens between them."""

from hypothesis import given
from hypothesis import strategies as st

from queue_core.flow import Flow, between
from queue_core.snapshot import QueueCounts, Snapshot

AT = 1_760_000_000.0


def looked(*looks, longest_seconds=20.0, every_seconds=2.0):
    """{queue: {ready, taken}} after these looks: dicts of QueueCounts by queue."""
    flow = Flow()
    for place, queues in enumerate(looks):
        flow.look(Snapshot(AT + every_seconds * place, queues), longest_seconds)
    return {name: dict(cell.counts) for kind, name, _, cell in flow.take().by_subject() if kind == "queue"}


def counts(**numbers):
    return {"orders": QueueCounts(**numbers)}


def test_a_backlog_that_stays_as_long_as_it_was_shows_what_came_and_what_was_taken():
    assert looked(counts(queued=1000), counts(queued=1000, newly_queued=80)) == {"orders": {"ready": 80, "taken": 80}}


def test_a_queue_that_grows_or_drains_shows_the_difference():
    assert looked(counts(queued=5), counts(queued=9)) == {"orders": {"ready": 4, "taken": 0}}
    assert looked(counts(queued=9), counts(queued=5)) == {"orders": {"ready": 0, "taken": 4}}


def test_a_task_that_is_active_now_was_taken_though_it_was_never_seen_waiting():
    assert looked(counts(), counts(active=1)) == {"orders": {"ready": 1, "taken": 1}}


def test_a_queue_that_came_or_went_was_empty_before_or_is_empty_after():
    assert looked({}, counts(queued=3, newly_queued=3), {}) == {"orders": {"ready": 3, "taken": 3}}


def test_a_queue_in_which_nothing_happens_leaves_no_trace():
    assert looked(counts(queued=5, error=3), counts(queued=5, error=4), counts(queued=5)) == {}


def test_what_lay_ahead_of_the_look_before_does_not_come_again():
    before = counts(queued=100, queued_ahead=100)
    assert looked(before, counts(queued=100, newly_queued=100)) == {}
    assert looked(before, counts(queued=90, newly_queued=110)) == {"orders": {"ready": 10, "taken": 20}}


def test_what_could_not_be_counted_tells_nothing():
    assert looked(counts(queued=None), counts(queued=5), counts(queued=None)) == {}
    assert looked(counts(active=None), counts(queued=2)) == {"orders": {"ready": 2, "taken": 0}}


def test_looks_too_far_apart_are_not_compared_since_somebody_else_may_have_looked():
    assert looked(counts(), counts(queued=9), every_seconds=30.0) == {}


def test_what_was_taken_out_is_not_told_twice():
    flow = Flow()
    flow.tally.flow("orders", AT, ready=1, taken=1)
    assert len(flow.take()) == 1 and not flow.take()


MOVES = st.lists(
    st.sampled_from(["come", "come early", "take", "end", "requeue old", "read the clock", "look"]), max_size=80
)
EARLY = 5


@given(MOVES)
def test_whatever_happens_it_never_tells_more_than_came_and_was_taken(moves):
    """A queue played through by hand, with scores as producers give them: the moment of the enqueue, and a later one
    where their clock is ahead.  A look counts some time after it has read the clock."""
    queued, active, since, until = [], 0, 0, 0
    came = taken = 0
    before, ready_told, taken_told = QueueCounts(), 0, 0
    for clock, move in enumerate([*moves, "read the clock", "look"], start=1):
        if move in ("come", "come early"):
            queued.append(clock + EARLY * (move == "come early"))
            queued.sort()
            came += 1
        elif move == "take" and queued:
            queued.pop(0)
            active += 1
            taken += 1
        elif move == "end" and active:
            active -= 1
        elif move == "requeue old" and active:
            active -= 1
            queued.insert(0, 0)
            came += 1
        elif move == "read the clock":
            until = clock
        elif move == "look":
            new = sum(since < score <= until for score in queued)
            ahead = sum(until < score for score in queued)
            after = QueueCounts(queued=len(queued), active=active, newly_queued=new, queued_ahead=ahead)
            ready, gone = between(before, after)
            ready_told, taken_told, before, since = ready_told + ready, taken_told + gone, after, until
            assert 0 <= ready_told <= came and 0 <= taken_told <= taken
            assert ready_told - taken_told == len(queued)
