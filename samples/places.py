"""Where the shop finds its input and leaves its output."""

import os
import tempfile
from pathlib import Path

DATA = Path(__file__).resolve().parent / "data"


class InputMissing(Exception):
    """There is no such file among the shop's input, or the name is none of the shop's output."""


def input_file(*parts: str) -> Path:
    """A file of the shipped input.  Raises InputMissing, also for a name that leads out of the folder."""
    path = DATA.joinpath(*parts).resolve()
    if not path.is_relative_to(DATA) or not path.is_file():
        raise InputMissing(f"There is no input file {'/'.join(parts)}.")
    return path


def output_file(*parts: str) -> Path:
    """A path below SHOP_OUTPUT (default: `.signalbox/shop` in the current folder).

    Raises InputMissing for a name that leads out of it."""
    root = Path(os.environ.get("SHOP_OUTPUT") or ".signalbox/shop").resolve()
    path = root.joinpath(*parts).resolve()
    if not path.is_relative_to(root):
        raise InputMissing(f"{'/'.join(parts)} is not a name of the shop's output.")
    return path


def address_file() -> Path:
    """Where the webhook server says how to reach it; its port is whatever was free."""
    return output_file("webhook-server.url")


def write(path: Path, content: bytes) -> Path:
    """`path`, with `content` in it, whole or not at all: the process may be killed at any moment."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, unfinished = tempfile.mkstemp(dir=path.parent, prefix=".unfinished-")
    try:
        with open(handle, "wb") as file:
            file.write(content)
        os.replace(unfinished, path)
    except BaseException:
        os.unlink(unfinished)
        raise
    return path
