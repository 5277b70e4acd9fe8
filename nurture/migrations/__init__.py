"""Alembic's scripts; `nurture.store.migrate.upgrade` runs them."""
