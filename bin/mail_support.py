"""Make `nurture/authoring/templates/support.json` from the data of caniemail.com.

    .venv/bin/python bin/mail_support.py caniemail.json > nurture/authoring/templates/support.json

The data is `data/caniemail.json` of the npm package `caniemail`, or `api/data.json` of caniemail.com itself (both MIT).
Kept is, of the features that `features.py` looks for, in which of the large mail programs they do nothing by now.
"""

import json
import sys
from pathlib import Path

from nurture.authoring.templates.features import FEATURES

PROGRAMS = {
    "gmail": ("desktop-webmail", "ios", "android"),
    "outlook": ("windows", "outlook-com", "macos", "ios"),
    "apple-mail": ("macos", "ios"),
    "yahoo": ("desktop-webmail", "ios", "android"),
}


def main(path: str) -> None:
    """Write the table to stdout."""
    whole = json.loads(Path(path).read_text("utf-8"))
    known = {feature["slug"]: feature for feature in whole["data"]}
    table = {slug: lacking(known[slug]["stats"]) for slug in sorted({feature.slug for feature in FEATURES})}
    source = {
        "source": "https://www.caniemail.com, by Rémi Parmentier and contributors",
        "licence": "MIT",
        "as_of": whole["last_update_date"][:10],
    }
    json.dump({**source, "lacking": table}, sys.stdout, indent=1, ensure_ascii=False)
    sys.stdout.write("\n")


def lacking(stats: dict[str, dict[str, dict[str, str]]]) -> list[str]:
    """The programs of which the latest version that was tested does nothing with a feature."""
    return [
        f"{program}.{platform}"
        for program, platforms in PROGRAMS.items()
        for platform in platforms
        if (tested := stats.get(program, {}).get(platform)) and list(tested.values())[-1].startswith("n")
    ]


if __name__ == "__main__":
    main(sys.argv[1])
