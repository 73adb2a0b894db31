import contextlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from queue_core import end_with_parent
from queue_core.compat import tasktiger

ROOT = Path(__file__).parents[3]


@pytest.fixture
def installed():
    """`import tasktiger` is ours while a test runs."""
    tasktiger.install()
    yield tasktiger
    tasktiger.uninstall()


@pytest.fixture
def python(tmp_path, redis_url):
    """Runs Python with `arguments` in an empty folder that holds `files`; what it said, as a CompletedProcess."""

    def python(*arguments, files=None, **variables):
        for name, text in (files or {}).items():
            tmp_path.joinpath(name).parent.mkdir(parents=True, exist_ok=True)
            tmp_path.joinpath(name).write_text(text)
        environment = os.environ | {"PYTHONPATH": str(ROOT), "REDIS_URL": redis_url} | variables
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip

    return python


@pytest.fixture
def worker(tmp_path, redis_url):
    """Call it for a context with `signalbox worker --compat tasktiger …`, or another program, in the same folder."""

    @contextlib.contextmanager
    def running(*arguments, program=("-m", "queue_core.cli", "worker", "--compat", "tasktiger"), **variables):
        environment = os.environ | {"PYTHONPATH": str(ROOT), "REDIS_URL": redis_url, "SIGNALBOX_PROMOTE_SECONDS": "0.1"}
        process = subprocess.Popen(
            [sys.executable, *program, *arguments],
            cwd=tmp_path, env=environment | variables, stderr=subprocess.PIPE, text=True, preexec_fn=end_with_parent,
        )  # fmt: skip
        try:
            yield process
        finally:
            process.kill()
            process.wait()
            process.stderr.close()

    return running
