"""Courses: reading a folder, checking, rendering, publishing, versions, search.

Words: course = khóa học · lesson = bài · version = phiên bản · draw = rút câu hỏi ·
reminder = nhắc nhở · stale = bản dịch đã cũ
Invariants: a course with an error is never published; a version is never edited and is
named by its content; what is stored as HTML has been sanitised.
"""
