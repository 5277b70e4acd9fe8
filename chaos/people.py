"""People outside who do something about what they got: leads follow links of their mails, reps answer handoffs."""

from random import Random

from sqlalchemy import text

from chaos.due import AWAY
from chaos.world import API_KEY, World
from nurture.db import transaction

CLICKS = 20
"""Of a portion: so many of the newest mails are clicked in."""
NEWEST = 200
REPLY, REJECT, RIVAL = 0.5, 0.4, 0.3
"""Shares: of open handoffs that are answered in a portion, of answers that are a no, of those that two reps give."""
REPS = ("rep.one@acme.example", "rep.two@acme.example")

_OFFERED = text("SELECT id FROM handoff WHERE state = 'offered' ORDER BY id")


def click(world: World, dice: Random) -> None:
    """Follow links of mails that came lately."""
    links = [mail.link for mail in world.sink.mails()[-NEWEST:] if mail.link]
    for link in dice.sample(links, min(CLICKS, len(links))):
        world.traffic.click(link)


def reply(world: World, dice: Random) -> None:
    """Accept or reject handoffs, as a CRM does it; now and then two reps are after the same."""
    try:
        with transaction(world.engine) as db:
            offered = list(db.execute(_OFFERED).scalars())
    except AWAY:
        return
    for handoff in offered:
        if dice.random() > REPLY:
            continue
        for by in dice.sample(REPS, 2 if dice.random() < RIVAL else 1):
            if dice.random() < REJECT:
                world.traffic.reply(handoff, "reject", by, API_KEY, reason="not_ready")
            else:
                world.traffic.reply(handoff, "accept", by, API_KEY)
