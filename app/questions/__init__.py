"""Questions: their grammar, their kinds and their marking. Pure: no tables, no web.

Words: question = câu hỏi · prompt = câu dẫn · choice = phương án · feedback = phản hồi ·
explanation = lời giải · mark = điểm đã chấm · share = tỷ lệ đạt (0 to 1)
Invariants: an id is kept for ever; a choice's key follows from its words, never from its
place; what a learner may see is made by `kinds.learner_view` alone.
"""
