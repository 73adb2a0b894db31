"""`python -m queue_core.compat.tasktiger`: a program runs as it stands."""

import pytest

SCRIPT = """
import os, sys
import helper
from tasktiger import TaskTiger

if __name__ == "__main__":
    print(TaskTiger.__module__, [os.path.basename(sys.argv[0]), *sys.argv[1:]], helper.WORD)
"""
FILES = {
    "bin/launch.py": SCRIPT,
    "bin/helper.py": "WORD = 'beside the script'",
    "helper.py": "WORD = 'in the folder of the call'",
    "app/__init__.py": "",
    "app/launch.py": SCRIPT,
}


def test_a_script_is_run_as_if_it_were_called_itself(python):
    done = python("-m", "queue_core.compat.tasktiger", "bin/launch.py", "-q", "mail", "--help", files=FILES)
    assert done.stderr == ""
    assert done.stdout == "queue_core.engine ['launch.py', '-q', 'mail', '--help'] beside the script\n"


def test_a_module_is_run_as_with_python(python):
    done = python("-m", "queue_core.compat.tasktiger", "-m", "app.launch", "-m", "x", files=FILES)
    assert done.stderr == ""
    assert done.stdout == "queue_core.engine ['launch.py', '-m', 'x'] in the folder of the call\n"


def test_the_exit_status_is_that_of_the_program(python):
    assert (
        python("-m", "queue_core.compat.tasktiger", "end.py", files={"end.py": "raise SystemExit(7)"}).returncode == 7
    )
    assert python("-m", "queue_core.compat.tasktiger", "end.py", files={"end.py": "1 / 0"}).returncode == 1


@pytest.mark.parametrize(("arguments", "status"), [([], 2), (["-m"], 2), (["--help"], 0), (["-h"], 0)])
def test_without_a_program_it_says_how_it_is_called(python, arguments, status):
    done = python("-m", "queue_core.compat.tasktiger", *arguments)
    assert done.returncode == status
    assert "python -m queue_core.compat.tasktiger script.py" in (done.stderr if status else done.stdout)


def test_a_script_that_is_not_there_is_said_so(python):
    done = python("-m", "queue_core.compat.tasktiger", "nowhere.py")
    assert done.returncode == 2 and done.stderr.splitlines()[-1].startswith("There is no file nowhere.py")
