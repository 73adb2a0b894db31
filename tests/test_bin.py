"""The programs in bin/ on a machine where something is missing: one clear sentence and a hint."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
TOOLS = ("sh", "dirname", "cat", "rm", "date", "grep", "sleep", "kill", "tail", "cksum", "flock")


@pytest.fixture
def checkout(tmp_path):
    """A fresh clone as far as the set-up can see: no environment yet."""
    folder = tmp_path / "checkout"
    folder.mkdir()
    shutil.copytree(ROOT / "bin", folder / "bin")
    for file in (*ROOT.glob("requirements*.txt"), ROOT / "constraints.txt", ROOT / "pyproject.toml"):
        shutil.copy(file, folder)
    return folder


@pytest.fixture
def tools(tmp_path):
    """A folder with the tools of a bare machine, but no Python: the whole PATH."""
    folder = tmp_path / "tools"
    folder.mkdir()
    for name in TOOLS:
        if path := shutil.which(name):
            (folder / name).symlink_to(path)
    return folder


def up(checkout, path, **environment):
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
    given = {**clean, "PATH": str(path), "PIP_CONFIG_FILE": os.devnull, **environment}
    done = subprocess.run([checkout / "bin" / "up"], capture_output=True, text=True, env=given, timeout=100)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    return done.stderr.splitlines()


def fake_python(folder, body):
    (folder / "python3").write_text(f"#!/bin/sh\n{body}\n")
    (folder / "python3").chmod(0o755)


def test_without_python_it_says_what_to_install(checkout, tools):
    sentence, hint = up(checkout, tools)
    assert "there is no python3 here" in sentence
    assert "apt install python3 python3-venv" in hint


def test_an_old_python_is_told(checkout, tools):
    fake_python(tools, '[ "$1" = -V ] && echo Python 3.9.2; exit 1')
    sentence, hint = up(checkout, tools)
    assert "python3 here is Python 3.9.2" in sentence
    assert hint.startswith("Hint: ")


def test_a_python_without_venv_is_told(checkout, tools):
    fake_python(tools, 'case "$2" in *ensurepip*) exit 1;; esac')
    sentence, hint = up(checkout, tools)
    assert "cannot make virtual environments" in sentence
    assert "apt install python3-venv" in hint


@pytest.mark.slow
def test_without_a_network_it_says_so(checkout):
    *_, sentence, hint = up(checkout, os.environ["PATH"], PIP_INDEX_URL="https://127.0.0.1:9/simple")
    assert sentence == "The packages could not be downloaded: the package index does not answer."
    assert "Check the network" in hint


def test_a_measurement_that_does_not_exist_is_told(checkout):
    (checkout / "bench").mkdir()
    done = subprocess.run([checkout / "bin" / "bench", "luck"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert done.stderr.splitlines()[0] == "There is no measurement called luck."
