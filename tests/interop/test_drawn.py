"""Hundreds of tasks and schedules drawn at random come to the same on both sides, to the order of the fields."""

import subprocess
import sys

import pytest

from tests.interop.tiger import PYTHON, ROOT, environment


def drawn(python, side, address, seed, count) -> list[str]:
    told = subprocess.run(
        [python, "-m", "tests.interop.drawn", side, address, str(seed), str(count)],
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert told.returncode == 0, told.stderr
    return told.stdout.splitlines()


@pytest.mark.parametrize("seed", [1, 2])
def test_both_sides_make_the_same_of_what_is_drawn(tiger, server, raw, seed):
    theirs = drawn(PYTHON, "theirs", server.url, seed, 300)
    raw.flushall()
    ours = drawn(sys.executable, "ours", server.url, seed, 300)
    assert len(ours) == 300
    for one, other in zip(theirs, ours, strict=True):
        assert one == other
