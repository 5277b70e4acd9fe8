"""A small workspace on disk, a desk over it, and ways to ask the pages."""

import asyncio
import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from nurture.authoring.check import check
from nurture.authoring.preview.application import preview_app
from nurture.authoring.preview.desk import Desk
from nurture.errors import Problem

NOW = datetime(2026, 11, 21, 23, 30, tzinfo=UTC)
BASE = "https://go.acme.example"

AGREEMENT = """
company:
  name: Acme Robotics
  address: 1 Main Street, Springfield, IL 62701, USA
  sender: Ada at Acme <ada@news.acme.example>
  reply_to: ada@acme.example
  timezone: America/Chicago
fit:
  - {name: Decision maker, when: "lead.title | matches('vp|head')", points: 60}
signals:
  pricing_page: {when: {page: "/pricing*"}, points: 60}
  whitepaper: {when: {track: "Whitepaper Downloaded"}, points: 30}
half_life: 14 days
horizon: 90 days
qualify:
  - {grades: [A, B, C], score: 50}
reject_reasons:
  not_ready: {label: Not ready to buy, then: nurture}
sla:
  hours: {days: mon-fri, from: "09:00", to: "17:00", timezone: America/Chicago}
  accept_within: 4 hours
  first_attempt_within: 8 hours
  attempts: {count: 6, within: 14 days}
  outcome_within: 90 days
  manager: boss@acme.example
assign:
  - {to: [rep@acme.example]}
""".lstrip()

CAMPAIGN = """
name: Not ready yet
status: live
enroll:
  reasons: [not_ready, no_follow_up, unreachable, no_outcome]
  unready: true
cadence:
  every: 1 week
  days: [tue, wed, thu]
  hours: "09:00-11:30"
steps:
  - {id: questions, email: not-ready/questions}
  - {id: proof, email: not-ready/proof, when: "lead.industry == 'retail'"}
  - id: roi
    email: not-ready/roi
    variants: {control: not-ready/roi, short: not-ready/roi-short}
  - {id: timing, survey: not-ready/timing, after: 2 weeks}
finish: {after: 60 days, then: rest}
""".lstrip()

LAYOUT = """
<mjml lang="en"><mj-head><mj-style>
  @media (prefers-color-scheme: dark) { p { color: #eeeeee !important; } }
</mj-style></mj-head>
<mj-body><mj-section><mj-column>
{% block content %}{% endblock %}
</mj-column></mj-section></mj-body></mjml>
""".lstrip()


def mail_of(subject: str, text: str, more: str = "") -> str:
    """A mail in MJML with one paragraph; the paragraph is its line 7."""
    return (
        f'---\nsubject: "{subject}"\npreheader: "A word before."\n---\n<mj-text>\n'
        f"<p>Hi {{{{ lead.first_name | default('there') }}}},</p>\n<p>{text}</p>\n</mj-text>\n{more}"
    )


TEMPLATES = {
    "_layout.mjml": LAYOUT,
    "not-ready/questions.mjml": mail_of("Three questions, {{ lead.first_name | default('you') }}", "Which job first?"),
    "not-ready/proof.mjml": mail_of("Proof", "It worked for {{ lead.company }}."),
    "not-ready/roi.mjml": mail_of(
        "One shift or two",
        "What it costs.",
        '<mj-image src="https://acme.example/robot.png" alt="A robot" />'
        '<mj-button href="https://acme.example/roi?a=1&amp;b=2">See the sums</mj-button>\n',
    ),
    "not-ready/roi-short.mjml": mail_of("In short", "It pays."),
    "not-ready/timing.mjml": mail_of(
        "When?",
        "One click.",
        "<mj-button href=\"{{ answer_url('timing', 'now') }}\">Right now</mj-button>\n",
    ),
    "spare/idea.md": '---\nsubject: "Just an idea"\npreheader: "Not sent yet."\n---\nHello, **you**.\n',
}


def workspace(root: Path) -> Path:
    """Write the workspace."""
    write(root / "campaigns/agreement.yaml", AGREEMENT)
    write(root / "campaigns/not-ready.yaml", CAMPAIGN)
    for name, text in TEMPLATES.items():
        write(root / "templates" / name, text)
    return root


def write(path: Path, text: str) -> None:
    """Save a file as an editor does, at a time that differs from the last save's whatever the file system's grain."""
    before = path.stat().st_mtime_ns if path.exists() else 0
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    if path.stat().st_mtime_ns == before:
        os.utime(path, ns=(before + 1_000_000, before + 1_000_000))


def change(path: Path, old: str, new: str) -> str:
    """Put one text for another in a file; gives what stood there before."""
    text = path.read_text("utf-8")
    assert old in text
    write(path, text.replace(old, new, 1))
    return text


def problems(root: Path) -> list[Problem]:
    """What `nurture preview` asks."""
    return check(workspace=root)


def desk_of(root: Path, **given: Any) -> Desk:
    """A desk at which nobody watches: a test looks and checks itself."""
    return Desk(root, now=lambda: NOW, check=problems, base_url=BASE, **given)


def ask(desk: Desk, *paths: str, host: str = "localhost:8025", method: str = "GET") -> Sequence[httpx.Response]:
    """Ask for pages, over ASGI."""

    async def all_of_them() -> list[httpx.Response]:
        transport = httpx.ASGITransport(app=preview_app(desk))
        async with httpx.AsyncClient(transport=transport, base_url=f"http://{host}") as client:
            return [await client.request(method, path) for path in paths]

    return asyncio.run(all_of_them())


def page(desk: Desk, path: str) -> str:
    """The text of a page that is there."""
    (answer,) = ask(desk, path)
    assert answer.status_code == 200, answer.text
    return answer.text
