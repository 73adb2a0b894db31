"""Programs with tokens in front of a console."""

import pytest

from tests.console.visitor import PASSWORD


class Program:
    """Sends requests with one token and gives the status and the JSON of the answers."""

    def __init__(self, app, text):
        self.client = app.test_client()
        self.headers = {"Authorization": f"Bearer {text}"}

    def get(self, path, **query):
        return self.open("GET", path, query_string=query)

    def post(self, path, **body):
        return self.open("POST", path, json=body)

    def open(self, method, path, **options):
        answer = self.client.open(f"/api/v1{path}", method=method, headers=self.headers, **options)
        assert answer.is_json, answer.get_data(as_text=True)
        return answer.status_code, answer.json


@pytest.fixture
def text_of(engine):
    """Makes a token of a new user and gives its text."""

    def make(role="operator", *, scope=None, queues=(), name="bot", user="ann", **more):
        owner = engine.people.find(user) or engine.people.add(user, PASSWORD, role)
        return engine.people.tokens.create(owner, name, role=scope or role, queues=queues, made_by="test", **more)[1]

    return make


@pytest.fixture
def program(app, text_of):
    return lambda *args, **options: Program(app, text_of(*args, **options))
