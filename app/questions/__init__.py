"""The question grammar, its kinds and their marking: pure, no tables.

Words: question = câu hỏi · prompt = đề bài · choice = phương án · feedback = nhận xét
explanation = lời giải · mark = điểm
Invariants: a learner's view of a question holds no right answer and no feedback.
"""
