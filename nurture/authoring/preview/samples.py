"""Leads to look at a mail with, when there is no list at hand: believable ones, and those that mails fail for."""

from dataclasses import dataclass

from nurture.sheets.people import Person


@dataclass(frozen=True, slots=True)
class Sample:
    """One made-up lead: what the URL calls it, and what it is good for."""

    id: str
    what: str
    person: Person


SAMPLES: tuple[Sample, ...] = (
    Sample(
        "complete",
        "everything is known",
        Person(
            "maria.rossi@delmore.example",
            {
                "first_name": "Maria", "last_name": "Rossi", "title": "VP Operations", "company": "Delmore Bottling",
                "country": "US", "timezone": "America/Chicago", "locale": "en-US", "industry": "manufacturing",
                "employees": 480, "source": "website", "owner": "rep.one@acme.example",
            },
        ),
    ),
    Sample("sparse", "only the address is known", Person("office@harbourside.example")),
    Sample(
        "long",
        "long names, one without a space",
        Person(
            "wolfeschlegelsteinhausen@vereinigte.example",
            {
                "first_name": "Maximiliane-Friederike", "last_name": "Wolfeschlegelsteinhausenbergerdorff",
                "title": "Executive Vice President, Global Manufacturing Strategy and Supply Chain Transformation",
                "company": "Vereinigte Donaudampfschifffahrtsgesellschaft Maschinenbau & Anlagentechnik GmbH & Co. KG",
                "country": "US", "timezone": "America/New_York", "locale": "en-US", "industry": "manufacturing",
                "employees": 125_000, "source": "content_syndication",
            },
        ),
    ),
    Sample(
        "hostile",
        "names that try to be code",
        Person(
            "bobby.tables@school.example",
            {
                "first_name": "<script>alert(1)</script>", "last_name": "O'Brien \"Bobby\" & Söhne",
                "title": "</td></table><h1>CEO</h1>", "company": "{{ 7 * 7 }} </mj-text> %s; DROP TABLE lead;--",
                "country": "US", "timezone": "America/Los_Angeles", "industry": "<!--", "employees": 0,
            },
        ),
    ),
    Sample(
        "abroad",
        "another zone, another script",
        Person(
            "sato.haruka@kitahama.example",
            {
                "first_name": "遥", "last_name": "佐藤", "title": "製造部長", "company": "北浜精機株式会社",
                "country": "JP", "timezone": "Asia/Tokyo", "locale": "ja-JP", "industry": "manufacturing",
                "employees": 900, "source": "website",
            },
        ),
    ),
    Sample(
        "british",
        "a retailer in the United Kingdom",
        Person(
            "tom.ashworth@northgate.example",
            {
                "first_name": "Tom", "last_name": "Ashworth", "title": "Head of Logistics",
                "company": "Northgate Stores", "country": "GB", "timezone": "Europe/London", "locale": "en-GB",
                "industry": "retail", "employees": 2200, "source": "website",
            },
        ),
    ),
)  # fmt: skip
