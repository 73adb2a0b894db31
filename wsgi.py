"""The console as a WSGI application: `gunicorn wsgi:app`."""

from console import create_app
from console.garbage import keep_out_of_collections

app = create_app()
keep_out_of_collections()
