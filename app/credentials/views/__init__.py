"""Pages of certificates: one's own, the check that is open to all, and the managers' desk."""

from flask import Blueprint

pages = Blueprint("credentials", __name__, template_folder="../templates")

from app.credentials.views import checking, life, own, recognition, standing  # noqa: E402, F401
