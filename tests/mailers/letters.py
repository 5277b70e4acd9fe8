"""Mails for tests of mailers, made by the standard library."""

from email.message import EmailMessage
from email.policy import SMTP

from nurture.messages import Mail

UNSUBSCRIBE = "<https://nurture.example/u/" + "a" * 130 + ">"


def a_letter(
    number: int = 1, *, to: str | None = None, subject: str = "Grüße an Jo — eine Frage, die länger ist"
) -> Mail:
    """A mail as ours are: two parts, long header fields, characters beyond ASCII."""
    recipient = to or f"jo{number}@buyer.example"
    message = EmailMessage(policy=SMTP.clone(max_line_length=998))
    message["From"] = '"Ada, at Acmé" <ada@news.acme.example>'
    message["To"] = recipient
    message["Reply-To"] = "in+r.abc@news.acme.example"
    message["Subject"] = subject
    message["Message-ID"] = f"<d.tok-en_{number}@news.acme.example>"
    message["List-Unsubscribe"] = UNSUBSCRIBE
    message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message["List-Id"] = "Acme <not-ready.acme.example>"
    message.set_content("Guten Tag, Jörg.\nZweite Zeile.\n", cte="quoted-printable")
    message.add_alternative("<p>Guten Tag, <b>Jörg</b>.</p>" * 20, subtype="html", cte="quoted-printable")
    return Mail(number, "in+b.abc@news.acme.example", recipient, str(message["Message-ID"]), message.as_bytes())
