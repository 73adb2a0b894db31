"""The console as a WSGI application: `gunicorn wsgi:app`."""

from console import create_app

app = create_app()
