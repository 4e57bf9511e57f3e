"""One invented province's story: named people in every state that a screen can show.

For the demo, for screenshots and for tests by hand. Every unit and person is invented and the
units are marked as illustration. Everything is made through the verbs of the rooms, at moments
counted back from `now`: the same `now` tells the same story (codes, keys and salts, which must
not be guessed, apart). Nobody has a password: one-click sign-in serves the demo.
"""

from app.demo.making import make

__all__ = ["make"]
