"""Units of the network and their past: ministry, departments, provinces, centres, communes.

Words: unit = đơn vị · parent = đơn vị cấp trên · kind = loại đơn vị · scope = phạm vi quản lý
Invariants: a code names one unit for ever; the tree is free (a parent is any unit) and has no
cycle; a changed name, kind or parent is superseded and stays readable with its dates.
"""
