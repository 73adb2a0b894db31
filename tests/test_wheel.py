"""What `pip install` brings: the wheel in an environment of its own, far from the checkout."""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LEFT_OUT = shutil.ignore_patterns(".*", "*.egg-info", "build", "dist", "__pycache__", "tests", "docs", "bench")

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The path of a wheel built from a copy of the checkout."""
    source = tmp_path_factory.mktemp("source") / "signalbox"
    shutil.copytree(ROOT, source, ignore=LEFT_OUT)
    target = tmp_path_factory.mktemp("wheel")
    run([sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", target, source])
    return next(target.glob("*.whl"))


@pytest.fixture(scope="module")
def environment(wheel, tmp_path_factory):
    """The folder of an environment with the wheel in it; its dependencies are borrowed from ours."""
    folder = tmp_path_factory.mktemp("environment")
    run([sys.executable, "-m", "venv", "--without-pip", folder])
    python = folder / "bin" / "python"
    run([sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-deps", "--no-index", wheel])
    paths = {"base": str(folder), "platbase": str(folder)}
    # a plain line is no site folder: its own .pth files, and with them the checkout, stay out
    borrowed = Path(sysconfig.get_path("purelib", vars=paths), "borrowed.pth")
    borrowed.write_text(sysconfig.get_path("purelib") + "\n")
    return folder


def run(command, **options):
    done = subprocess.run(command, capture_output=True, text=True, timeout=100, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def shipped_files(folder, suffix=""):
    return {
        path.relative_to(ROOT / folder).as_posix() for path in (ROOT / folder).rglob(f"*{suffix}") if path.is_file()
    }


def test_the_wheel_carries_every_template_static_file_and_script(wheel):
    inside = set(zipfile.ZipFile(wheel).namelist())
    for folder, place, suffix in (
        ("templates", "console/templates", ""),
        ("static", "console/static", ""),
        ("queue_core", "queue_core", ".lua"),
        ("queue_core", "queue_core", ".py"),
        ("console", "console", ".py"),
    ):
        wanted = {f"{place}/{name}" for name in shipped_files(folder, suffix)}
        assert wanted and not wanted - inside


def test_the_wheel_carries_nothing_else(wheel):
    tops = {name.split("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert tops == {"queue_core", "console", "signalbox-0.1.0.dist-info"}


VISIT = """
import json, re, console
from console import create_app
from queue_core import Engine

engine = Engine()
engine.people.add("ada", "a long password", "admin")
app = create_app(engine)
client = app.test_client()
token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get("/login").text)[1]
login = client.post("/login", data={"name": "ada", "password": "a long password", "csrf_token": token})
pages = [rule for rule in app.url_map.iter_rules() if "GET" in rule.methods and not rule.arguments
         and not rule.rule.startswith("/api/")]
answers = {str(rule): client.get(str(rule), follow_redirects=True).status_code for rule in pages}
css = re.search(r'href="(/[^"]*[.]css[^"]*)"', client.get("/").text)[1]
print(json.dumps({"home": console.__file__, "login": login.status_code, "pages": answers,
                  "css": client.get(css).status_code}))
"""


def test_every_page_of_the_installed_console_loads(environment, redis_url, tmp_path):
    told = json.loads(
        run([environment / "bin" / "python", "-c", VISIT], cwd=tmp_path, env={**os.environ, "REDIS_URL": redis_url})
    )
    assert Path(told["home"]).is_relative_to(environment)
    assert (told["login"], told["css"]) == (303, 200)
    assert "/" in told["pages"]
    assert not {page: status for page, status in told["pages"].items() if status != 200}


def test_the_installed_command_knows_the_commands_of_the_console(environment, tmp_path):
    told = run([environment / "bin" / "signalbox", "--help"], cwd=tmp_path)
    for command in ("worker", "sweeper", "console", "users", "up"):
        assert f"\n  {command}" in told
