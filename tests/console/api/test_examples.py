"""The examples of docs/api.md, run as they stand there against a console that listens."""

import json
import os
import re
import shutil
import subprocess
import threading
from pathlib import Path

import pytest
from werkzeug.serving import make_server

from tests.console import seed

PAGE = Path(__file__).resolve().parents[3] / "docs" / "api.md"
EXAMPLES = re.findall(r"^```sh\n(.+?)^```$", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)


@pytest.fixture
def address(app):
    """Where the console listens."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.skipif(not shutil.which("curl"), reason="there is no curl here")
@pytest.mark.parametrize("example", EXAMPLES, ids=[f"example {number}" for number in range(1, len(EXAMPLES) + 1)])
def test_an_example_does_what_it_says(engine, address, text_of, example):
    task_id, *_ = seed.failed(engine, "billing", 3)
    engine.snapshot.take()
    environment = os.environ | {"SIGNALBOX": address, "TOKEN": text_of("operator"), "TASK": task_id, "no_proxy": "*"}
    done = subprocess.run(
        ["bash", "-e", "-c", example], env=environment, capture_output=True, text=True, timeout=60, check=True
    )
    answers = list(objects(done.stdout))
    assert len(answers) == example.count("curl ")
    assert not [answer for answer in answers if "error" in answer and isinstance(answer["error"], dict)]


def objects(text):
    """The JSON objects that stand in `text`, one after the other."""
    while text := text.lstrip():
        found, end = json.JSONDecoder().raw_decode(text)
        yield found
        text = text[end:]
