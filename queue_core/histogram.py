"""Lengths of time counted in buckets that grow, and quantiles out of the counts.  Pure.

Bucket 0 holds what took a millisecond or less; each further one reaches a third of a doubling higher, and the last one
holds everything beyond twelve days.  A quantile lies in the bucket of the real value, so it is off by 26 % at most, and
below a millisecond by that millisecond.
"""

import math
from collections.abc import Mapping

PER_DOUBLING = 3
SHORTEST_SECONDS = 0.001
LAST = 90
GREATEST_ERROR = 2 ** (1 / PER_DOUBLING) - 1
"""As a share of the real value, for lengths above a millisecond and below the last bucket."""


def upper_seconds(bucket: int) -> float:
    """The longest time that belongs into a bucket."""
    return SHORTEST_SECONDS * 2 ** (bucket / PER_DOUBLING)


_LONGEST_SECONDS = upper_seconds(LAST)


def bucket_of(seconds: float) -> int:
    """Where a length of time is counted.  What is negative, as between clocks that differ, or no number: bucket 0."""
    if not seconds > SHORTEST_SECONDS:
        return 0
    if seconds >= _LONGEST_SECONDS:
        return LAST
    bucket = max(1, math.ceil(math.log2(seconds / SHORTEST_SECONDS) * PER_DOUBLING))
    # the logarithm may miss a bound by the last of its digits
    if seconds <= upper_seconds(bucket - 1):
        return bucket - 1
    return bucket if seconds <= upper_seconds(bucket) else bucket + 1


def quantile(counts: Mapping[int, int], share: float) -> float | None:
    """The time in seconds within which `share` (0 to 1) of what was counted lies; None when nothing was."""
    total = sum(counts.values())
    if total <= 0:
        return None
    rank, passed = max(1, math.ceil(share * total)), 0
    for bucket in sorted(counts):
        count = counts[bucket]
        if passed + count >= rank:
            return _inside(bucket, (rank - passed) / count)
        passed += count
    return upper_seconds(max(counts))


def _inside(bucket, part) -> float:
    """The place in a bucket, as though what it holds were spread evenly over the doublings."""
    if bucket <= 0:
        return SHORTEST_SECONDS * part
    return upper_seconds(bucket - 1 + part)
