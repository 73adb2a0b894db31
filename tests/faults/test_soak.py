"""The soak, for some seconds; by hand for as long as you like: bin/bench soak."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.timeout(400)  # the seconds of the soak, and those to drain it on a busy machine
def test_twenty_seconds_of_everything_at_once():
    played = subprocess.run(
        [sys.executable, "-m", "bench.soak", "--minutes", "0.33"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    print(played.stdout)
    assert played.returncode == 0, played.stderr
