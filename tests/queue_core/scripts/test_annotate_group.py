from tests.builders import NOTED

REFUSALS = []
ACT = {"act": NOTED["act"], "max_audit_entries": 1000}


def sample(world, queue="orders", task_id="a"):
    return {"group_id": "1-x", "note": '{"text": "seen"}', "most_notes": 2, **ACT}


def test_a_note_is_written_changed_and_taken_away_each_with_its_act(world):
    values = sample(world)
    assert world.run("annotate_group", **values) == 1
    assert world.run("annotate_group", **values | {"note": '{"text": "mended"}'}) == 1
    assert world.dump()["t:x:errors:notes"] == {"1-x": '{"text": "mended"}'}
    assert world.run("annotate_group", **values | {"note": ""}) == 1
    assert world.tasks() == {} and len(world.acts()) == 3


def test_there_are_no_more_notes_than_allowed_and_no_act_tells_of_one(world):
    values = sample(world)
    for number in range(2):
        world.run("annotate_group", **values | {"group_id": f"1-{number}"})
    before = world.dump()
    assert world.run("annotate_group", **values) == 0
    assert world.dump() == before
