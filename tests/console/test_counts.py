"""Sums over queues."""

import math

from console.counts import summed
from tests.console.shots import shot_of


def test_paused_queues_count_only_while_the_pause_lasts():
    snapshot = shot_of(a={"paused_until": math.inf}, b={"paused_until": 900.0}, c={"paused_until": 1100.0})
    assert summed(snapshot.queues.values(), 1000.0).paused == 2


def test_moments_are_the_oldest_wait_and_the_newest_failure():
    snapshot = shot_of(
        a={"oldest_queued_at": 5.0, "newest_error_at": 7.0}, b={"oldest_queued_at": 3.0, "newest_error_at": 9.0}
    )
    sums = summed(snapshot.queues.values(), 1000.0)
    assert (sums.queues, sums.oldest_queued_at, sums.newest_error_at, sums.next_due_at) == (2, 3.0, 9.0, None)
