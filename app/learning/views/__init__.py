"""Pages of learning: catalogue, course, lesson, quiz."""

from flask import Blueprint

pages = Blueprint("learning", __name__, template_folder="../templates")

from app.learning.views import catalogue, courses, lessons, quizzes  # noqa: E402, F401
