"""News that was queued before an upgrade is told after it, and the release before can go on writing meanwhile."""

from alembic import command
from sqlalchemy import Engine, text

from nurture.store import migrate
from tests.store.test_migrate import empty_database

__all__ = ["empty_database"]

_OLD = text(
    """
    INSERT INTO notice (handoff_id, channel, kind, recipient, state, at, next_at)
    VALUES (:handoff, :channel, 'lead.requalified', :recipient, :state, now(), now())
    ON CONFLICT ON CONSTRAINT notice_once_a_channel DO NOTHING
    """
)


def to(engine: Engine, revision: str) -> None:
    """Up or down to a revision."""
    config = migrate._config()
    with engine.begin() as db:
        config.attributes["connection"] = db
        go = command.downgrade if revision < (migrate.revision(db) or "") else command.upgrade
        go(config, revision)


def offer(engine: Engine, email: str) -> int:
    with engine.begin() as db:
        lead = db.execute(
            text(
                """
                INSERT INTO lead (email, key, cycle_started_at, created_at, updated_at)
                VALUES (:email, :email, now(), now(), now()) RETURNING id
                """
            ),
            {"email": email},
        ).scalar_one()
        offered = text(
            """
            INSERT INTO handoff (lead_id, cycle, grade, score_micro, because, offered_at)
            VALUES (:lead, 1, 'A', 0, 'x', now()) RETURNING id
            """
        )
        return int(db.execute(offered, {"lead": lead}).scalar_one())


def test_rows_of_before_keep_what_they_are_about_and_the_way_back_loses_only_what_is_new(
    empty_database: Engine,
) -> None:
    migrate.upgrade(empty_database)
    to(empty_database, "0015")
    handoff = offer(empty_database, "jo@buyer.example")
    rows = [("email", "rep@acme.example", "queued"), ("webhook", None, "failed")]
    with empty_database.begin() as db:
        for channel, recipient, state in rows:
            db.execute(_OLD, {"handoff": handoff, "channel": channel, "recipient": recipient, "state": state})
    migrate.upgrade(empty_database)
    other = offer(empty_database, "al@buyer.example")
    with empty_database.begin() as db:
        for _ in range(2):
            db.execute(_OLD, {"handoff": other, "channel": "webhook", "recipient": None, "state": "queued"})
        found = db.execute(
            text("SELECT about, channel, state FROM notice WHERE handoff_id = :id ORDER BY id"), {"id": handoff}
        )
        assert found.all() == [(f"handoff:{handoff}", "email", "queued"), (f"handoff:{handoff}", "webhook", "failed")]
        db.execute(text("UPDATE notice SET state = 'cancelled', data = '{}' WHERE channel = 'email'"))
        digest = (
            "INSERT INTO notice (about, kind, channel, at, next_at) VALUES ('x', 'digest.sales', 'email', now(), now())"
        )
        db.execute(text(digest))
    to(empty_database, "0015")
    with empty_database.connect() as db:
        left = db.execute(text("SELECT handoff_id, channel, state FROM notice ORDER BY id")).all()
    assert left == [(handoff, "email", "failed"), (handoff, "webhook", "failed"), (other, "webhook", "queued")]
