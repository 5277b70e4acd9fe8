"""What faults of mail, time and data ask for beyond the audits of all: windows are kept, the poisoned are set aside."""

from sqlalchemy import text

from chaos.audit import Audit, Broken, found
from chaos.faults.esp import report
from chaos.faults.poison import mend, noted
from chaos.workspace import CLOSES, OPENS
from chaos.world import World
from nurture.db import transaction

_OUTSIDE = text(f"""
    SELECT id FROM delivery WHERE state IN ('sent', 'unknown') AND sending_at IS NOT NULL AND (
        sending_at >= slot_until OR (sending_at AT TIME ZONE zone)::date <> local_on
        OR (sending_at AT TIME ZONE zone)::time NOT BETWEEN '{OPENS}' AND '{CLOSES}')
""")
_SAME_DAY = text("""
    SELECT min(id) FROM delivery WHERE state IN ('sent', 'unknown') GROUP BY lead_id, local_on HAVING count(*) > 1
""")
_SET_ASIDE = text("""
    SELECT id, lead_id, step, for_good FROM delivery
    WHERE reason LIKE 'template: %' OR reason LIKE 'this mail cannot be made%'
""")
_NOT_DECIDED = text("SELECT lead_id FROM set_aside WHERE kind IN ('lead', 'score')")
_UNKNOWN = text("SELECT message_id FROM delivery WHERE state = 'unknown'")


def windows_are_kept(world: World) -> list[Broken]:
    """By the wall clock of each lead's own zone, over jumps and changes of clocks: in the window, one a day."""
    with transaction(world.engine) as db:
        outside = list(db.execute(_OUTSIDE).scalars())
        same_day = list(db.execute(_SAME_DAY).scalars())
    return [*found("sent outside its window", outside), *found("two mails on one local day", same_day, "doubles")]


def only_the_poisoned_are_set_aside(world: World) -> list[Broken]:
    """With a reason that a person can read, and for this slot only: they come again once they are mended."""
    mend(world)
    leads, steps = noted(world)
    with transaction(world.engine) as db:
        aside = db.execute(_SET_ASIDE).all()
        not_decided = set(db.execute(_NOT_DECIDED).scalars())
    others = [row.id for row in aside if row.lead_id not in leads and row.step not in steps]
    return [
        *found("set aside, though nothing is wrong with the lead or the template", others),
        *found("not decided, though nothing is wrong with the lead", sorted(not_decided - leads)),
        *found("set aside for good at once", [row.id for row in aside if row.for_good], "losses"),
    ]


def reports_settle_what_was_unknown(world: World) -> list[Broken]:
    """Whatever the provider took is not unknown once it has said so."""
    mails = world.esp.mails()
    if not mails:
        return []
    with transaction(world.engine) as db:
        before = set(db.execute(_UNKNOWN).scalars())
    first = next((place for place, mail in enumerate(mails) if mail.message_id in before), len(mails))
    report(world, first, tries=20)
    with transaction(world.engine) as db:
        left = set(db.execute(_UNKNOWN).scalars())
    return found("reported, and still unknown", [mail.message_id for mail in mails if mail.message_id in left])


AUDITS: tuple[Audit, ...] = (
    windows_are_kept, only_the_poisoned_are_set_aside, reports_settle_what_was_unknown,
)  # fmt: skip
