"""One's own account: password, sessions, tokens."""

from flask import request, url_for
from flask_admin import expose

from console import access, actions, auth
from console.auth import may
from console.current import engine, now
from console.page import Page
from queue_core.errors import InvalidRequest


class AccountPage(Page):
    in_menu = False
    icon = "user"

    def __init__(self):
        super().__init__("Account", endpoint="account", url="/account")

    @expose("/")
    @may("look")
    def index(self):
        user = auth.current_user()
        return self.render(
            "people/account.html",
            user=user,
            tokens=engine().people.tokens.all(user.name),
            sessions=engine().people.sessions.of(user),
            own_session=auth.current_session_id(),
            roles=[role for role in access.ROLES if access.ROLES.index(role) <= access.ROLES.index(user.highest_role)],
            days=access.DAYS,
            now=now(),
        )

    @expose("/password", methods=["POST"])
    @may("look")
    def set_password(self):
        old, new, again = (request.form.get(name, "") for name in ("old", "password", "again"))
        name = auth.current_user().name

        def act(actor):
            if new != again:
                raise InvalidRequest("The new password was not typed twice alike.")
            engine().people.authenticate(name, old, address=request.remote_addr or "")
            auth.log_in(engine().people.set_password(name, new))
            access.record("set_password", actor, name)

        told = "You have a new password; your other sessions have ended."
        return actions.perform("set_password", act, told=told, back=url_for(".index"))

    @expose("/sessions/<name:session_id>/end", methods=["POST"])
    @may("look")
    def end_session(self, session_id):
        return access.end_session(auth.current_user().name, session_id, back=url_for(".index"))

    @expose("/tokens/add", methods=["POST"])
    @may("look")
    def add_token(self):
        text, back = access.made_token(auth.current_user()), url_for(".index")
        return self.render("people/once.html", what="token", told="A new token of yours.", text=text, back=back)

    @expose("/tokens/<name:token_id>/revoke", methods=["POST"])
    @may("look")
    def revoke_token(self, token_id):
        return access.revoke_token(auth.current_user().name, token_id, back=url_for(".index"))
