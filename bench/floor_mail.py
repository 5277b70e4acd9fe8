"""The least that a mail of a template costs: constants quoted-printable at compile time, values filled in, and joined.

What it leaves out is what makes a mail safe: slots are encoded in one simple way, a mail has one signature instead of
one a link, nothing says which field is missing, and the headers are a form to fill in.
"""

import binascii
import hmac
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable, Mapping
from typing import Any

from jinja2 import nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.sandbox import SandboxedEnvironment
from markupsafe import Markup

from nurture.mail.template import CompiledTemplate

_SECRET = b"a secret of the bench that is long enough"
_BASE = "https://go.acme.example"
_PARTED = "=_bench"
_HEAD = (
    "Date: Tue, 03 Mar 2026 15:30:00 +0000\r\nFrom: Ada at Acme <ada@news.acme.example>\r\n"
    "Reply-To: ada@acme.example\r\nTo: {to}\r\nSubject: {subject}\r\nMessage-ID: <{number}@news.acme.example>\r\n"
    "List-Unsubscribe: <{leave}>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
    "List-Id: <not-ready.news.acme.example>\r\nMIME-Version: 1.0\r\n"
    f'Content-Type: multipart/alternative; boundary="{_PARTED}"\r\n\r\n'
)
_PART = f"--{_PARTED}\r\nContent-Type: text/{{}}; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"

Lead = Mapping[str, Any]


def _encoded(text: str) -> str:
    return binascii.b2a_qp(text.encode(), istext=True).decode("ascii").replace("\r\n", "\n").replace("\n", "\r\n")


def _slot(value: object) -> str:
    text = str(value)
    if len(text) < 70 and text.isascii() and text.isprintable() and "=" not in text:
        return f"{text}=\r\n"
    return f"{_encoded(text)}=\r\n"


def _word(text: str) -> str:
    return text if text.isascii() else f"=?utf-8?b?{b64encode(text.encode()).decode('ascii')}?="


class _Generator(CodeGenerator):
    """Jinja's own, but what it writes out is encoded: constants when it compiles, values when they come."""

    def _output_const_repr(self, group: Any) -> str:
        return repr(_encoded("".join(map(str, group))) + "=\r\n")

    def _output_child_pre(self, node: nodes.Expr, frame: Frame, finalize: Any) -> None:
        self.write("environment.slot(")
        super()._output_child_pre(node, frame, finalize)

    def _output_child_post(self, node: nodes.Expr, frame: Frame, finalize: Any) -> None:
        super()._output_child_post(node, frame, finalize)
        self.write(")")


class _Environment(SandboxedEnvironment):
    code_generator_class = _Generator
    slot = staticmethod(_slot)


def maker(template: CompiledTemplate, company: Mapping[str, str]) -> Callable[[int, Lead], bytes]:
    """What makes mails of this template: by their number and lead, as they go over the wire, their end included."""
    html = _Environment(autoescape=True).from_string(template.html.source.text)
    text = _Environment().from_string(template.text.source.text)
    subject = SandboxedEnvironment().from_string(template.subject.source.text)
    shared = {"company": company, "campaign": {"id": "not-ready", "name": "Not ready yet"}, "step": {"id": "questions"}}
    links = [f"_link_{number}" for number in range(len(template.links))]

    def make(number: int, lead: Lead) -> bytes:
        sealed = hmac.digest(_SECRET, b"%d %d" % (number, lead["id"]), "sha256")[:16]
        token = f"{number:x}.{urlsafe_b64encode(sealed).decode('ascii').rstrip('=')}"
        leave = Markup(f"{_BASE}/u/{token}")
        values = {
            **shared, "lead": lead, "unsubscribe_url": leave, "preferences_url": Markup(f"{_BASE}/p/{token}"),
            "answer_url": lambda question, answer: Markup(f"{_BASE}/a/{token}/{question}/{answer}"),
            "_link": lambda place, _: Markup(f"{_BASE}/c/{token}/{place}"), "_open_url": Markup(f"{_BASE}/o/{token}"),
            **{name: Markup(f"{_BASE}/c/{token}/{place}") for place, name in enumerate(links)},
        }  # fmt: skip
        values["subject"] = subject.render(values)
        head = _HEAD.format(to=lead["email"], subject=_word(values["subject"]), number=number, leave=leave)
        parts = f"{_PART.format('plain')}{text.render(values)}\r\n{_PART.format('html')}{html.render(values)}"
        data = f"{head}{parts}\r\n--{_PARTED}--\r\n.\r\n".encode("ascii")
        return data.replace(b"\r\n.", b"\r\n..").removesuffix(b".\r\n") + b"\r\n" if b"\r\n." in data[:-5] else data

    return make
