"""The console: a Flask application that shows and repairs the queues of one engine."""

from pathlib import Path

from flask import Flask
from flask_admin import Admin
from flask_admin.theme import Theme
from htmx_flask import Htmx

from console import api, auth, budget, errors, frame, guards, health, metrics, refusals
from console.converters import NameConverter
from console.settings import ConsoleSettings
from console.views import login, newer, password
from console.views.account import AccountPage
from console.views.audit import AuditPage
from console.views.background import BackgroundPage
from console.views.bulk import BulkPage
from console.views.errors import ErrorsPage
from console.views.export import ExportPage, GroupExportPage
from console.views.groups import GroupsPage
from console.views.holds import HoldsPage
from console.views.matching import MatchingPage
from console.views.numbers import NumbersPage
from console.views.operations import OperationsPage
from console.views.overview import OverviewPage
from console.views.people import PeoplePage
from console.views.periodic import PeriodicPage
from console.views.queues import QueuesPage
from console.views.rescheduling import ReschedulingPage
from console.views.saved import SavedViewsPage
from console.views.scheduled import ScheduledPage
from console.views.search import JumpPage, SearchPage
from console.views.settings import SettingsPage
from console.views.tasks import TasksPage
from console.views.trash import TrashPage
from console.views.workers import WorkersPage
from queue_core import Engine

_HERE = Path(__file__).resolve().parent


def create_app(engine: Engine | None = None, settings: ConsoleSettings | None = None) -> Flask:
    """The console as a WSGI application.

    engine: whose queues to show; default: an engine from the environment.  settings: default: from the environment.
    Raises InvalidSettings.  Redis may be away: the pages say so until it answers."""
    app = Flask("console", template_folder=_folder("templates"), static_folder=_folder("static"))
    app.extensions["signalbox_engine"] = engine or Engine()
    app.extensions["signalbox_settings"] = settings or ConsoleSettings.from_env()
    app.url_map.converters["name"] = NameConverter
    Htmx(app)
    for part in (frame, budget, auth, refusals, guards, errors, api):
        part.init_app(app)
    app.register_blueprint(health.blueprint)
    app.register_blueprint(metrics.blueprint)
    app.register_blueprint(login.blueprint)
    app.register_blueprint(password.blueprint)
    admin = Admin(app, name="Signalbox", theme=Theme("none", "layout.html"), index_view=OverviewPage())
    admin.add_views(
        ErrorsPage(),
        SearchPage(),
        JumpPage(),
        BackgroundPage(),
        SavedViewsPage(),
        TasksPage(),
        ScheduledPage(),
        QueuesPage(),
        WorkersPage(),
        PeriodicPage(),
        NumbersPage(),
        BulkPage(),
        MatchingPage(),
        ReschedulingPage(),
        GroupsPage(),
        HoldsPage(),
        ExportPage(),
        GroupExportPage(),
        OperationsPage(),
        TrashPage(),
        AuditPage(),
        SettingsPage(),
        PeoplePage(),
        AccountPage(),
    )
    admin.add_view(newer.NewerPage())
    return app


def _folder(name: str) -> str:
    """Beside the package in a checkout, inside it in an installed wheel."""
    inside = _HERE / name
    return str(inside if inside.is_dir() else _HERE.parent / name)
