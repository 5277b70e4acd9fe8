"""Which links to the rep's page of a handoff are good: those of its present version."""

from sqlalchemy import Connection, text


def link_version(db: Connection, handoff_id: int) -> int | None:
    """The version of which links are good now; None where there is no such handoff."""
    query = text("SELECT link_version FROM handoff WHERE id = :id")
    version = db.execute(query, {"id": handoff_id}).scalar()
    return None if version is None else int(version)


def revoke(db: Connection, handoff_id: int) -> int | None:
    """Let no link made so far be good any more; gives the version of the next ones, None without such a handoff."""
    query = text("UPDATE handoff SET link_version = link_version + 1 WHERE id = :id RETURNING link_version")
    version = db.execute(query, {"id": handoff_id}).scalar()
    return None if version is None else int(version)
