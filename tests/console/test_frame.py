"""What templates may use on every page."""

from console import frame


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
    assert names == ["Overview", "Errors", "Queues", "Workers", "Operations", "Trash", "Audit"]
    assert [item["name"] for item in menu if item["here"]] == ["Audit"]


def test_static_files_may_be_kept_and_pages_may_not(app, operator):
    with app.test_request_context("/"):
        address = frame.asset("css/base.css")
    assert "max-age=31536000" in operator.get(address).headers["Cache-Control"]
    assert operator.get("/audit/").headers["Cache-Control"] == "no-store"


def test_the_vendored_htmx_has_its_licence_beside_it(app, operator):
    assert "Zero-Clause BSD" in operator.get("/static/vendor/htmx-4.0.1.LICENSE.txt").get_data(as_text=True)
