"""Figures, lists and exports for managers, and a learner's own training record.

Words: report = báo cáo · list = danh sách · export = xuất · period = kỳ
Invariants: what you see is what you export; every row is inside the asker's own units; an
export is recorded with who, when, filter and a hash of its rows. Writes nothing else.
"""
