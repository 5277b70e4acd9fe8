"""Make-believe leads: who they are, where they work, how far sales got with them. A function of the seed."""

import csv
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime, timedelta
from pathlib import Path

from nurture.local.chance import Chance
from nurture.local.names import COMPANY_NAMES, EMPLOYEES, INDUSTRIES, REGIONS, TITLES, Region

PEOPLE = 250
_PER_COMPANY = 2
_SOURCES: Mapping[str, float] = {"website": 6, "content_syndication": 3, "trade_fair": 1}
_STANDING: Mapping[str, float] = {"refused": 68, "inquiry": 29, "customer": 3}
_REASONS: Mapping[str, float] = {
    "not_ready": 42, "no_follow_up": 14, "unreachable": 12, "wrong_person": 10, "no_budget": 14, "student": 3,
    "competitor": 3, "already_mine": 2,
}  # fmt: skip
"""How often sales gives a reason of the shipped agreement; one of another agreement weighs `_OTHER`."""
_OTHER = 10.0
_GONE = "+refuse"
"""Some have left their company. So ends an address that the local mailbox refuses: no such mailbox."""
_REFUSED_BEFORE = (timedelta(days=1), timedelta(days=21))
_REFUSED_BEFORE_A_WAIT = (timedelta(days=20), timedelta(days=88))
"""How long before the demo begins; a reason with a long `wait` was given earlier, so that the wait ends on the way."""


@dataclass(frozen=True, slots=True)
class Person:
    """One row of the CSV, in the columns of `nurture leads import`."""

    email: str
    first_name: str
    last_name: str
    title: str
    company: str
    country: str
    timezone: str
    industry: str
    employees: str
    source: str
    stage: str = ""
    reject_reason: str = ""
    rejected_at: str = ""


@dataclass(frozen=True, slots=True)
class _Company:
    name: str
    domain: str
    industry: str
    employees: int
    region: Region


def make_people(seed: int, reasons: Mapping[str, bool], begins_at: datetime, count: int = PEOPLE) -> list[Person]:
    """Make-believe leads, each address once.

    Args:
        seed: the same gives the same people.
        reasons: reject reasons that sales may have given, and whether leads wait for long after it.
        begins_at: when the demo begins; whoever was refused was refused before.
        count: how many.
    """
    chance = Chance(seed)
    companies = [_company(chance, n) for n in range(max(1, count // _PER_COMPANY))]
    people: dict[str, Person] = {}
    n = 0
    while len(people) < count:
        person = _person(chance, n, chance.one_of(companies, "employer", n), reasons, begins_at)
        people.setdefault(person.email, person)
        n += 1
    return list(people.values())


def write_csv(people: Sequence[Person], path: Path) -> None:
    """Write the file that `nurture leads import` reads."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, [field.name for field in fields(Person)])
        writer.writeheader()
        writer.writerows(asdict(person) for person in people)


def _company(chance: Chance, n: int) -> _Company:
    region = chance.weighed({region.country: region.weight for region in REGIONS}, "country", n)
    industry = chance.weighed({name: weight for name, (weight, _) in INDUSTRIES.items()}, "industry", n)
    name = f"{chance.one_of(COMPANY_NAMES, 'company', n)} {chance.one_of(INDUSTRIES[industry][1], 'business', n)}"
    size = chance.weighed({row: row[0] for row in EMPLOYEES}, "size", n)
    return _Company(
        name=name,
        domain=f"{_ascii(name)}.example",
        industry=industry,
        employees=size[1] + chance.number(size[2] - size[1], "employees", n),
        region=next(one for one in REGIONS if one.country == region),
    )


def _person(chance: Chance, n: int, company: _Company, reasons: Mapping[str, bool], begins_at: datetime) -> Person:
    region = company.region
    first = chance.one_of(region.first_names, "first name", n)
    last = chance.one_of(region.last_names, "last name", n)
    studies = company.industry == "education" and chance.happens(0.4, "studies", n)
    reason, refused_at = _refusal(chance, n, reasons, begins_at)
    standing = chance.weighed(_STANDING, "standing", n)
    is_refused = standing == "refused" and reason is not None
    gone = _GONE if chance.happens(0.006, "gone", n) else ""
    return Person(
        email=f"{_ascii(first)}.{_ascii(last)}{gone}@{company.domain}",
        first_name=first,
        last_name=last,
        title="Student" if studies else chance.weighed(TITLES, "title", n),
        company=company.name,
        country=region.country,
        timezone="" if chance.happens(0.08, "no zone", n) else chance.weighed(region.zones, "zone", n),
        industry=company.industry,
        employees="" if chance.happens(0.1, "no size", n) else str(company.employees),
        source=chance.weighed(_SOURCES, "source", n),
        stage="customer" if standing == "customer" else "",
        reject_reason=reason or "" if is_refused else "",
        rejected_at=refused_at.isoformat() if is_refused else "",
    )


def _refusal(chance: Chance, n: int, reasons: Mapping[str, bool], begins_at: datetime) -> tuple[str | None, datetime]:
    """Why and when sales would have refused this person."""
    if not reasons:
        return None, begins_at
    reason = chance.weighed({code: _REASONS.get(code, _OTHER) for code in reasons}, "reason", n)
    latest, earliest = _REFUSED_BEFORE_A_WAIT if reasons[reason] else _REFUSED_BEFORE
    minutes = (earliest - latest) // timedelta(minutes=1)
    return reason, begins_at - latest - timedelta(minutes=chance.number(minutes, "refused", n))


def _ascii(text: str) -> str:
    """A name as it stands in an address: `Böhm` → `bohm`, `Cold Chain` → `cold-chain`."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return "-".join("".join(letter if letter.isalnum() else " " for letter in plain.replace("'", "")).split())
