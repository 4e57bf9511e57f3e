"""Faults: real processes are killed while virtual people work, and a book proves the tables.

`bin/faults` runs a campaign (docs/building/faults.md); `test_book.py` proves that the book's
comparison can fail.
"""
