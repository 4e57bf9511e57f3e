"""The one list engine: a list is declared once and shows itself as page, CSV and XLSX.

columns   what a column is and how its values are shown
filters   one of known values, words, a period of a stated kind of date
listing   the list itself, asked with a scope and the arguments of an address
files     the same rows as CSV and XLSX, formulas defused, the question written inside
Invariants: rows, columns and order are one question's, whatever shape shows them; pages
turn by key, never by offset; a value outside a scope's choices is not there.
"""
