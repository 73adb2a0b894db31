"""How the system is, and how it is set; and a test of the alerts."""

import platform
from importlib.metadata import PackageNotFoundError, version

from flask import request, url_for
from flask_admin import expose

from console import actions, auth, budget, current, reading, setting_list
from console.auth import may
from console.page import Page
from console.presenters import plural
from console.settings import ENVIRONMENT_PREFIX
from queue_core import Masking
from queue_core.errors import StoreCorrupt

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
            summary=reading.error_summary(),
            engine_settings=setting_list.lines(engine.settings, ENGINE_PREFIX),
            console_settings=setting_list.lines(current.settings(), ENVIRONMENT_PREFIX),
            roles=auth.RIGHTS,
            usual_names=Masking.usual_names,
            versions=_versions(),
            alerts=_alerts(),
            spent=budget.spent(),
            costs=budget.by_page(),
            now=current.now(),
        )

    @expose("/findings")
    @may("look")
    def findings(self):
        """What the doctor found when it looked last."""
        return self.render("settings/findings.html", checkup=current.engine().checkups.newest(), now=current.now())

    @expose("/alerts/test", methods=["POST"])
    @may("admin")
    def test_alert(self):
        return actions.perform(
            "test_alert",
            lambda actor: current.engine().alerts.send_test(actor=actor),
            told=lambda receivers: (
                f"A test alert is on its way to {plural(receivers, 'receiver')}. Load this page again "
                "in some seconds to see what came of it."
            ),
            back=url_for(".index", _anchor="alerts"),
        )


def _alerts():
    """What stands in Redis of the alerts; None when it cannot be read."""
    room = current.engine().alerts
    try:
        found = [(one, _address(one.sight.path)) for one in reading.alerts()]
        look = room.last_look()
        return {
            "look": look,
            "is_old": look is not None and look.is_old(current.now()),
            "open": found,
            "deliveries": room.deliveries(),
            "unreadable": room.unreadable(),
        }
    except StoreCorrupt:
        return None


def _address(path) -> str | None:
    """Where an alert leads; None where what Redis holds leads out of this console."""
    address = request.script_root + path
    return address if path and auth.safe_next(address) == address else None


def _versions():
    return [("Python", platform.python_version()), *((name, _version(name)) for name in PACKAGES)]


def _version(name):
    try:
        return version(name)
    except PackageNotFoundError:
        return "unknown"
