"""All mails in the order in which one looks through them: by campaign and step, then those that no step sends."""

from collections.abc import Iterator
from dataclasses import dataclass

from nurture.authoring.preview.edition import Edition
from nurture.authoring.preview.mailroom import Sending
from nurture.campaign import Campaign, Step
from nurture.mail.pieces import file_of


@dataclass(frozen=True, slots=True)
class Entry:
    """One mail: a template, as one step sends it, or as none does.

    `part_of` is what the URL says of it, `campaign/step`; empty where no step sends it. `exists`: there is such a file.
    """

    template: str
    sending: Sending
    part_of: str
    exists: bool
    errors: int
    warnings: int


@dataclass(frozen=True, slots=True)
class CampaignEntry:
    """A campaign with its mails; `campaign` is None where its file cannot be read and never could."""

    id: str
    file: str
    campaign: Campaign | None
    mails: tuple[Entry, ...]
    errors: int
    warnings: int
    is_stale: bool


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Everything there is to look at."""

    campaigns: tuple[CampaignEntry, ...]
    unused: tuple[Entry, ...]
    parts: tuple[tuple[str, int, int], ...]

    @property
    def mails(self) -> list[Entry]:
        """All, in order, those alone whose template is there."""
        every = [*(mail for campaign in self.campaigns for mail in campaign.mails), *self.unused]
        return [mail for mail in every if mail.exists]

    def find(self, template: str, part_of: str) -> Entry | None:
        """The mail of this template as that step sends it; else as the first does."""
        mine = [mail for mail in self.mails if mail.template == template]
        return next((mail for mail in mine if mail.part_of == part_of), mine[0] if mine else None)

    def beside(self, entry: Entry) -> tuple[Entry | None, Entry | None]:
        """The mails before and after this one."""
        every = self.mails
        at = every.index(entry)
        return (every[at - 1] if at else None), (every[at + 1] if at + 1 < len(every) else None)


def catalogue(edition: Edition) -> Catalogue:
    """List an edition."""
    live = sorted(edition.campaigns.values(), key=lambda campaign: (campaign.priority, campaign.id))
    campaigns = [_campaign(edition, campaign) for campaign in live]
    campaigns += [
        CampaignEntry(name, f"campaigns/{name}.yaml", None, (), *edition.counts(f"campaigns/{name}.yaml"), True)
        for name in edition.unreadable
        if name != "agreement"
    ]
    used = {mail.template for campaign in campaigns for mail in campaign.mails}
    unused = tuple(_entry(edition, name, Sending(), "") for name in sorted(edition.templates) if name not in used)
    parts = tuple((file_of(part), *edition.counts(file_of(part))) for _, part in sorted(edition.partials.items()))
    return Catalogue(tuple(campaigns), unused, parts)


def _campaign(edition: Edition, campaign: Campaign) -> CampaignEntry:
    file = f"campaigns/{campaign.id}.yaml"
    mails = tuple(
        _entry(
            edition, template, Sending(campaign.id, campaign.name, step.id, variant, True), f"{campaign.id}/{step.id}"
        )
        for step in campaign.steps
        for variant, template in _templates(step)
    )
    return CampaignEntry(campaign.id, file, campaign, mails, *edition.counts(file), edition.yaml[file].is_broken)


def _templates(step: Step) -> Iterator[tuple[str | None, str]]:
    yield from step.variants.items() or [(None, step.template)]


def _entry(edition: Edition, template: str, sending: Sending, part_of: str) -> Entry:
    file = edition.templates.get(template)
    if file is None:
        return Entry(template, sending, part_of, False, 1, 0)
    return Entry(template, sending, part_of, True, *edition.counts(file_of(file)))
