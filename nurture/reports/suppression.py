"""Who must not be mailed, and what was ever said about that."""

from typing import Any

from sqlalchemy import text

from nurture.app import App
from nurture.db import transaction
from nurture.grammar.addresses import parse_address
from nurture.store import leads, suppressions
from nurture.store.suppressions import address_hash

_LISTED = text(
    """
    WITH listed AS (
        SELECT address_hash, topic, reason, how, at FROM suppression
        WHERE CAST(:reason AS text) IS NULL OR reason = :reason ORDER BY at DESC, address_hash, topic LIMIT :most
    )
    SELECT encode(s.address_hash, 'hex') AS hash, l.email AS lead, s.topic, s.reason, s.how, s.at
    FROM listed s LEFT JOIN lead l ON sha256(convert_to(l.email, 'UTF8')) = s.address_hash
    ORDER BY s.at DESC, s.address_hash, s.topic
    """
)


def suppression_list(app: App, *, reason: str | None, most: int) -> list[dict[str, Any]]:
    """The latest entries of the list; `lead` is the address where a lead has it, None where only its hash is known."""
    with transaction(app.engine) as db:
        return [row._asdict() for row in db.execute(_LISTED, {"reason": reason, "most": most})]


def suppression_report(app: App, email: str) -> dict[str, Any]:
    """One address: what stands on the list now, and the history, oldest first.

    Raises:
        Mistake: It is no address.
    """
    email = parse_address(email)
    with transaction(app.engine) as db:
        there = [_plain(row._asdict()) for row in suppressions.suppressions_of(db, email)]
        history = [_plain(row._asdict()) for row in suppressions.history_of(db, [address_hash(email)])]
        return {
            "email": email,
            "lead": leads.id_of(db, email) is not None,
            "suppressed": there,
            "history": history,
        }


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "address_hash"}
