"""Who may speak on the rep's page: anybody who has the link, under a name, or an address at which sales works.

Who presses a button first may own the lead by it, and is told of it by mail from then on. So whoever got hold of a link
must not be able to have all that sent anywhere, or to say what only a program may.
"""

from nurture.agreement import Agreement
from nurture.app import App
from nurture.db import transaction
from nurture.errors import UsageError
from nurture.rules.assignment import company_domain, everybody, whom
from nurture.rules.refusing import speaks_for_somebody
from nurture.store import handoffs


def check_speaker(app: App, handoff_id: int, by: str) -> None:
    """Refuse who speaks as a program does, or with an address elsewhere. A name alone is fine: it gets no mail.

    Raises:
        UsageError: It is one of these; says what would be good.
    """
    if speaks_for_somebody(by):
        raise UsageError("say who you are by your address, or a name without a colon")
    if "@" not in by or " " in by or _is_of_sales(app.book.agreement, by):
        return
    with transaction(app.engine) as db:
        row = handoffs.one(db, handoff_id)
    if row is None or row.owner is None or row.owner.casefold() != by.casefold():
        raise UsageError(f"{by} is no address of a rep; say the one at which you work, or your name")


def _is_of_sales(agreement: Agreement, by: str) -> bool:
    """Whether the agreement names the address, or others of its domain, which not anybody can get."""
    domain = company_domain(by.casefold())
    ours = {company_domain(known) for known in (*everybody(agreement), str(agreement.company.reply_to))}
    return whom(agreement, by) in everybody(agreement) or (domain is not None and domain in ours)
