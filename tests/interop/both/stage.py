"""Plays the scenes of a module, each in a process of its own on an empty Redis, and prints a JSON line about each.

python -m tests.interop.both.on_engine tasktiger|compat tests.interop.both.stage a.module [names…]
"""

import contextlib
import importlib
import json
import os
import signal
import sys
import tempfile
import time
import traceback

from tests.interop.both.aftermath import Names, events_in_log, left_in_redis, told_in_log
from tests.interop.both.scene import connect

PATIENCE_SECONDS = 20


def main():
    module, *wanted = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        os.environ["SCENE_JOURNAL"] = os.path.join(folder, "journal")
        module = importlib.import_module(module)
        for name, function in scenes_of(module).items():
            if not wanted or name in wanted:
                print(json.dumps({"scene": name, **play(function, folder)}), flush=True)


def scenes_of(module) -> dict:
    return {name: one for name, one in vars(module).items() if hasattr(one, "gives")}


def play(function, folder) -> dict:
    """facts, gives, left, log, output, status."""
    paths = {name: os.path.join(folder, name) for name in ("journal", "facts", "output")}
    for path in paths.values():
        open(path, "w").close()
    with connect() as client:
        client.flushall()
    status = _run_apart(function, paths)
    with open(paths["facts"]) as facts, open(paths["output"]) as output, connect() as client:
        facts, output, names = facts.read(), output.read(), Names()
        left = left_in_redis(client, names)
    return {
        "facts": names.everywhere(json.loads(facts)) if facts else None,
        "gives": json.loads(json.dumps(function.gives)),
        "left": left,
        "log": told_in_log(output.splitlines(), names),
        "events": events_in_log(output.splitlines()),
        "output": output,
        "status": status,
    }


def _run_apart(function, paths) -> int:
    """Exit status of a child that ran it; negative: ended by that signal."""
    if not (pid := os.fork()):
        os.setpgid(0, 0)
        _be(function, paths)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (ended := os.waitpid(pid, os.WNOHANG))[0]:
        if time.monotonic() > deadline:
            os.kill(pid, signal.SIGKILL)
        time.sleep(0.002)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)
    return os.waitstatus_to_exitcode(ended[1])


def _be(function, paths):
    status = 1
    me = os.getpid()
    try:
        output = os.open(paths["output"], os.O_WRONLY | os.O_APPEND)
        os.dup2(output, 1)
        os.dup2(output, 2)
        facts = json.dumps(function())
        if os.getpid() == me:
            with open(paths["facts"], "w") as file:
                file.write(facts)
            status = 0
    except SystemExit as left:  # a task of a forked worker that unwinds as far as here
        status = left.code or 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


if __name__ == "__main__":
    main()
