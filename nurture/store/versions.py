"""The workspace's files as releases adopted them."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, text


def adopted(db: Connection) -> dict[str, str]:
    """sha256 of each file as last adopted, by its name in the workspace; a file that was taken away is absent."""
    rows = db.execute(
        text("SELECT DISTINCT ON (name) name, sha256 FROM source_version ORDER BY name, adopted_at DESC, id DESC")
    )
    return {row.name: row.sha256 for row in rows if row.sha256}


def adopted_texts(db: Connection) -> dict[str, tuple[str, str]]:
    """(sha256, text) of each file as last adopted, by its name in the workspace."""
    latest = "ORDER BY name, adopted_at DESC, id DESC"
    query = f"SELECT DISTINCT ON (name) name, sha256, content FROM source_version {latest}"  # noqa: S608 - a constant
    rows = db.execute(text(query))
    return {row.name: (row.sha256, row.content) for row in rows if row.sha256}


def adopted_at(db: Connection) -> datetime | None:
    """When files were adopted last; None where none ever were."""
    return db.execute(text("SELECT max(adopted_at) FROM source_version")).scalar()


def adopt(db: Connection, files: Mapping[str, tuple[str, str]], now: datetime) -> None:
    """Note files (name → (sha256, content)) as adopted now; an empty sha256 says that the file is gone."""
    if files:
        db.execute(
            text("INSERT INTO source_version (name, sha256, content, adopted_at) VALUES (:name, :sha, :text, :now)"),
            [{"name": name, "sha": sha, "text": content, "now": now} for name, (sha, content) in files.items()],
        )
