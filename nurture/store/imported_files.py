"""How far files of events were imported, so that an import that was stopped goes on where it was."""

from datetime import datetime

from sqlalchemy import Connection, text

from nurture.segment.archive import Mark

_SAVE = text(
    """
    INSERT INTO imported_file (source, first_line, position, line, digest, updated_at)
    VALUES (:source, :first_line, :position, :line, :digest, :now)
    ON CONFLICT (source, first_line) DO UPDATE SET
        position = excluded.position, line = excluded.line, digest = excluded.digest, updated_at = excluded.updated_at
    """
)


def marked(db: Connection, source: str, first_line: str) -> Mark | None:
    """How far a file with this first line (its digest) was imported for this source."""
    query = text("SELECT position, line, digest FROM imported_file WHERE source = :source AND first_line = :first_line")
    row = db.execute(query, {"source": source, "first_line": first_line}).one_or_none()
    return None if row is None else Mark(row.position, row.line, row.digest)


def mark(db: Connection, source: str, first_line: str, mark: Mark, now: datetime) -> None:
    """Note it. What it says is in the database already, so nobody need wait until this is on the disk."""
    db.execute(text("SET LOCAL synchronous_commit = off"))
    said = {"position": mark.position, "line": mark.line, "digest": mark.digest}
    db.execute(_SAVE, {"source": source, "first_line": first_line, **said, "now": now})
