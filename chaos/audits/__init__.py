"""All audits, run after each round."""

from collections.abc import Sequence

from chaos.audit import Audit, Broken
from chaos.audits import events, leads, mails, news, oddities, people
from chaos.world import World

AUDITS: Sequence[Audit] = (*mails.AUDITS, *events.AUDITS, *news.AUDITS, *leads.AUDITS, *people.AUDITS, *oddities.AUDITS)


def audit(world: World) -> list[Broken]:
    """Run them all."""
    return [broken for look in AUDITS for broken in look(world)]
