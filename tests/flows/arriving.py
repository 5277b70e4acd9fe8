"""Mails that come in, for tests: replies, absences, bounces, written as mail programs write them."""

from email.message import EmailMessage
from email.policy import SMTP

from nurture.app import App
from nurture.mail.links import bounce_address, message_id, reply_address

JO = "jo@buyer.example"
INBOUND = "in@news.acme.example"


def answer_to(app: App, delivery: int | None, text: str = "Can we talk on Tuesday?", **headers: str) -> bytes:
    """A reply to one of our mails, with its quote below; `headers` replace or add, an empty one takes away."""
    mail = EmailMessage(policy=SMTP)
    given = {"From": f"Jo Hill <{JO}>", "To": INBOUND, "Subject": "Re: Three questions"}
    given |= {"Date": "Mon, 2 Mar 2026 12:00:00 +0000", "Message-ID": f"<{abs(hash(text))}.{delivery}@buyer.example>"}
    if delivery is not None:
        given["In-Reply-To"] = given["References"] = message_id(secret(app), delivery, "news.acme.example")
    given |= {name.replace("_", "-"): value for name, value in headers.items()}
    for name, value in given.items():
        if value:
            mail[name] = value
    mail.set_content(
        f"{text}\n\nOn Mon, Mar 2, 2026 at 9:00 AM Ada <ada@news.acme.example> wrote:\n\n"
        "> Three questions\n> unsubscribe\n"
    )
    return mail.as_bytes()


def absence(app: App, delivery: int | None, text: str, **headers: str) -> bytes:
    """An out-of-office answer."""
    more = {"Subject": "Automatic reply: Three questions", "Auto-Submitted": "auto-replied"}
    return answer_to(app, delivery, text, **{**more, **headers})


def bounced(app: App, delivery: int | None, status: str = "5.1.1", recipient: str = JO) -> bytes:
    """A report on delivery (RFC 3464), back at the address of the mail's envelope."""
    back_to = INBOUND if delivery is None else bounce_address(secret(app), delivery, INBOUND)
    return (
        f"From: Mail Delivery System <MAILER-DAEMON@mx.example>\r\nTo: {back_to}\r\n"
        f"Subject: Undelivered Mail Returned to Sender\r\nMessage-ID: <{status}.{delivery}@mx.example>\r\n"
        "MIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nYour mail could not be delivered.\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\n"
        f"Final-Recipient: rfc822; {recipient}\r\nAction: failed\r\nStatus: {status}\r\n"
        f"Diagnostic-Code: smtp; 550 {status} user unknown\r\n\r\n--b--\r\n"
    ).encode()


def token_address(app: App, delivery: int) -> str:
    """The reply address of one of our mails."""
    return reply_address(secret(app), delivery, INBOUND)


def secret(app: App) -> str:
    return app.settings.secret_key or ""
