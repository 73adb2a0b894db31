"""What templates may use on every page."""

from console import create_app, frame
from console.settings import ConsoleSettings
from tests.console.conftest import logged_in


def test_the_address_of_a_static_file_changes_with_the_file(app, tmp_path):
    app.static_folder = str(tmp_path)
    style = tmp_path / "style.css"
    addresses = set()
    for content in ("a {}", "b { color: red }"):
        style.write_text(content)
        with app.test_request_context("/"):
            addresses.add(frame.asset("style.css"))
    assert len(addresses) == 2


def test_the_menu_names_the_pages_and_marks_the_one_in_view(app):
    with app.test_request_context("/audit/"):
        menu = frame.menu()
    names = [item["name"] for item in menu]
    assert names[:2] == ["Overview", "Errors"] and names[-1] == "Settings"
    assert {"Scheduled", "Queues", "Workers", "Operations", "Trash"} < set(names)
    assert [item["name"] for item in menu if item["here"]] == ["Audit"]


def test_each_page_of_the_menu_has_a_key_of_its_own():
    keys = frame.go_keys(["Overview", "Errors", "Tasks", "Operations", "Trash", "T", "-"])
    assert keys == {"Overview": "o", "Errors": "e", "Tasks": "t", "Operations": "p", "Trash": "r", "T": "", "-": ""}


def test_the_environment_leads_to_the_consoles_of_others(engine):
    others = '[["staging", "https://staging.example.com/?a=1&b=2"]]'
    app = create_app(engine, ConsoleSettings(environment="production", instances=others))
    page = logged_in(engine, app, "olga", "operator").get("/").get_data(as_text=True)
    assert '<a href="https://staging.example.com/?a=1&amp;b=2" rel="noreferrer">staging</a>' in page
    assert "<summary" in page and "production</summary>" in page
    assert "· production</title>" in page


def test_static_files_may_be_kept_and_pages_may_not(app, operator):
    with app.test_request_context("/"):
        address = frame.asset("css/base.css")
    assert "max-age=31536000" in operator.get(address).headers["Cache-Control"]
    assert operator.get("/audit/").headers["Cache-Control"] == "no-store"


def test_the_vendored_htmx_has_its_licence_beside_it(app, operator):
    assert "Zero-Clause BSD" in operator.get("/static/vendor/htmx-4.0.1.LICENSE.txt").get_data(as_text=True)
