"""Recognition of completions and the certificates that follow: register, signature, PDF, checking.

Words: recognition = công nhận kết quả · certificate = giấy chứng nhận · register = sổ cấp
register number = số vào sổ · issue = cấp · revoke = thu hồi · standing decision = quyết định
giao công nhận thường xuyên
Invariants: completed, recognised and certified are three facts; a number is never skipped or
reused; what was printed is frozen, signed and never edited, only superseded by events.
"""
