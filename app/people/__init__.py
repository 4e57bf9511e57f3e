"""Persons, their memberships, accounts, roles and sign-in.

Words: person = người · officer = cán bộ khuyến công · collaborator = cộng tác viên
membership = nơi công tác, mạng lưới · account = tài khoản · role = vai trò
Invariants: a person is not an account; several memberships at once, each dated, one of them
primary; a merge moves nothing (`Person.current_id` points to the survivor); names are NFC.
"""
