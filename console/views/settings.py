"""How the system is, and how it is set: nothing here changes anything."""

import platform
from importlib.metadata import PackageNotFoundError, version

from flask_admin import expose

from console import auth, budget, current, setting_list
from console.auth import may
from console.page import Page
from console.settings import ENVIRONMENT_PREFIX
from queue_core import Masking

ENGINE_PREFIX = "SIGNALBOX_"
PACKAGES = ("signalbox", "redis", "flask", "flask-admin", "gunicorn", "click", "structlog")


class SettingsPage(Page):
    icon = "settings"

    def __init__(self):
        super().__init__("Settings", endpoint="settings", url="/settings")

    @expose("/")
    @may("look")
    def index(self):
        engine = current.engine()
        return self.render(
            "settings/index.html",
            server=engine.condition.server(),
            sizes=engine.condition.sizes(),
            summary=engine.error_groups.summary(),
            engine_settings=setting_list.lines(engine.settings, ENGINE_PREFIX),
            console_settings=setting_list.lines(current.settings(), ENVIRONMENT_PREFIX),
            roles=auth.RIGHTS,
            usual_names=Masking.usual_names,
            versions=_versions(),
            spent=budget.spent(),
            costs=budget.by_page(),
            now=current.now(),
        )

    @expose("/findings")
    @may("look")
    def findings(self):
        """What the doctor found when it looked last."""
        return self.render("settings/findings.html", checkup=current.engine().checkups.newest(), now=current.now())


def _versions():
    return [("Python", platform.python_version()), *((name, _version(name)) for name in PACKAGES)]


def _version(name):
    try:
        return version(name)
    except PackageNotFoundError:
        return "unknown"
