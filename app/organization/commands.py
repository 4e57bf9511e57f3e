"""Commands on units: provinces."""

from __future__ import annotations

import click
from flask.cli import AppGroup

from app.kernel import clock
from app.kernel.commandline import fail, in_transaction
from app.organization import actions, queries

units = AppGroup("units", help="Units of the network.")


@units.command("provinces")
@click.argument("parent_code")
@in_transaction
def provinces(parent_code: str) -> None:
    """Add the 34 provinces and centrally-run cities of today below a unit.

    Running it again adds nothing twice; a province that became a city is changed.
    """
    parent = queries.unit_by_code(parent_code) or fail(f"Không có đơn vị mang mã {parent_code}.")
    added = actions.found_provinces(parent, by=None, now=clock.now())
    click.echo(f"Đã thêm {len(added)} đơn vị cấp tỉnh.")
