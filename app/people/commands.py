"""Commands on people: create, role, invite."""

from __future__ import annotations

import click
from flask import current_app
from flask.cli import AppGroup

from app.kernel import clock
from app.kernel.commandline import fail, in_transaction
from app.kernel.words import read_date
from app.organization.models import Unit
from app.organization.queries import unit_by_code
from app.people import actions, queries, rules
from app.people.models import Person

people = AppGroup("people", help="Persons, their places and roles.")


def _unit(code: str) -> Unit:
    return unit_by_code(code) or fail(f"Không có đơn vị mang mã {code}.")


def _person(name: str) -> Person:
    account = queries.account_for(name)
    return account.person if account else fail(f"Không có tài khoản {name}.")


@people.command("create")
@click.argument("full_name")
@click.option("--unit", "unit_code", required=True, help="Code of the unit.")
@click.option("--staff-code", default="", help="Left out: the product makes one.")
@click.option(
    "--kind",
    type=click.Choice(list(rules.MEMBERSHIP_NAMES)),
    default="officer",
    help="What the person is in the unit.",
)
@click.option("--position", default="", help="The post, as printed.")
@click.option("--birth-date", default="", help="dd/mm/yyyy")
@click.option("--email", default="", help="One can sign in with it.")
@click.option("--phone", default="", help="One can sign in with it.")
@in_transaction
def create(
    full_name: str,
    unit_code: str,
    staff_code: str,
    kind: str,
    position: str,
    birth_date: str,
    email: str,
    phone: str,
) -> None:
    """Register a person in a unit and print the staff code."""
    now = clock.now()
    born = read_date(birth_date) if birth_date else None
    if birth_date and born is None:
        fail(f"Ngày sinh không đọc được: {birth_date}")
    person = actions.register_person(
        full_name=full_name,
        staff_code=staff_code,
        birth_date=born,
        email=email,
        phone=phone,
        now=now,
    )
    actions.join_unit(
        person,
        _unit(unit_code),
        kind=kind,
        position=position,
        is_primary=True,
        starts_on=clock.today(),
        now=now,
    )
    click.echo(person.staff_code)


@people.command("role")
@click.argument("sign_in_name")
@click.argument("role", type=click.Choice(["trainer", "manager", "administrator"]))
@click.option("--unit", "unit_code", required=True, help="Code of the unit.")
@in_transaction
def role(sign_in_name: str, role: str, unit_code: str) -> None:
    """Give a role in a unit and all below it."""
    actions.grant_role(
        _person(sign_in_name), role, _unit(unit_code), by=None, within=None, now=clock.now()
    )


@people.command("invite")
@click.argument("sign_in_name")
@in_transaction
def invite(sign_in_name: str) -> None:
    """Print a one-time link with which a person sets a password."""
    token = actions.invite(_person(sign_in_name), purpose="password", now=clock.now())
    base = current_app.extensions["settings"].site_url or "http://127.0.0.1:8000"
    click.echo(f"{base}/loi-moi/{token}")
