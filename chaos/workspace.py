"""The workspace of a chaos: a mail a day within an hour, two ways to sales, deadlines that are soon over."""

from pathlib import Path

STEPS = 5
HOT = "Demo Requested"
"""The event that hands a lead over at once."""
PRICING, DOCS = "/pricing", "/docs"
"""Pages that signals count: `pricing` and `docs`."""
OPENS, CLOSES = "09:00", "10:00"
"""Between these hours of its own zone a lead gets its mail."""
ZONES = ("Pacific/Auckland", "Europe/Berlin", "America/New_York")

AGREEMENT = f"""\
company:
  name: Acme
  address: 1 Main Street, Springfield
  sender: Ada <ada@news.acme.example>
  reply_to: ada@acme.example
  timezone: UTC
notify: [webhook, email]
limits: {{per_7_days: 7, per_30_days: 30}}
signals:
  pricing: {{when: {{page: "{PRICING}*"}}, points: 20}}
  docs: {{when: {{page: "{DOCS}*"}}, points: 1}}
  demo: {{when: {{track: "{HOT}"}}, hand_raise: true}}
half_life: 14 days
horizon: 90 days
qualify:
  - {{grades: [A, B, C, D], score: 50}}
reject_reasons:
  not_ready: {{label: Not ready, then: nurture}}
sla:
  hours: {{days: mon-sun, from: "08:00", to: "20:00", timezone: UTC}}
  accept_within: 2 days
  first_attempt_within: 3 days
  attempts: {{count: 2, within: 14 days}}
  outcome_within: 90 days
  hand_raise: {{accept_within: 1 day}}
  on_breach: [remind, escalate, return_to_nurture]
  manager: boss@acme.example
assign:
  - {{to: [rep.one@acme.example, rep.two@acme.example]}}
"""
CAMPAIGN = f"""\
name: Daily
status: live
enroll: {{unready: true, reasons: [not_ready, no_follow_up, unreachable, no_outcome]}}
cadence: {{every: 1 day, days: mon-sun, hours: "{OPENS}-{CLOSES}"}}
steps:
"""
LETTER = """\
---
subject: "Hello {{ lead.first_name | default('there') }}"
preheader: "A short one."
---
<html lang="en"><body><p>Hello {{ lead.company | default('you') }}. <a href="https://acme.example/x">Read on</a></p>
<p>FILLER</p></body></html>
"""
FILLER = "Words that make the letter as long as letters are. " * 100


def write_workspace(root: Path) -> Path:
    """Write it below this folder, which is made."""
    (root / "campaigns").mkdir(parents=True)
    (root / "templates/daily").mkdir(parents=True)
    steps = [f"s{number}" for number in range(1, STEPS + 1)]
    (root / "campaigns/agreement.yaml").write_text(AGREEMENT)
    lines = "".join(f"  - {{id: {step}, email: daily/{step}}}\n" for step in steps)
    (root / "campaigns/daily.yaml").write_text(CAMPAIGN + lines)
    for step in steps:
        (root / f"templates/daily/{step}.html").write_text(LETTER.replace("FILLER", FILLER))
    return root
