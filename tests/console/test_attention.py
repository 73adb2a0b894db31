"""The queues that want attention."""

from console.attention import MAX_TROUBLED, wanted
from tests.console.shots import shot_of


def test_failures_come_before_long_waits_and_the_newest_failure_first():
    snapshot = shot_of(
        calm={"queued": 3, "oldest_queued_at": 990.0},
        slow={"queued": 3, "oldest_queued_at": 100.0},
        old={"error": 9, "newest_error_at": 10.0},
        new={"error": 1, "newest_error_at": 999.0},
    )
    assert [(each.queue, each.reasons) for each in wanted(snapshot, 1000.0).worst] == [
        ("new", ("1 error",)),
        ("old", ("9 errors",)),
        ("slow", ("oldest task has waited 15 min",)),
    ]


def test_a_paused_queue_with_tasks_behind_it_says_so():
    snapshot = shot_of(mail={"queued": 7, "oldest_queued_at": 1.0, "paused_until": 2000.0})
    assert wanted(snapshot, 1000.0).worst[0].reasons == ("paused, 7 queued behind it",)


def test_a_count_that_could_not_be_taken_wants_attention():
    assert "cannot be counted" in wanted(shot_of(mail={"error": None}), 1000.0).worst[0].reasons[0]


def test_only_the_worst_are_listed_and_the_others_counted():
    attention = wanted(shot_of(**{f"q{number}": {"error": 1} for number in range(12)}), 1000.0)
    assert (len(attention.worst), attention.more) == (MAX_TROUBLED, 12 - MAX_TROUBLED)
