"""Send the mails that ask whether a form was somebody's own. They are no nurture mails: no cadence, no limits, at once.

A mail is `sending` in the database before it leaves. If its answer is lost it is `unknown` and does not go again by
itself; whoever missed it sends the form once more.
"""

import logging
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Connection, Row, text

from nurture.app import App, Stop, never
from nurture.db import is_away, transaction
from nurture.errors import NurtureError
from nurture.flows.confirm import RETURNS
from nurture.flows.keeping import kept
from nurture.flows.stay_home import is_home
from nurture.flows.suppress import suppress_in
from nurture.mail.confirm_links import ConfirmLetter, confirm_mail, confirm_token
from nurture.messages import Mail, Receipt
from nurture.notifiers.schedule import next_try
from nurture.pages import choose_language
from nurture.store import confirmations
from nurture.store.suppressions import suppressions_of

BATCH = 50
OUTAGE = timedelta(hours=6)
"""Between two tries, when a mail server is away for days."""

log = logging.getLogger(__name__)

_MOST_QUOTED = 500
_LEADS_ELSEWHERE = re.compile(r"[^\W_]\.[^\W\d_]|://|@|www|\d[\d\s()/-]{5,}\d", re.IGNORECASE)
"""An address of any kind, or a number to call."""

_LEAD = text("SELECT id, email, locale FROM lead WHERE id = :id")


@dataclass(frozen=True, slots=True)
class Asked:
    """How many mails went out, and how many did not. `more` tells that others may be waiting."""

    sent: int = 0
    failed: int = 0
    more: bool = False


def send_confirmations(app: App, now: datetime, *, most: int = BATCH, stop: Stop = never) -> Asked:
    """Send one batch of what is due, one after the other."""
    sent = failed = 0
    if not is_home(app, now):
        return Asked()
    for _ in range(most):
        if stop():
            break
        token = uuid4()
        with transaction(app.engine) as db:
            row = confirmations.take(db, token, now)
            mail = None if row is None else _written(db, app, row, now)
        if row is None or mail is None:
            return Asked(sent, failed)
        with kept(app, partial(confirmations.renew, id_=row.id, token=token)):
            receipt = mail if isinstance(mail, Receipt) else _hand_over(app, mail)
        sent += receipt.outcome == "sent"
        failed += receipt.outcome != "sent"
        _settle(app, row, token, receipt, now)
        if receipt.outcome == "held":  # the others would meet with the same
            return Asked(sent, failed)
    return Asked(sent, failed, more=True)


def _written(db: Connection, app: App, row: Row[Any], now: datetime) -> Mail | Receipt:
    """The mail, or what became of it already: what is wrong with one is no reason to keep the others waiting."""
    try:
        with db.begin_nested():
            mail = _mail(db, app, row, now)
    except Exception as error:
        if is_away(error):
            raise
        log.exception("a mail that asks to confirm could not be written", extra={"confirmation_id": row.id})
        return Receipt(0, "put_off", type(error).__name__)
    return mail or Receipt(0, "refused", "nobody is to be asked any more")


def _mail(db: Connection, app: App, row: Row[Any], now: datetime) -> Mail | None:
    """The mail, if there still is somebody to ask."""
    lead = None if row.lead_id is None else db.execute(_LEAD, {"id": row.lead_id}).one_or_none()
    if lead is None or row.expires_at <= now or row.confirmed_at is not None:
        return None
    if any(not one.topic and one.reason not in RETURNS for one in suppressions_of(db, lead.email)):
        return None
    company = app.agreement.company
    url = f"{app.settings.base_url}/y/{confirm_token(app.settings.secret_key, row.id)}"
    letter = _letter(app, lead.locale, row)
    sender, envelope = str(company.sender), company.sender.address
    return confirm_mail(
        letter, sender=sender, envelope=envelope, reply_to=company.reply_to, to=lead.email, url=url, now=now
    )


def _letter(app: App, locale: str | None, row: Row[Any]) -> ConfirmLetter:
    language = choose_language(locale, "", app.pages.languages)
    words, company = app.pages.words(language), app.agreement.company
    return ConfirmLetter(
        subject=" ".join(words("confirm.subject").split()),
        hello=words("confirm.hello"),
        text=words("confirm.text"),
        wording=quotable(row.wording, app.agreement.consent.wording),
        button=words("confirm.button"),
        until=words("confirm.until", until=words.day(row.expires_at.date())),
        company=words("page.company", address=company.address),
        language=language,
    )


def quotable(wording: str | None, ours: str | None) -> str | None:
    """What a mail says of a form's wording: all of ours, of any other only what leads nowhere.

    A form's wording comes from whoever sent it, as the address does: nobody is to write to others in our name.
    """
    if wording is None or wording == ours:
        return wording
    return None if len(wording) > _MOST_QUOTED or _LEADS_ELSEWHERE.search(wording) else " ".join(wording.split())


def _hand_over(app: App, mail: Mail) -> Receipt:
    try:
        return app.send(mail)
    except NurtureError as error:
        return Receipt(0, "held", str(error))


_SETTLED: dict[str, str] = {
    "sent": "sent", "refused": "failed", "put_off": "failed", "held": "failed", "unknown": "unknown",
}  # fmt: skip


def _again_at(row: Row[Any], receipt: Receipt, now: datetime) -> datetime | None:
    """When to try again what was surely not taken; an outage is sat out for as long as the link would be good."""
    if receipt.outcome not in ("put_off", "held"):
        return None
    again_at = next_try(f"confirmation_{row.id}", row.tries, now)
    if again_at is None and receipt.outcome == "held":
        again_at = now + OUTAGE
    return again_at if again_at is not None and again_at < row.expires_at else None


def _settle(app: App, row: Row[Any], token: UUID, receipt: Receipt, now: datetime) -> None:
    again_at = _again_at(row, receipt, now)
    settled = "queued" if again_at is not None else _SETTLED[receipt.outcome]
    if settled != "sent":
        log.warning("a mail that asks to confirm was not taken", extra={"confirmation_id": row.id, "state": settled})
    with transaction(app.engine) as db:
        confirmations.settle(
            db, row.id, token, state=settled, now=now, next_at=again_at,
            error="" if settled == "sent" else receipt.reply[:500],
        )  # fmt: skip
        if receipt.dead_address and row.lead_id is not None:
            suppress_in(db, app, row.lead_id, "bounced", f"confirmation {row.id}", now)
