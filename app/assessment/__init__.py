"""Quizzes and in-lesson questions as learners answer them: attempts, responses, marks.

Words: attempt = lượt làm bài · response = câu trả lời · mark = điểm · deadline = hạn nộp
Invariants: an attempt is drawn and shuffled once, on the server; its deadline is the
server's; a save can be repeated; a closed attempt is never reopened or marked again.
"""
