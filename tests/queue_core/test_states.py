import pytest

from queue_core import scripts, states
from queue_core.errors import UnknownState


def test_every_arrow_is_a_script():
    assert set(states.ARROWS) <= set(scripts.all_names())


@pytest.mark.parametrize("verb", states.ARROWS)
def test_the_title_of_a_script_tells_its_arrow(verb):
    title = (scripts.FOLDER / f"{verb}.lua").read_text().splitlines()[0]
    sources, target = states.ARROWS[verb]
    for state in sources:
        assert (state or "gone") in title.rpartition("(")[2]
    if verb != "move":
        for state in target if isinstance(target, tuple) else (target,):
            assert (state or "gone") in title.rpartition("->")[2]


@pytest.mark.parametrize("state", states.ALL)
def test_the_four_states_are_known(state):
    assert states.known(state) == state


@pytest.mark.parametrize("state", ["", "QUEUED", "gone", "task", "queued:orders", None])
def test_anything_else_is_refused(state):
    with pytest.raises(UnknownState, match="queued, active, scheduled, error"):
        states.known(state)


@pytest.mark.parametrize(("verb", "state"), [("retry", "queued"), ("delete", "active"), ("cancel", "error")])
def test_a_verb_takes_a_task_only_from_its_own_states(verb, state):
    with pytest.raises(UnknownState, match=f"not from {state}"):
        states.allowed_from(verb, state)
