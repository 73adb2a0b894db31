"""The base of all pages: a flask-admin view in our own frame."""

from flask_admin import BaseView


class Page(BaseView):
    """One page module's routes under one address."""

    in_menu = True
    icon = ""

    def is_visible(self):
        return self.in_menu

    def _run_view(self, view, *args, **kwargs):
        # flask-admin's own version swallows every TypeError of a view and calls it again with other arguments
        return view(self, *args, **kwargs)
