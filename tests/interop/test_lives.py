"""Tasks drawn at random live the same life on both sides: the same runs, and the same is left of them."""

import subprocess
import sys

import pytest

from tests.interop.tiger import PYTHON, ROOT, environment


def lived(python, side, address, log, *options) -> list[str]:
    log.touch()
    told = subprocess.run(
        [python, "-m", "tests.interop.lives", side, address, *options],
        cwd=ROOT,
        env=environment() | {"LIVES_LOG": str(log)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert told.returncode == 0, told.stderr
    return told.stdout.splitlines()


@pytest.mark.parametrize(("executor", "seed"), [("sync", "1"), ("sync", "2"), ("fork", "3"), ("fork", "4")])
def test_both_sides_let_tasks_live_the_same_life(tiger, server, raw, executor, seed, tmp_path):
    theirs = lived(PYTHON, "theirs", server.url, tmp_path / "theirs", seed, executor)
    raw.flushall()
    ours = lived(sys.executable, "ours", server.url, tmp_path / "ours", seed, executor)
    assert len(theirs) > 50 and ours == theirs
