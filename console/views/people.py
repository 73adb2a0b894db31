"""Users, what they may do, and their tokens and sessions: for admins."""

import secrets

from flask import request, url_for
from flask_admin import expose

from console import access, actions, auth
from console.auth import may
from console.current import engine, now
from console.page import Page
from queue_core.errors import InvalidRequest, UserNotFound

MOST_USERS = 200
MOST_ROWS = 200
GRANTED_ROLES = access.ROLES[1:]


class PeoplePage(Page):
    icon = "user"

    def __init__(self):
        super().__init__("People", endpoint="people", url="/people")

    def is_visible(self):
        return auth.user_may("admin")

    @expose("/")
    @may("admin")
    def index(self):
        wanted = request.args.get("q", "").strip()
        found = [user for user in engine().people.all() if wanted.lower() in user.name.lower()]
        names = {user.name for user in found[:MOST_USERS]}
        return self.render(
            "people/index.html",
            users=found[:MOST_USERS],
            beyond=max(0, len(found) - MOST_USERS),
            wanted=wanted,
            tokens=[token for token in engine().people.tokens.all() if token.user in names][:MOST_ROWS],
            sessions=engine().people.sessions.of_all(found[:MOST_USERS])[:MOST_ROWS],
            own_session=auth.current_session_id(),
            roles=access.ROLES,
            now=now(),
        )

    @expose("/", methods=["POST"])
    @may("admin")
    def add(self):
        name, role = request.form.get("name", "").strip(), request.form.get("role", "")
        password = None if request.form.get("how") == "link" else _password()

        def act(actor):
            user = engine().people.add(name, password, role)
            access.record("add_user", actor, name, role=role)
            return user, None if password else access.made_link(actor, user)

        user, address = actions.attempt("add_user", act)
        if address:
            return self._link_shown(user.name, address, f"{user.name} is {user.role}, once a password is set.")
        return self._password_shown(user, password, f"{user.name} may log in as {user.role}.")

    @expose("/<name:user>")
    @may("admin")
    def show(self, user):
        found = _user(user)
        return self.render(
            "people/show.html",
            user=found,
            tokens=engine().people.tokens.all(user),
            sessions=engine().people.sessions.of(found),
            link=engine().people.links.of(found),
            own_session=auth.current_session_id(),
            roles=access.ROLES,
            granted_roles=GRANTED_ROLES,
            days=access.DAYS,
            now=now(),
        )

    @expose("/<name:user>/role", methods=["POST"])
    @may("admin")
    def set_role(self, user):
        role = request.form.get("role", "")

        def act(actor):
            changed = engine().people.set_role(user, role, keep_an_admin=True)
            access.record("set_role", actor, user, role=role)
            _stay_logged_in(changed)

        return actions.perform(
            "set_role", act, told=f"{user} is {role} now; open sessions have ended.", back=_url(user)
        )

    @expose("/<name:user>/grant", methods=["POST"])
    @may("admin")
    def grant(self, user):
        role, queue = request.form.get("role", ""), request.form.get("queue", "").strip()

        def act(actor):
            engine().people.grant(user, role, queue)
            access.record("grant", actor, user, role=role, on=queue)

        told = f"{user} is {role} on {queue} and its subqueues now."
        return actions.perform("grant", act, told=told, back=_url(user))

    @expose("/<name:user>/revoke", methods=["POST"])
    @may("admin")
    def revoke(self, user):
        queue = request.form.get("queue", "")

        def act(actor):
            engine().people.revoke(user, queue)
            access.record("revoke", actor, user, on=queue)

        return actions.perform("revoke", act, told=f"{user} has no grant on {queue} any more.", back=_url(user))

    @expose("/<name:user>/password", methods=["POST"])
    @may("admin")
    def set_password(self, user):
        password = _password()

        def act(actor):
            changed = engine().people.set_password(user, password)
            access.record("set_password", actor, user)
            _stay_logged_in(changed)
            return changed

        changed = actions.attempt("set_password", act)
        return self._password_shown(changed, password, f"{user} has a new password; open sessions have ended.")

    @expose("/<name:user>/link", methods=["POST"])
    @may("admin")
    def make_link(self, user):
        address = actions.attempt("make_link", lambda actor: access.made_link(actor, _user(user)))
        return self._link_shown(user, address, f"A link with which {user} sets a password.")

    @expose("/<name:user>/link/revoke", methods=["POST"])
    @may("admin")
    def revoke_link(self, user):
        def act(actor):
            if not engine().people.links.revoke(_user(user).name):
                raise InvalidRequest("There is no link to revoke; it was used, or its time is over.")
            access.record("revoke_link", actor, user)

        return actions.perform("revoke_link", act, told=f"The link of {user} is revoked.", back=_url(user))

    @expose("/<name:user>/logout", methods=["POST"])
    @may("admin")
    def log_out(self, user):
        def act(actor):
            _stay_logged_in(engine().people.end_sessions(user))
            access.record("logout_everywhere", actor, user)

        return actions.perform("logout_everywhere", act, told=f"{user} is logged out everywhere.", back=_url(user))

    @expose("/<name:user>/remove", methods=["POST"])
    @may("admin")
    def remove(self, user):
        def act(actor):
            if request.form.get("typed", "").strip() != user:
                raise InvalidRequest("Type the name of the user to confirm.")
            engine().people.remove(user, keep_an_admin=True)
            access.record("remove_user", actor, user)

        return actions.perform("remove_user", act, told=f"{user} is removed.", back=url_for(".index"))

    @expose("/<name:user>/sessions/<name:session_id>/end", methods=["POST"])
    @may("admin")
    def end_session(self, user, session_id):
        return access.end_session(user, session_id, back=actions.came_from(_url(user)))

    @expose("/<name:user>/tokens/add", methods=["POST"])
    @may("admin")
    def add_token(self, user):
        text = access.made_token(_user(user))
        return self.render("people/once.html", what="token", told=f"A new token of {user}.", text=text, back=_url(user))

    @expose("/<name:user>/tokens/<name:token_id>/revoke", methods=["POST"])
    @may("admin")
    def revoke_token(self, user, token_id):
        return access.revoke_token(user, token_id, back=actions.came_from(_url(user)))

    def _link_shown(self, user, address, told):
        return self.render("people/once.html", what="link", told=told, text=address, back=_url(user))

    def _password_shown(self, user, password, told):
        # what was typed is known to whoever typed it
        text = None if request.form.get("password") else password
        return self.render("people/once.html", what="password", told=told, text=text, back=_url(user.name))


def _user(name):
    found = engine().people.find(name)
    if found is None:
        raise UserNotFound(f"There is no user named {name}.", name=name)
    return found


def _stay_logged_in(changed):
    """Whoever changes themselves goes on in this browser."""
    if changed.name == auth.current_user().name:
        auth.log_in(changed)


def _password():
    """What was typed, or a new one when nothing was."""
    return request.form.get("password") or secrets.token_urlsafe(15)


def _url(user):
    return url_for(".show", user=user)
