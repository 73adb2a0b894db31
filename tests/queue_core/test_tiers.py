import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queue_core.tiers import HOURS, MINUTES, SPANS, TENS

tiers = st.sampled_from([MINUTES, TENS, HOURS])
moments = st.floats(min_value=0, max_value=4e9)


@given(tiers, moments)
def test_a_field_is_read_back_as_the_slot_that_holds_the_moment(tier, at):
    begins_at, what = tier.read_field(tier.chunk_of(at), tier.field(at, "w12").encode())
    assert begins_at <= at < begins_at + tier.slot_seconds and what == "w12"


@given(tiers, st.binary(max_size=12))
def test_a_field_of_somebody_else_is_none_of_ours_or_lies_within_the_chunk(tier, raw):
    found = tier.read_field(100, raw)
    assert found is None or 100 <= found[0] / tier.chunk_seconds < 101


@pytest.mark.parametrize("span", SPANS.values(), ids=SPANS)
@given(now=moments.filter(lambda at: at > 1e8))
def test_the_last_slot_of_a_span_is_the_one_that_is_under_way(span, now):
    for seconds in (span.slot_seconds, span.times_seconds):
        slots = span.slots(now, seconds)
        assert slots[-1] <= now < slots[-1] + seconds
        assert {later - earlier for earlier, later in itertools.pairwise(slots)} == {seconds}
        assert now - slots[0] >= span.slot_seconds * span.count


@pytest.mark.parametrize("span", SPANS.values(), ids=SPANS)
def test_what_a_span_looks_back_on_is_still_kept(span):
    for tier in (span.fine, span.times):
        assert span.slot_seconds * span.count <= tier.keep_seconds
