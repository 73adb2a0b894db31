"""What became of retried tasks, in words."""

from console import outcomes
from queue_core.operations.record import Operation, Outcomes

SOME = Outcomes(
    followed=2000, succeeded=812, failed_same=38, failed_other=2, gone=1, errors=(("KeyError", 2),),
)  # fmt: skip


def operation(**more):
    facts = dict.fromkeys(("id", "queue", "state", "actor", "door", "reason"), "x") | {"status": "done"}
    moments = {"created_at": 1.0, "ended_at": None, "not_after": None, "selected": False}
    return Operation(verb="retry", matched=5, skipped=0, **facts, **moments, **more)


def test_the_sentence_tells_each_outcome_that_occurred():
    assert outcomes.sentence(SOME) == (
        "812 succeeded; 40 failed again: same error 38, KeyError 2; 1 gone, presumably succeeded; "
        "1\u202f147 still waiting or running"
    )
    assert outcomes.sentence(Outcomes()) == ""
    assert outcomes.sentence(Outcomes(followed=1, failed_unknown=1)) == "0 succeeded; 1 failed again: not compared 1"


def test_the_parts_fill_the_bar_in_the_order_of_the_words():
    parts = outcomes.parts(SOME)
    assert [part.kind for part in parts] == ["succeeded", "failed", "other", "gone", "waiting"]
    assert [part.x for part in parts] == [0.0, 406.0, 425.0, 426.0, 426.5]
    assert sum(part.width for part in parts) == 1000
    assert outcomes.parts(Outcomes()) == []


def test_only_the_most_frequent_classes_are_named():
    errors = tuple((f"Error{number}", 10 - number) for number in range(8))
    (part,) = outcomes.parts(Outcomes(followed=60, failed_other=60, errors=errors, more_errors=8))
    assert part.more == "Error0 10, Error1 9, Error2 8, Error3 7, Error4 6, others 20"


def test_what_is_not_followed_is_said():
    assert outcomes.unfollowed(operation(done=3, outcomes=Outcomes(followed=3))) == ""
    assert outcomes.unfollowed(operation(done=5, outcomes=Outcomes(followed=3))) == (
        "Followed: 3 tasks. What became of 2 more is not known."
    )
