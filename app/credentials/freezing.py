"""From what is true today to the words of a certificate: names, dates and places as printed."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, timedelta
from typing import Any

from app.credentials import rules
from app.credentials.models import Recognition
from app.credentials.pdf import missing_letters
from app.credentials.signing import FORMAT
from app.credentials.wording import Wording
from app.kernel import site
from app.kernel.clock import local_date
from app.kernel.words import Words, show_date, show_long_date
from app.learning.models import Completion
from app.people.models import Person

CHECK_PATH = "/xac-minh/"


def expires_on(completion: Completion, decision: Recognition, issued_on: date) -> date | None:
    """The first day on which the certificate no longer holds, if the decision confirms one."""
    proposal = (completion.version.certificate or {}).get("valid_months")
    return rules.expiry(issued_on, proposal) if decision.confirms_validity else None


def lacks(completion: Completion, person: Person) -> list[Words]:
    """What must be settled before this completion's certificate can be printed."""
    return rules.lacks(
        born_on=person.birth_date,
        unit=completion.unit_name,
        drawable=not missing_letters(person.full_name + completion.unit_name),
    )


def words_of(
    completion: Completion,
    person: Person,
    decision: Recognition,
    *,
    register_number: str,
    code: str,
    issued_on: date,
) -> Wording:
    """Every printed word, as things are called today. `person` is the survivor of merges."""
    issuer = decision.unit
    ends = expires_on(completion, decision, issued_on)
    head = rules.head_title(decision.signing_for, decision.signer_title)
    return Wording(
        parent=issuer.parent.name if issuer.parent else "",
        issuer=issuer.name,
        authority=f"{head} {issuer.name}",
        honorific=rules.HONORIFICS.get(person.gender, rules.HONORIFICS[""]),
        name=person.full_name,
        born=show_date(person.birth_date),
        unit=completion.unit_name,
        course=completion.version.text("title", "vi"),
        starts=show_date(completion.started_at),
        ends=show_date(completion.completed_at),
        mode=rules.MODES.get(completion.source, ""),
        periods=f"{completion.periods:02d}",
        result=rules.PASSED,
        decision=f"số {decision.decision_number} {show_long_date(decision.decision_date)}",
        expires=show_date(ends - timedelta(days=1)) if ends else "",
        place=issuer.place_name,
        issued=show_long_date(issued_on),
        signing_for=decision.signing_for,
        signer_title=decision.signer_title,
        signer=decision.signer_name,
        register_number=register_number,
        code=code,
        address=site.address(CHECK_PATH + code),
        illustration=issuer.is_illustration,
    )


def statement_of(
    words: Wording, completion: Completion, decision: Recognition, *, number: int, issued_on: date
) -> dict[str, Any]:
    """What is signed: the printed words, and the facts behind them as machines read them."""
    return {
        "format": FORMAT,
        "printed": asdict(words),
        "facts": {
            "issuer": decision.unit.code,
            "year": issued_on.year,
            "number": number,
            "issued_on": issued_on.isoformat(),
            "course": completion.course.slug,
            "course_version": completion.version.content_hash,
            "source": completion.source,
            "started_on": local_date(completion.started_at).isoformat(),
            "completed_on": local_date(completion.completed_at).isoformat(),
            "periods": completion.periods,
            "decision_number": decision.decision_number,
            "decision_date": decision.decision_date.isoformat(),
        },
    }
