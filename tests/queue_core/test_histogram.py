import math
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queue_core.histogram import GREATEST_ERROR, LAST, SHORTEST_SECONDS, bucket_of, quantile, upper_seconds

lengths = st.floats(min_value=0, max_value=1e7, allow_nan=False)
countable = st.floats(min_value=SHORTEST_SECONDS, max_value=1e6, exclude_min=True)
shares = st.floats(min_value=0.01, max_value=1)


@given(lengths)
def test_a_length_lies_between_the_bounds_of_its_bucket(seconds):
    bucket = bucket_of(seconds)
    assert 0 <= bucket <= LAST
    assert bucket == LAST or seconds <= upper_seconds(bucket)
    assert bucket == 0 or seconds > upper_seconds(bucket - 1)


@given(lengths, lengths)
def test_what_is_longer_is_never_in_a_lower_bucket(one, other):
    assert (bucket_of(one) <= bucket_of(other)) or one > other


@pytest.mark.parametrize("bucket", range(LAST))
def test_a_bound_belongs_to_the_bucket_below_it(bucket):
    assert bucket_of(upper_seconds(bucket)) == bucket
    assert bucket_of(math.nextafter(upper_seconds(bucket), math.inf)) == bucket + 1


@pytest.mark.parametrize("odd", [-5.0, -math.inf, math.nan, 0.0])
def test_what_is_no_length_is_counted_as_the_shortest(odd):
    assert bucket_of(odd) == 0


def test_what_is_endless_is_counted_as_the_longest():
    assert bucket_of(math.inf) == LAST


@given(st.lists(countable, min_size=1, max_size=200), shares)
def test_a_quantile_is_as_near_to_the_real_one_as_is_said(values, share):
    exact = sorted(values)[max(1, math.ceil(share * len(values))) - 1]
    estimate = quantile(Counter(map(bucket_of, values)), share)
    assert abs(estimate - exact) <= exact * GREATEST_ERROR * 1.000001


@given(st.lists(lengths, min_size=1, max_size=100), shares, shares)
def test_a_higher_share_never_gives_a_shorter_time(values, one, other):
    counts = Counter(map(bucket_of, values))
    assert quantile(counts, min(one, other)) <= quantile(counts, max(one, other))


@given(st.lists(lengths, max_size=50), st.lists(lengths, max_size=50))
def test_counts_of_two_workers_add_up_to_those_of_one(ours, theirs):
    together = Counter(map(bucket_of, ours)) + Counter(map(bucket_of, theirs))
    assert together == Counter(map(bucket_of, ours + theirs))


def test_of_nothing_there_is_no_quantile():
    assert quantile({}, 0.5) is None
