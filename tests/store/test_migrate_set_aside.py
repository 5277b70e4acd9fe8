"""Leads that were set aside before scores had a word of their own: they are tried again after the upgrade."""

from sqlalchemy import Engine, text

from nurture.store import migrate
from tests.store.test_migrate import empty_database
from tests.store.test_migrate_notices import to

__all__ = ["empty_database"]

_LEAD = """
INSERT INTO lead (email, key, cycle_started_at, created_at, updated_at)
VALUES (:email, :email, now(), now(), now()) RETURNING id
"""
_OLD = """
INSERT INTO set_aside (kind, id, lead_id, reason, since, last_at, tries, again_at)
VALUES ('lead', :id, :id, :reason, now(), now(), 2, now())
"""
REASONS = ("not worked out anew: ValueError: poison", "ValueError: not worked out anew: poison")


def test_a_score_gets_its_own_word_and_the_way_back_forgets_it(empty_database: Engine) -> None:
    migrate.upgrade(empty_database)
    to(empty_database, "0026")
    with empty_database.begin() as db:
        ids = [db.execute(text(_LEAD), {"email": f"{n}@buyer.example"}).scalar_one() for n in range(2)]
        for id_, reason in zip(ids, REASONS, strict=True):
            db.execute(text(_OLD), {"id": id_, "reason": reason})
    migrate.upgrade(empty_database)
    with empty_database.begin() as db:
        found = db.execute(text("SELECT kind, id, reason, tries FROM set_aside ORDER BY id")).all()
        assert found == [("score", ids[0], "ValueError: poison", 2), ("lead", ids[1], REASONS[1], 2)]
        db.execute(text(_OLD), {"id": ids[0], "reason": "by the release before"})
    to(empty_database, "0026")
    with empty_database.connect() as db:
        left = db.execute(text("SELECT kind, id, reason FROM set_aside ORDER BY id")).all()
    assert left == [("lead", ids[0], "by the release before"), ("lead", ids[1], REASONS[1])]
