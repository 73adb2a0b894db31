"""A person with a browser, as far as the test client of Flask goes."""

import re

PASSWORD = "correct horse battery"
_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


class Visitor:
    """One browser on one console: keeps cookies, takes the CSRF token from the page it last saw."""

    def __init__(self, app, **environ):
        self.client = app.test_client()
        self.environ = environ
        self.token = None

    def get(self, path, **options):
        return self._seen(self.client.get(path, environ_overrides=self.environ, **options))

    def post(self, path, data=None, **options):
        """Sends a form with the token of the last page seen."""
        form = {"csrf_token": self.token or "", **(data or {})}
        return self._seen(self.client.post(path, data=form, environ_overrides=self.environ, **options))

    def log_in(self, name, password=PASSWORD, next=""):
        """The answer to the login form; afterwards the token is that of the page one lands on."""
        self.get("/login")
        answer = self.post("/login", {"name": name, "password": password, "next": next})
        if answer.status_code == 303:
            self.get(answer.location.removeprefix(self.environ.get("SCRIPT_NAME", "")))
        return answer

    def _seen(self, answer):
        if found := _TOKEN.search(answer.get_data(as_text=True)):
            self.token = found[1]
        return answer
