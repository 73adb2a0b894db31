"""What a role and grants on queues allow, taken together."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as some

from queue_core.errors import InvalidQueueName, InvalidRequest, UserNotFound
from queue_core.people.rights import MOST_GRANTS, ROLES, Grant, User

PASSWORD = "correct horse battery"

names = some.lists(some.sampled_from(["a", "b", "ab", ""]), min_size=1, max_size=4).map(".".join).filter(bool)
roles = some.sampled_from(ROLES)
granted = some.builds(Grant, some.sampled_from(ROLES[1:]), names)
users = some.builds(
    User, some.just("ann"), roles, some.just(1), some.just(0.0), some.lists(granted, max_size=4).map(tuple)
)


def user(role, *grants):
    return User("ann", role, 1, 0.0, tuple(Grant(*grant) for grant in grants))


# -- what covers what --
@pytest.mark.parametrize("queue", ["billing", "billing.eu", "billing.eu.cards"])
def test_a_grant_holds_for_its_queue_and_its_subqueues(queue):
    assert user("viewer", ("operator", "billing")).role_on(queue) == "operator"


@pytest.mark.parametrize("queue", ["billings", "bill", "eu.billing", "billing-eu", "", "Billing", "billin"])
def test_a_grant_holds_for_no_other_queue(queue):
    assert user("viewer", ("operator", "billing")).role_on(queue) == "viewer"


def test_the_highest_of_role_and_grants_counts():
    ann = user("operator", ("admin", "billing.eu"))
    assert [ann.role_on(queue) for queue in ("billing", "billing.eu", "mail")] == ["operator", "admin", "operator"]
    assert (ann.role, ann.highest_role) == ("operator", "admin")


# -- limits --
@given(users, roles, some.lists(names, max_size=3), names)
def test_a_limited_user_never_may_more_than_the_user_or_the_limit(ann, role, queues, queue):
    limited = ann.limited(role, queues).role_on(queue)
    assert ROLES.index(limited) <= min(ROLES.index(ann.role_on(queue)), ROLES.index(role))


@given(users, roles, some.lists(names, min_size=1, max_size=3), names)
def test_within_its_queues_a_limit_takes_nothing_more_away_and_outside_everything(ann, role, queues, queue):
    inside = any(queue == one or queue.startswith(f"{one}.") for one in queues)
    expected = min(ann.role_on(queue), role, key=ROLES.index) if inside else "viewer"
    assert ann.limited(role, queues).role_on(queue) == expected


# -- kept with the user --
def test_a_grant_is_kept_and_sessions_stay(engine):
    before = engine.people.add("ann", PASSWORD, "viewer")
    after = engine.people.grant("ann", "operator", "billing")
    assert after == engine.people.find("ann")
    assert (after.grants, after.epoch) == ((Grant("operator", "billing"),), before.epoch)


def test_a_grant_on_the_same_queue_is_replaced(engine):
    engine.people.add("ann", PASSWORD, "viewer")
    engine.people.grant("ann", "operator", "billing")
    assert engine.people.grant("ann", "admin", "billing").grants == (Grant("admin", "billing"),)


def test_what_is_revoked_is_gone_and_the_rest_stays(engine):
    engine.people.add("ann", PASSWORD, "viewer")
    engine.people.grant("ann", "operator", "mail")
    engine.people.grant("ann", "operator", "billing")
    assert engine.people.revoke("ann", "mail").grants == (Grant("operator", "billing"),)
    with pytest.raises(InvalidRequest, match="no grant"):
        engine.people.revoke("ann", "mail")


def test_a_new_password_and_another_role_keep_the_grants(engine):
    engine.people.add("ann", PASSWORD, "viewer")
    engine.people.grant("ann", "operator", "mail")
    engine.people.set_password("ann", PASSWORD + "!")
    assert engine.people.set_role("ann", "operator").grants == (Grant("operator", "mail"),)


@pytest.mark.parametrize(("role", "queue"), [("viewer", "mail"), ("owner", "mail"), ("operator", "")])
def test_what_cannot_be_granted_is_refused(engine, role, queue):
    engine.people.add("ann", PASSWORD, "viewer")
    with pytest.raises((InvalidRequest, InvalidQueueName)):
        engine.people.grant("ann", role, queue)
    assert engine.people.find("ann").grants == ()


def test_nobody_gets_more_grants_than_a_record_should_hold(engine):
    engine.people.add("ann", PASSWORD, "viewer")
    for number in range(MOST_GRANTS):
        engine.people.grant("ann", "operator", f"q{number}")
    with pytest.raises(InvalidRequest, match="at most"):
        engine.people.grant("ann", "operator", "one more")


def test_nothing_is_granted_to_nobody(engine):
    with pytest.raises(UserNotFound):
        engine.people.grant("ann", "operator", "mail")


@pytest.mark.parametrize(
    "grants", [None, 1, "x", [1], [{}], [{"role": "viewer", "queue": "a"}], [{"role": [], "queue": "a"}]]
)
def test_grants_that_cannot_be_read_grant_nothing(engine, raw, grants):
    engine.people.add("ann", PASSWORD, "viewer")
    record = json.loads(raw.hget("t:x:users", "ann"))
    raw.hset("t:x:users", "ann", json.dumps(record | {"grants": grants}))
    assert engine.people.find("ann").grants == ()


# -- the last admin --
def test_the_last_admin_is_kept_where_that_is_asked_for(engine):
    engine.people.add("ann", PASSWORD, "admin")
    engine.people.add("bob", PASSWORD, "operator")
    with pytest.raises(InvalidRequest, match="only admin"):
        engine.people.remove("ann", keep_an_admin=True)
    with pytest.raises(InvalidRequest, match="only admin"):
        engine.people.set_role("ann", "viewer", keep_an_admin=True)
    engine.people.set_role("bob", "admin")
    engine.people.remove("ann", keep_an_admin=True)
    assert [user.name for user in engine.people.all()] == ["bob"]


def test_others_than_admins_may_go_while_there_is_no_admin(engine):
    engine.people.add("bob", PASSWORD, "operator")
    engine.people.remove("bob", keep_an_admin=True)
    assert engine.people.count() == 0
