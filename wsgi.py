"""The WSGI entry point: any WSGI server can run `wsgi:app`."""

from app import create_app

app = create_app()
