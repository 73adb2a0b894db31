"""Each family of errors as one status and one wording."""

import pytest

from queue_core import errors


@pytest.fixture
def answer_to(app, operator, monkeypatch):
    """The answer when the audit page raises `error`."""

    def answer(error, **options):
        def view():
            raise error

        monkeypatch.setitem(app.view_functions, "audit.index", view)
        return operator.get("/audit/", **options)

    return answer


@pytest.mark.parametrize(
    ("error", "status", "words"),
    [
        (errors.InvalidRequest("A pause needs a reason."), 400, "A pause needs a reason."),
        (errors.UnknownState(), 400, "There is no such state."),
        (errors.LeaseLost("gone"), 409, "The world moved on"),
        (errors.NotPaused(), 409, "The queue is not paused."),
        (errors.TaskNotFound("gone"), 404, "This task is not here any more"),
        (errors.OperationNotFound(), 404, "This operation is not here any more"),
        (errors.StoreUnavailable("Error 2 connecting to /secret/place"), 503, "Redis does not answer"),
        (errors.StoreFull(), 503, "Redis has no memory left"),
        (errors.StoreCorrupt(), 503, "signalbox doctor"),
        (errors.EnqueueUncertain(), 503, "Redis does not answer"),
    ],
)
def test_every_family_has_its_page_and_its_notice(answer_to, error, status, words):
    page = answer_to(error)
    assert page.status_code == status
    assert words in page.get_data(as_text=True)
    assert "/secret/place" not in page.get_data(as_text=True)
    notice = answer_to(error, headers={"HX-Request": "true"})
    assert (notice.status_code, notice.headers["HX-Retarget"]) == (status, "#notices")
    assert notice.get_data(as_text=True).strip().startswith("<p")


def test_a_wrong_method_says_which_are_right(operator):
    answer = operator.get("/queues/mail/pause")
    assert answer.status_code == 405
    assert "POST" in answer.headers["Allow"]


def test_an_unknown_address_is_a_page_in_the_same_frame(operator):
    page = operator.get("/nothing").get_data(as_text=True)
    assert "There is no such page" in page
    assert 'aria-label="Pages"' in page


def test_an_act_whose_answer_was_lost_is_not_said_to_have_failed(app, operator, monkeypatch):
    def view(queue):
        raise errors.StoreUnavailable("Connection closed by server")

    operator.get("/")
    monkeypatch.setitem(app.view_functions, "queues.resume", view)
    answer = operator.post("/queues/mail/resume")
    assert answer.status_code == 503
    assert "It is not known whether this happened" in answer.get_data(as_text=True)
