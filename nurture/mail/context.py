"""What a mail is made of besides its template: the sender's side, and one delivery's."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from nurture.facts import NOTHING, Profile
from nurture.grammar.addresses import Mailbox
from nurture.values import quick


@dataclass(frozen=True, slots=True)
class Letterhead:
    """What all mails of a workspace have in common.

    Attributes:
        company: The company's name, for footers and templates.
        address: Its postal address, which stands in every mail.
        sender: The mailbox in `From`.
        reply_to: Where answers go, if there is no `inbound`.
        base_url: Where our own pages are, without a slash at the end: `https://go.acme.example`.
        secret: What links are signed with (`SECRET_KEY`).
        inbound: Where bounces and answers come in, with a token of each mail's (`INBOUND_ADDRESS`). Without it, the
            sender's address is the envelope's sender, too.
    """

    company: str
    address: str
    sender: Mailbox
    reply_to: str
    base_url: str
    secret: str
    inbound: str | None = None


@quick
@dataclass(frozen=True, slots=True)
class MailContext:
    """One delivery: to whom, of what.

    Attributes:
        letterhead: The sender's side.
        delivery_id: The delivery's row; links and `Message-ID` carry it.
        lead_id: The lead's row; links carry it.
        lead: Who the lead is.
        campaign_id: The campaign, by its file's name.
        campaign_name: The campaign, as people call it.
        step_id: The step.
        life: `stage`, `cycle` and `grade`, where the template asks for them (`CompiledTemplate.names`).
        recipient: Who gets it instead of the lead, for a test.
        track_opens: Put the open pixel in.
        track_clicks: Lead links through `/c/`; else they lead straight to where they go, and there is no hidden one.
        utm: Put `utm_` parameters on links that are tracked, unless the template says not to.
    """

    letterhead: Letterhead
    delivery_id: int
    lead_id: int
    lead: Profile
    campaign_id: str
    campaign_name: str
    step_id: str
    life: Mapping[str, object] = field(default_factory=lambda: NOTHING)
    recipient: str | None = None
    track_opens: bool = True
    track_clicks: bool = True
    utm: bool = True
