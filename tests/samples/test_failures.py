import signal

import pytest

from queue_core.outcome import Failed, Killed, TimedOut


@pytest.fixture(scope="module")
def collected(imported_shop, wanted_crashes):
    from samples import failures

    return failures.collect()


@pytest.mark.slow
def test_every_kind_of_failure_arises_from_the_shipped_input(collected):
    failures, good = collected
    names = {failure.outcome.exception_name.rpartition(":")[2] for failure in failures}
    assert names >= {"ImportFailed", "InvoiceFailed", "OrderUnknown", "ImageDamaged", "DeliveryFailed", "ValueError"}
    (killed,) = [failure for failure in failures if isinstance(failure.outcome, Killed)]
    assert (killed.wanted.queue, killed.outcome.signal) == ("images.scans", signal.SIGBUS)
    (overran,) = [failure for failure in failures if isinstance(failure.outcome, TimedOut)]
    assert overran.wanted.queue == "partners.tortoise"
    assert "getresponse" in overran.outcome.traceback
    assert len(good) > 50


@pytest.mark.slow
def test_refused_imports_carry_the_chain_of_exceptions(collected):
    failures, _ = collected
    refused = [failure.outcome for failure in failures if failure.wanted.queue.startswith("orders.")]
    assert len(refused) == 9
    for outcome in refused:
        assert isinstance(outcome, Failed)
        assert "The above exception was the direct cause" in outcome.traceback


@pytest.mark.slow
def test_collecting_leaves_the_output_folder_alone(collected, output):
    assert not output.exists()
