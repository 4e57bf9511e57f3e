"""The bench: every page beside floors of its own, on the same server in the same minute.

`bin/bench --help`; what the figures mean is in docs/building/performance.md.

options     what a run was asked for
instances   the seeded installations that runs are copied from, on SQLite and on PostgreSQL
serving     the product's own server with the floors beside its pages; floors are those
driver      the browser: a process of its own that sends requests and notes the times
machine     processor time and memory of processes
world       what pages need: sessions, lessons to finish, attempts to submit, codes to check
pages       every page that is measured
exporting   lists as files
proving     the audit chain read again
measuring   slices of a page and its floors in turn, and what follows from them
section     one database with one size, from start to end
runs        runs as they are kept, and the comparison of two
table       the table for docs/building/performance.md
"""
