"""The small browser of the smoke test: what it makes of a page."""

from console.browser import Answer

PAGE = """
<form action="/search"><input name="q"></form>
<form method="post" action="/tasks/1/retry?back=%2F">
  <input type="hidden" name="csrf_token" value="abc"><input name="reason">
  <input type="checkbox" name="fresh" value="yes">
</form>
<form method="POST"><input name="here" value="1"></form>
"""


def page():
    return Answer(200, "http://host/queues/a", PAGE)


def test_a_form_is_found_by_the_end_of_its_address():
    form = page().form("/retry")
    assert (form.action, form.method) == ("http://host/tasks/1/retry?back=%2F", "post")


def test_a_form_brings_its_fields_but_no_empty_boxes():
    assert page().form("/retry").fields == {"csrf_token": "abc", "reason": ""}


def test_a_form_without_an_address_goes_to_its_page():
    assert page().form("/queues/a").fields == {"here": "1"}


def test_a_form_that_is_not_there_is_none():
    assert page().form("/delete") is None
