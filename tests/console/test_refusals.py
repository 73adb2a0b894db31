"""What was refused stands in the audit trail, and cannot push the rest out of it."""

from console.refusals import MOST_A_MINUTE, Quota


def test_nobody_fills_the_trail_with_what_they_may_not_do(app, engine, viewer, operator):
    app.extensions["signalbox_refusals"] = Quota(lambda: 90.0)  # a minute that does not end
    for number in range(MOST_A_MINUTE + 10):
        assert viewer.get(f"/queues/q{number}/all/retry").status_code == 403
    assert operator.get("/people/").status_code == 403
    entries = [entry for entry in engine.audit.page(limit=200).entries if entry.outcome == "refused"]
    assert [entry.actor for entry in entries] == ["olga"] + ["vera"] * MOST_A_MINUTE
    assert [entry.facts.get("more_not_noted") for entry in entries] == [None, True] + [None] * (MOST_A_MINUTE - 1)


def test_each_minute_counts_anew_and_each_person_alone():
    moments = iter([0.0, 30.0, 59.9, 60.0, 60.0])
    quota = Quota(lambda: next(moments))
    assert [quota.take(person) for person in ("ann", "ann", "bob", "ann", "bob")] == [1, 2, 1, 1, 1]
