"""Commands on certificates: prove the registers, revoke, replace."""

from __future__ import annotations

import click
from flask.cli import AppGroup

from app.credentials import actions, codes, queries
from app.credentials.models import Certificate
from app.kernel import clock
from app.kernel.commandline import current_database, fail, in_transaction

certificates = AppGroup("certificates", help="Registers and certificates.")

BY = "dòng lệnh"


def _certificate(typed: str) -> Certificate:
    code = codes.normalized(typed) or fail(f"{typed} is not a code.")
    return queries.by_code(code) or fail(f"No register holds {code}.")


@certificates.command("verify")
def verify() -> None:
    """Check every signature and every register's chain; name the first line that is broken."""
    # Reading only: a long look at the registers must not keep anybody from issuing.
    with current_database().unit_of_work(write=False):
        if problem := queries.first_broken_line():
            fail(problem)
        registers, lines = queries.register_sizes()
    click.echo(f"{lines} certificates in {registers} registers: every line holds.")


@certificates.command("revoke")
@click.argument("code")
@click.option("--reason", required=True, help="Kept in the register.")
@click.option("--decision", default="", help="Number and date of the decision.")
@in_transaction
def revoke(code: str, reason: str, decision: str) -> None:
    """Take a certificate back. Its line and number stay."""
    certificate = _certificate(code)
    actions.revoke(
        certificate, reason=reason, decision=decision, by=None, by_name=BY, now=clock.now()
    )
    click.echo(f"{certificate.register_no} ({certificate.code}) is revoked.")


@certificates.command("reissue")
@click.argument("code")
@click.option("--reason", required=True, help="What was wrong on it; kept in the register.")
@in_transaction
def reissue(code: str, reason: str) -> None:
    """Replace a certificate that was printed wrong: a new line with the words of today."""
    certificate = _certificate(code)
    renewed = actions.reissue(certificate, reason=reason, by=None, by_name=BY, now=clock.now())
    click.echo(
        f"{certificate.register_no} ({certificate.code}) is replaced by "
        f"{renewed.register_no} ({renewed.code})."
    )
