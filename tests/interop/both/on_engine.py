"""Runs a program on one of the two engines; the program only knows `import tasktiger`.

python -m tests.interop.both.on_engine tasktiger|compat a.module [arguments…]
python -m tests.interop.both.on_engine tasktiger|compat --command [TaskTiger's options…]
"""

import runpy
import sys


def main():
    engine, program, *arguments = sys.argv[1:]
    if engine == "compat":
        from queue_core.compat import tasktiger

        tasktiger.install()
    if program == "--command":
        from tasktiger import run_worker

        sys.exit(run_worker(args=arguments, prog_name="tasktiger"))
    sys.argv[1:] = arguments
    runpy.run_module(program, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
