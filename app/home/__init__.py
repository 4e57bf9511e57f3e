"""The first page of each role, and the public pages.

Words: home = trang chủ
Invariants: a page shows only what works.
"""
