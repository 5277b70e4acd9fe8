"""What make-believe leads are called and where they work. All invented; domains end in `.example` (RFC 2606)."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Region:
    """A country where leads live: how many of them, its zones by weight, what people are called there."""

    country: str
    weight: float
    zones: Mapping[str, float]
    first_names: tuple[str, ...]
    last_names: tuple[str, ...]


_ENGLISH_FIRST = (
    "Abigail", "Aaron", "Alice", "Andre", "Angela", "Anthony", "Beth", "Brian", "Carla", "Carlos", "Cheryl", "Colin",
    "Dana", "Daniel", "Denise", "Derek", "Diane", "Elena", "Emma", "Eric", "Faith", "Frank", "Gail", "Gordon", "Grace",
    "Hannah", "Harold", "Heather", "Ian", "Irene", "Jamal", "Janet", "Jared", "Joan", "Keisha", "Kenneth", "Laura",
    "Leon", "Linda", "Marcus", "Maria", "Megan", "Miguel", "Naomi", "Nathan", "Olivia", "Owen", "Patrice", "Paul",
    "Priya", "Rachel", "Raymond", "Rosa", "Ruth", "Samuel", "Sandra", "Sean", "Tanya", "Terrence", "Victor", "Wendy",
)  # fmt: skip
_ENGLISH_LAST = (
    "Abbott", "Adeyemi", "Alvarez", "Atkins", "Baxter", "Bennett", "Boyd", "Brennan", "Calloway", "Chandler", "Chen",
    "Coleman", "Cortez", "Dalton", "Delgado", "Doyle", "Ellison", "Farrell", "Fletcher", "Gallagher", "Garner",
    "Griffith", "Hargrove", "Hollis", "Huang", "Ibarra", "Jennings", "Keller", "Kim", "Lambert", "Lowery", "Maddox",
    "Marsh", "McBride", "Mendoza", "Nakamura", "Nolan", "O'Hara", "Okafor", "Osborne", "Palmer", "Patel", "Pearce",
    "Quinn", "Ramsey", "Reyes", "Rollins", "Salazar", "Sheppard", "Singh", "Stafford", "Tucker", "Underwood", "Vance",
    "Walsh", "Whitaker", "Winslow", "Yates", "Zimmerman",
)  # fmt: skip
_GERMAN_FIRST = (
    "Anke",
    "Björn",
    "Claudia",
    "Dirk",
    "Eva",
    "Florian",
    "Gisela",
    "Heiko",
    "Jörg",
    "Katrin",
    "Lars",
    "Ute",
)
_GERMAN_LAST = (
    "Ackermann",
    "Böhm",
    "Dietrich",
    "Engel",
    "Frühauf",
    "Günther",
    "Hartwig",
    "Kröger",
    "Lindner",
    "Schäfer",
)
_FRENCH_FIRST = ("Amélie", "Benoît", "Chloé", "Denis", "Élodie", "François", "Hélène", "Jérôme", "Margaux", "Rémi")
_FRENCH_LAST = ("Aubert", "Besson", "Carpentier", "Delorme", "Fabre", "Girard", "Lefèvre", "Mercier", "Roussel")
_DUTCH_FIRST = ("Anouk", "Bram", "Daan", "Femke", "Joost", "Lotte", "Maarten", "Sanne", "Sjoerd", "Wietske")
_DUTCH_LAST = ("de Boer", "Dekker", "Hoekstra", "Jansen", "Kuipers", "van Dijk", "van der Meer", "Vermeulen", "Visser")

REGIONS: tuple[Region, ...] = (
    Region(
        "US",
        0.60,
        {"America/New_York": 4, "America/Chicago": 4, "America/Denver": 1, "America/Los_Angeles": 3},
        _ENGLISH_FIRST,
        _ENGLISH_LAST,
    ),
    Region("CA", 0.10, {"America/Toronto": 3, "America/Vancouver": 1}, _ENGLISH_FIRST + _FRENCH_FIRST, _ENGLISH_LAST),
    Region("GB", 0.13, {"Europe/London": 1}, _ENGLISH_FIRST, _ENGLISH_LAST),
    Region("IE", 0.03, {"Europe/Dublin": 1}, _ENGLISH_FIRST, _ENGLISH_LAST),
    Region("DE", 0.08, {"Europe/Berlin": 1}, _GERMAN_FIRST, _GERMAN_LAST),
    Region("FR", 0.03, {"Europe/Paris": 1}, _FRENCH_FIRST, _FRENCH_LAST),
    Region("NL", 0.03, {"Europe/Amsterdam": 1}, _DUTCH_FIRST, _DUTCH_LAST),
)

INDUSTRIES: Mapping[str, tuple[float, tuple[str, ...]]] = {
    "manufacturing": (
        5,
        ("Castings", "Fasteners", "Gearworks", "Metalform", "Precision", "Stampings", "Tooling"),
    ),
    "logistics": (3, ("Cold Chain", "Distribution", "Forwarding", "Freight", "Fulfilment", "Parcel", "Warehousing")),
    "retail": (2, ("Grocers", "Home Stores", "Hardware", "Outfitters", "Pet Supply", "Sports")),
    "food": (2, ("Bakeries", "Bottling", "Brewing", "Dairy", "Foods", "Mills", "Orchards")),
    "pharmaceuticals": (1, ("Biologics", "Diagnostics", "Laboratories", "Pharma")),
    "packaging": (1, ("Cartons", "Containers", "Labels", "Packaging")),
    "education": (0.6, ("College of Engineering", "Institute of Technology", "Polytechnic")),
}
"""Industries: their weight, and what companies in them call themselves."""

COMPANY_NAMES: tuple[str, ...] = (
    "Alderbrook", "Amberley", "Ashgrove", "Barrow Hill", "Bellwether", "Birchfield", "Blackthorn", "Bramwell",
    "Bridgeport Bay", "Calder", "Cedar Fork", "Clearwater Bend", "Copperline", "Corvane", "Crestmoor", "Dunmore",
    "Eastmarch", "Elmstead", "Fairhollow", "Fenwick Lane", "Foxglove", "Glenhaven", "Granite Ridge", "Greystone Quay",
    "Halvorsen", "Hartsfield", "Hawthorn Row", "Highmeadow", "Ironvale", "Juniper Flats", "Kestrel", "Kingsway North",
    "Lakemont", "Larkspur", "Linden Park", "Longacre", "Maplehurst", "Marlowe", "Millrace", "Northgate", "Oakhanger",
    "Orrin Valley", "Pinecrest", "Quarry Hill", "Ravenswood", "Redfern", "Riverton Cross", "Rookery", "Saltmarsh",
    "Sandpiper", "Silverbirch", "Stonebridge", "Summerlea", "Thistledown", "Thornbury", "Tidewater", "Valebrook",
    "Westerly", "Whitcombe", "Willowmere", "Windrush", "Wolfden", "Wrenfield", "Yarrow",
)  # fmt: skip

TITLES: Mapping[str, float] = {
    "VP Operations": 5, "VP Manufacturing": 3, "Chief Operating Officer": 3, "Chief Technology Officer": 1,
    "Director of Operations": 6, "Director of Supply Chain": 4, "Director of Engineering": 4,
    "Head of Automation": 5, "Head of Logistics": 4, "Head of Production": 4, "Plant Manager": 10,
    "Operations Manager": 9, "Warehouse Manager": 7, "Production Planner": 4, "Process Engineer": 7,
    "Automation Engineer": 7, "Maintenance Supervisor": 4, "Continuous Improvement Lead": 4, "Purchasing Manager": 3,
    "Controls Technician": 3, "Business Analyst": 2, "Student": 3, "": 4,
}  # fmt: skip
"""What leads do for a living, by weight; the empty one left the field blank."""

EMPLOYEES: tuple[tuple[float, int, int], ...] = ((0.22, 8, 60), (0.30, 60, 200), (0.33, 200, 1500), (0.15, 1500, 9000))
"""Sizes of companies: share, from, up to."""
