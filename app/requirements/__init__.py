"""Required training: which unit asks which course of its people, and by when.

Words: requirement = yêu cầu bồi dưỡng · due = hạn hoàn thành · assign = giao học
Invariants: a requirement reaches the unit's people and those of all units below it, whoever
they are on the day of asking; withdrawing it is dated, never a deletion.
"""
