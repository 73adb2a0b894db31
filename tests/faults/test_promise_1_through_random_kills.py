"""The kills, few of them; and in full with bin/test --full."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def test_few_kills_over_tcp():
    _play(tasks=800, kills=6, freezes=1, transport="tcp")


def test_few_kills_over_a_unix_socket():
    _play(tasks=800, kills=6, freezes=1, transport="unix")


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("transport", ["tcp", "unix"])
def test_ten_thousand_tasks_and_many_kills(transport):
    _play(tasks=10_000, kills=24, transport=transport)


def _play(**options):
    arguments = [f"--{name}={value}" for name, value in options.items()]
    played = subprocess.run(
        [sys.executable, "-m", "tests.faults.kill_everything", *arguments],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    print(played.stdout)
    assert played.returncode == 0, played.stderr
