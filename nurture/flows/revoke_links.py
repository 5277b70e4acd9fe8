"""Revoke the links to a handoff's page: one was passed on, or lies in a mailbox that is no longer ours."""

from datetime import datetime

from nurture.app import App
from nurture.db import transaction
from nurture.errors import NotFound, UsageError
from nurture.flows.tell import handoff_url
from nurture.notifiers.wording import one_line
from nurture.store import handoff_links
from nurture.store.handoff_changes import note_change


def revoke_links(app: App, handoff_id: int, *, by: str, now: datetime) -> str:
    """Let no link to this handoff that is out open its page any more; gives a new one, for whoever is to have it.

    Notices sent from now on carry new links; those in mails and messages that are out already open nothing.

    Raises:
        NotFound: There is no such handoff.
        UsageError: `by` does not say who does this.
    """
    by = one_line(by)
    if not by:
        raise UsageError("say who you are")
    with transaction(app.engine) as db:
        version = handoff_links.revoke(db, handoff_id)
        if version is None:
            raise NotFound(f"no handoff {handoff_id}")
        note_change(db, handoff_id, "revoked", at=now, by=by)
    return handoff_url(app, handoff_id, now, version=version)
