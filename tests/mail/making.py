"""Makes templates, mails, and what a reader sees of them; reading is done by the standard library."""

import email
import email.policy
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from textwrap import dedent
from typing import Any

from nurture.facts import Profile
from nurture.grammar.addresses import Mailbox
from nurture.mail.compiling import compile_template
from nurture.mail.context import Letterhead, MailContext
from nurture.mail.rendering import render
from nurture.mail.template import CompiledTemplate
from nurture.messages import Mail
from nurture.workspace import TemplateFile

SECRET = "a secret of the tests"
BASE = "https://go.acme.example"
NOW = datetime(2026, 3, 3, 15, 4, 5, tzinfo=UTC)
LETTERHEAD = Letterhead(
    company="Acme & Söhne",
    address="1 Main Street, Springfield, IL 62701, USA",
    sender=Mailbox("Ada at Acme", "ada@news.acme.example"),
    reply_to="ada@acme.example",
    base_url=BASE,
    secret=SECRET,
)


def file(name: str, text: str) -> TemplateFile:
    """A template file; its name has its ending, as in `x.mjml`."""
    bare, _, kind = name.rpartition(".")
    is_partial = any(part.startswith("_") for part in name.split("/"))
    assert kind in {"mjml", "html", "md"}
    return TemplateFile(name if is_partial else bare, Path("templates", name), kind, dedent(text))  # type: ignore[arg-type]


def compiled(
    body: str,
    *,
    kind: str = "mjml",
    head: str = 'subject: "Hello"',
    parts: Mapping[str, str] | None = None,
    **options: Any,
) -> CompiledTemplate:
    """Compile a body; `parts` are partials by file name."""
    partials = {name: file(name, text) for name, text in (parts or {}).items()}
    return compile_template(file(f"t.{kind}", f"---\n{head}\n---\n{dedent(body)}"), partials, **options)


def text_mail(body: str, **options: Any) -> CompiledTemplate:
    """Compile what stands in one `<mj-text>`."""
    return compiled(f"<mj-text>{body}</mj-text>", **options)


def context(lead: Mapping[str, Any] | None = None, **changes: Any) -> MailContext:
    """Delivery 123 to lead 45."""
    known: dict[str, Any] = {"key": "k", "email": "jo@example.com", **(lead or {})}
    made = MailContext(LETTERHEAD, 123, 45, Profile(**known), "not-ready", "Not ready yet", "roi")
    return replace(made, **changes)


def sent(template: CompiledTemplate, lead: Mapping[str, Any] | None = None, **changes: Any) -> Mail:
    """The mail to a lead."""
    return render(template, context(lead, **changes), NOW)


def read(mail: Mail) -> tuple[EmailMessage, str, str]:
    """The mail as the standard library reads it: the message, its text and its HTML."""
    message = email.message_from_bytes(mail.data, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    assert not message.defects
    text, html = (part.get_content().replace("\r\n", "\n") for part in message.iter_parts())
    return message, text, html


def shown(template: CompiledTemplate, lead: Mapping[str, Any] | None = None, **changes: Any) -> tuple[str, str]:
    """The text and the HTML that a lead gets."""
    _, text, html = read(sent(template, lead, **changes))
    return text, html


LAYOUT = """
    <mjml lang="en"><mj-head><mj-attributes><mj-text color="#123456" /></mj-attributes></mj-head>
    <mj-body><mj-section><mj-column>
    {% block letter %}<mj-text>nothing yet</mj-text>{% endblock %}
    </mj-column></mj-section></mj-body></mjml>
"""
BLOCKS = """
    {# not shown #}
    {% macro button(label, href, colour="#0b5d66") %}<mj-button href="{{ href }}" background-color="{{ colour }}"
      width="{{ 100 }}px">{{ label }}{% if label == "Go" %}!{% endif %}</mj-button>{% endmacro %}
    {% macro card(title="") %}<mj-text>{{ title | upper }}: {{ caller() }}</mj-text>{% endmacro %}
    {% macro two(label) %}
      {{ button(label, "https://acme.example/two") }}{{ button("Go", href="https://acme.example/go") }}
    {% endmacro %}
"""
PARTS = {
    "_layout.mjml": LAYOUT,
    "_blocks.mjml": BLOCKS,
    "_parts/note.mjml": "<mj-text>A note to {{ lead.title }}.</mj-text>",
}
