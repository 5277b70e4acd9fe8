"""What one finished mail costs: ours, the usual way, and the least that a compiled template allows.

python -m bench.render — on all shipped templates. *Ours* is `nurture.mail.rendering.render`: the whole message as it
goes to the mail server. *Usual* makes the same mail as most Python programs do: the finished HTML and text as templates
in Jinja's sandbox, links found by a regular expression and signed one by one, the message put together by
`EmailMessage` and written out quoted-printable. The *floor* (`bench.floor_mail`) has the templates' constants
quoted-printable since they were compiled, fills in values, signs once a mail, and checks nothing. The three take turns
within each round; what counts is the processor's time. That ours and the usual way say the same is looked at first.

Then the signatures: RSA 2048, Ed25519, and dkimpy's RSA, on the same mails.
"""

import email
import email.policy
import re
import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from itertools import count
from pathlib import Path

import dkim
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from jinja2.sandbox import SandboxedEnvironment

from bench.alone import run_alone
from bench.floor_mail import maker
from bench.measure import Measured, Options, Target, against, alone
from nurture.facts import PROFILE_FIELDS, Profile
from nurture.mail import links
from nurture.mail.compiling import compile_template
from nurture.mail.context import Letterhead, MailContext
from nurture.mail.dkim import Signer
from nurture.mail.links import MailOfLead, SurveyAnswer, TrackedLink
from nurture.mail.rendering import render
from nurture.mail.template import CompiledTemplate
from nurture.workspace import load_workspace

ROOT = Path(__file__).parents[1]
MICROSECONDS = "µs CPU a mail"
NOW = datetime(2026, 3, 3, 15, tzinfo=UTC)
BASE, SECRET = "https://go.acme.example", "a secret of the bench that is long enough"
MARIA = Profile(
    "k1", "maria@delmore.example", "María", "Rossi", "VP Operations", "Delmore Bottling", "US", "America/Chicago",
    "en-US", "manufacturing", 480, "website",
)  # fmt: skip
_HREF = re.compile(r'href="(https?://[^"]*)"')
_numbers = count(1_000_000)


def context_of(company) -> MailContext:
    letterhead = Letterhead(company.name, company.address, company.sender, company.reply_to, BASE, SECRET)
    return MailContext(letterhead, 1, 2, MARIA, "not-ready", "Not ready yet", "roi", life={"stage": "nurture"})


def ours(template: CompiledTemplate, context: MailContext) -> Callable[[], bytes]:
    return lambda: render(template, replace(context, delivery_id=next(_numbers)), NOW).data


def usual(template: CompiledTemplate, context: MailContext) -> Callable[[], bytes]:
    pages, texts = SandboxedEnvironment(autoescape=True), SandboxedEnvironment()
    html, text = pages.from_string(template.html.source.text), texts.from_string(template.text.source.text)
    subject = texts.from_string(template.subject.source.text)
    head = context.letterhead
    known = {name: value for name in PROFILE_FIELDS if (value := getattr(MARIA, name)) is not None}
    shared = {
        "company": {"name": head.company, "address": head.address},
        "campaign": {"id": context.campaign_id, "name": context.campaign_name},
        "step": {"id": context.step_id},
        "lead": {**known, "email": MARIA.email, "stage": "nurture"},
        **{f"_link_{number}": url or BASE for number, url in enumerate(template.links)},
    }

    def make() -> bytes:
        number = next(_numbers)
        mail = MailOfLead(number, context.lead_id)
        leave = f"{BASE}/u/{links.unsubscribe_token(SECRET, mail)}"
        values = {
            **shared,
            "unsubscribe_url": leave,
            "preferences_url": f"{BASE}/p/{links.preferences_token(SECRET, mail)}",
            "answer_url": lambda question, answer: (
                BASE + f"/a/{links.answer_token(SECRET, SurveyAnswer(number, context.lead_id, question, answer))}"
            ),
            "_link": lambda _number, parts: "".join(map(str, parts)),
            "_open_url": f"{BASE}/o/{links.open_token(SECRET, mail)}.gif",
        }
        values["subject"] = subject.render(values)
        places = count(1)

        def track(found: re.Match[str]) -> str:
            if found[1].startswith(BASE):
                return found[0]
            link = TrackedLink(number, context.lead_id, next(places), found[1])
            return f'href="{BASE}/c/{links.link_token(SECRET, link)}"'

        message = EmailMessage(policy=SMTP.clone(max_line_length=998))
        message["From"], message["To"] = str(head.sender), f"{MARIA.first_name} {MARIA.last_name} <{MARIA.email}>"
        message["Reply-To"], message["Subject"], message["Date"] = head.reply_to, values["subject"], NOW
        message["Message-ID"] = links.message_id(SECRET, number, "news.acme.example")
        message["List-Unsubscribe"], message["List-Unsubscribe-Post"] = f"<{leave}>", "List-Unsubscribe=One-Click"
        message["List-Id"], message["Feedback-ID"] = "<not-ready.news.acme.example>", "not-ready:roi:nurture:news"
        message.set_content(text.render(values), cte="quoted-printable")
        message.add_alternative(_HREF.sub(track, html.render(values)), subtype="html", cte="quoted-printable")
        return message.as_bytes()

    return make


def floor(template: CompiledTemplate, context: MailContext) -> Callable[[], bytes]:
    head = context.letterhead
    lead = {name: value for name in PROFILE_FIELDS if (value := getattr(MARIA, name)) is not None}
    lead |= {"email": MARIA.email, "stage": "nurture", "id": context.lead_id}
    make = maker(template, {"name": head.company, "address": head.address})
    return lambda: make(next(_numbers), lead)


def signing(mail: bytes) -> dict[str, Callable[[], bytes]]:
    rsa, ed = generate_private_key(65537, 2048), Ed25519PrivateKey.generate()
    pem = rsa.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    by_rsa, by_ed = Signer("acme.example", (("s", rsa),)), Signer("acme.example", (("s", ed),))
    return {
        "rsa-2048": lambda: by_rsa.signed(mail, 1772550000),
        "ed25519": lambda: by_ed.signed(mail, 1772550000),
        "dkimpy-rsa-2048": lambda: dkim.sign(mail, b"s", b"acme.example", pem, canonicalize=(b"relaxed", b"simple")),
    }


def said(data: bytes) -> list[str]:
    """What a reader sees of both parts, without the tokens of links."""
    message = email.message_from_bytes(data, policy=email.policy.default)
    parts = [part.get_content() for part in message.iter_parts()]
    return [
        " ".join(re.sub(rf"{BASE}(?:/\w/[\w.-]+)?|https://acme\.example[^\s\"<]*", "URL", part).split())
        for part in parts
    ]


def measured(ways: Sequence[Callable[[], bytes]], mails: int) -> list[float]:
    """Microseconds of the processor a mail, for each way; they take turns, a few mails at a time."""
    spent = [0.0] * len(ways)
    for _ in range(mails // 5):
        for place, way in enumerate(ways):
            began = time.process_time()
            for _ in range(5):
                way()
            spent[place] += time.process_time() - began
    return [1e6 * seconds / (mails // 5 * 5) for seconds in spent]


def measure(options: Options) -> Iterable[Measured]:
    """Every template, all three ways; then the signatures."""
    workspace = load_workspace(ROOT)
    context = context_of(workspace.agreement.company)
    files = list(workspace.templates.values())[: 2 if options.quick else None]
    templates = [compile_template(file, workspace.partials) for file in files]
    makers = [[way(template, context) for way in (ours, usual, floor)] for template in templates]
    for own, theirs, _ in makers:
        if said(own()) != said(theirs()):
            raise RuntimeError("the two ways do not say the same")
    size = sum(len(own()) for own, _, _ in makers) // len(makers)
    rounds = []
    for _ in range(options.runs):
        found = [measured(each, options.number("mails", 10, 5)) for each in makers]
        rounds.append([statistics.mean(column) for column in zip(*found, strict=True)])
    own, theirs, least = ([one[way] for one in rounds] for way in range(3))
    more = {"octets": size, "templates": len(templates)}
    yield against("render", own, least, MICROSECONDS, target=Target(most=1.5), more=more)
    yield against(
        "render.usual", theirs, own, MICROSECONDS, target=Target(least=15), note="sandbox, EmailMessage, by ours"
    )
    for name, sign in signing(makers[0][0]()).items():
        yield alone(f"sign.{name}", [measured([sign], 5 if options.quick else 20)[0] for _ in rounds], MICROSECONDS)


if __name__ == "__main__":
    run_alone(measure, __doc__)
