"""A learner's way through a course: enrollment, progress, completion.

Words: enrollment = ghi danh · round = lượt học · progress = tiến độ · completion = hoàn thành
Invariants: one enrollment a person, course and round; a completion is never undone, only its
certificate can be revoked (see credentials).
"""
