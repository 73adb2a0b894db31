"""Runs a program with `import tasktiger` answered by the engine.

python -m queue_core.compat.tasktiger script.py arguments …
python -m queue_core.compat.tasktiger -m package.module arguments …
"""

import os
import runpy
import sys

from queue_core.compat import tasktiger


def main(arguments) -> None:
    """Leaves as the program does; with status 2 when none is named."""
    if arguments in (["-h"], ["--help"]):
        print(__doc__.strip())
    elif not arguments or arguments == ["-m"]:
        sys.stderr.write(f"{__doc__.strip()}\n")
        sys.exit(2)
    elif arguments[0] == "-m":
        _run_module(*arguments[1:])
    else:
        _run_script(*arguments)


def _run_module(name, *arguments):
    tasktiger.install()
    sys.argv = [name, *arguments]
    sys.path[0] = os.getcwd()
    runpy.run_module(name, run_name="__main__", alter_sys=True)


def _run_script(path, *arguments):
    if not os.path.isfile(path):
        sys.stderr.write(f"There is no file {path}.\n")
        sys.exit(2)
    tasktiger.install()
    sys.argv = [path, *arguments]
    sys.path[0] = os.path.dirname(os.path.abspath(path))
    runpy.run_path(path, run_name="__main__")


if __name__ == "__main__":
    main(sys.argv[1:])
