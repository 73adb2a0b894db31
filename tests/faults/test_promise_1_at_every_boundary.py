"""A process dies at every boundary there is, and no task is lost by it."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from queue_core import scripts
from tests.faults import crash_table
from tests.faults.crash_roles import ROLES

ROOT = Path(__file__).parents[2]


@pytest.mark.timeout(600)
def test_whoever_dies_wherever_no_task_is_lost_and_no_two_runs_overlap():
    played = subprocess.run(
        [sys.executable, "-m", "tests.faults.crash_points"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    print(played.stdout)
    assert played.returncode == 0, f"{played.stdout}\n{played.stderr}"
    total = played.stdout.splitlines()[-1]
    assert "lost 0, overlapping 0, started again 0, not sound 0, not reached 0" in total
    assert int(re.match(r"\d+", total)[0]) == len(crash_table.all_cases())


def test_every_script_has_a_row_that_says_who_can_die_in_it():
    assert crash_table.SCRIPTS.keys() | crash_table.APART.keys() == set(scripts.all_names())


def test_every_row_names_roles_that_exist():
    assert {case.role for case in crash_table.all_cases()} <= set(ROLES)
