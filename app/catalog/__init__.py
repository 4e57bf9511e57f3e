"""Courses: reading a folder, checking, rendering, publishing, versions, search.

Words: course = khóa học · version = phiên bản · lesson = bài học · topic = chủ điểm câu hỏi
theme = chủ đề · periods = tiết · publish = phát hành · draw = rút câu hỏi ·
reminder = nhắc nhở · stale = bản dịch đã cũ
Invariants: a version is immutable and named by the hash of its content; publishing the same
content twice changes nothing, an error changes nothing at all; reading renders nothing; what
is stored as HTML has been sanitised.
"""
