"""What SpamAssassin says of the workspace's mails, as they would be sent, without asking the network."""

import re
import subprocess
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from shutil import which
from tempfile import TemporaryDirectory

from nurture.authoring.templates.codes import LIKE_SPAM, SPAM
from nurture.authoring.templates.samples import OWN_FIELD, TYPICAL, own_fields, sample
from nurture.authoring.templates.telling import problem, warning
from nurture.errors import NotFound, Problem, TemplateError
from nurture.mail.compiling import compile_template
from nurture.mail.front_matter import read_front_matter
from nurture.mail.pieces import file_of
from nurture.mail.rendering import render
from nurture.workspace import Reading, TemplateFile

NOTICED, TAKEN_FOR_SPAM = 1.0, 5.0
"""Points. From five on SpamAssassin itself calls a mail spam; a plain and honest one has none."""
_SENT_AT = datetime(2026, 1, 6, 10, tzinfo=UTC)
_PROGRAM = "spamassassin"
_POINTS = re.compile(r" *\((-?[\d.]+) points")
_RULE = re.compile(r"^ *(?P<points>-?[\d.]+) (?P<name>[A-Z_0-9]+) +(?P<what>.*)", re.MULTILINE)


def spam_problems(reading: Reading) -> Iterator[Problem]:
    """Give each mail that a spam filter notices, at its subject, with the rules that noticed it.

    Mails that cannot be made are left to the other checks.

    Raises:
        NotFound: SpamAssassin is not installed, or does not run.
    """
    mails: dict[str, bytes] = {}
    for name, file in reading.templates.whole.items():
        try:
            mails[name] = _mail(reading, file)
        except TemplateError:
            continue
    for name, (points, rules) in points_of(mails).items():
        if points < NOTICED:
            continue
        file = reading.templates.whole[name]
        place = read_front_matter(file.text, file_of(file)).subject.place
        said = f"SpamAssassin gives this mail {points:.1f} points: {'; '.join(rules)}"
        if points >= TAKEN_FOR_SPAM:
            yield problem(SPAM, place, said, f"{TAKEN_FOR_SPAM:.0f} points and more are spam")
        else:
            yield warning(LIKE_SPAM, place, said, f"{TAKEN_FOR_SPAM:.0f} points are spam; a plain mail has none")


def points_of(mails: Mapping[str, bytes]) -> dict[str, tuple[float, list[str]]]:
    """Give the points of each mail and what gave them, the worst first.

    Raises:
        NotFound: SpamAssassin is not installed, or does not run.
    """
    if which(_PROGRAM) is None:
        raise NotFound("SpamAssassin is not installed; on Debian: apt install spamassassin")
    if not mails:
        return {}
    with TemporaryDirectory() as folder:
        paths = [Path(folder, f"{n}.eml") for n in range(len(mails))]
        for path, data in zip(paths, mails.values(), strict=True):
            path.write_bytes(data)
        # One process for all: it takes longer to begin than to read a hundred mails.
        command = [_PROGRAM, "--local", "--test-mode", "--nocreate-prefs", "--cf=report_safe 0", *map(str, paths)]
        done = subprocess.run(command, capture_output=True, check=False)
    reports = done.stdout.decode(errors="replace").split("Content analysis details:")[1:]
    if len(reports) != len(mails):
        why = done.stderr.decode(errors="replace").strip().partition("\n")[0] or "it said nothing of some mails"
        raise NotFound(f"SpamAssassin does not run: {why}")
    return {name: _read(report) for name, report in zip(mails, reports, strict=True)}


def _read(report: str) -> tuple[float, list[str]]:
    points = _POINTS.match(report)
    found = sorted(_RULE.finditer(report), key=lambda rule: -float(rule["points"]))
    rules = [
        f"{rule['what'].strip()} ({rule['name']}, {rule['points']})" for rule in found if float(rule["points"]) > 0
    ]
    return (float(points[1]) if points else 0.0), rules


def _mail(reading: Reading, file: TemplateFile) -> bytes:
    template = compile_template(file, reading.templates.partials)
    company = reading.agreement.company if reading.agreement else None
    own = dict.fromkeys(own_fields(template.names), OWN_FIELD)
    return render(template, sample(TYPICAL, own, company), _SENT_AT).data
