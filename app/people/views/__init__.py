"""Pages of people: signing in, one's account, and the administration of persons."""

from flask import Blueprint

pages = Blueprint("people", __name__, template_folder="../templates")

from app.people.views import accounts, acts, persons, sign_in  # noqa: E402, F401
