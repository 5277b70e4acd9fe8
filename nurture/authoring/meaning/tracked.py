"""What asks for clicks that nobody sees, because the campaign says that its links are not tracked."""

from collections.abc import Iterator

from nurture.authoring.meaning.telling import warning
from nurture.campaign import Campaign
from nurture.errors import Problem
from nurture.workspace.codes import NO_EFFECT
from nurture.workspace.document import Document
from nurture.workspace.references import conditions_of


def unseen_clicks(campaign: Campaign, document: Document) -> Iterator[Problem]:
    """Questions about clicks, and a word on `utm_` parameters, where links lead straight to where they go."""
    if campaign.tracking.clicks:
        return
    for path, condition in conditions_of(campaign):
        for question in condition.questions:
            if question.function == "clicked":
                said = f"`{question}` holds for no mail from now on: this campaign's `tracking` leaves clicks unseen"
                hint = "ask for a visit to the page, or write `tracking: {clicks: true}`"
                yield warning(document, path, NO_EFFECT, said, hint, within=question.at)
    if "utm" in campaign.model_fields_set and campaign.utm:
        said = "this changes nothing: only tracked links get `utm_` parameters, and `tracking` has none"
        yield warning(document, ("utm",), NO_EFFECT, said)
