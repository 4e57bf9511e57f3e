"""A synthetic country to measure on: units, people, learning and papers of three years.

Nothing here is real. Every unit is marked as illustration, e-mail addresses end in `.example`,
phone numbers begin with 053, which no network was given, and no account has a password. Names of
provinces and communes are samples: they come from the package vietnamadminunits 1.0.4 (MIT, in
`vendor/`), which is no authority and differs from other public lists in places.

The same seed, number of learners and last day make the same rows on SQLite and on PostgreSQL,
the same signing keys included: whoever knows the seed knows the keys, so never issue anything
real from a seeded site. Rows are written by the tables' own columns, many at a time, as the
rooms' verbs would leave them; tests/seed holds both against each other.
"""
