"""The question grammar, its kinds and their marking: pure, no tables.

Words: question = câu hỏi · prompt = câu dẫn · choice = phương án · feedback = phản hồi
explanation = lời giải · mark = điểm · share = tỷ lệ đạt (0 to 1)
Invariants: an id is kept for ever; a choice's key follows from its words, never from its
place; a learner's view of a question holds no right answer and no feedback
(`kinds.learner_view` alone makes it).
"""
