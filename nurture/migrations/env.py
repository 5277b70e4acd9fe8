"""Alembic's environment: `nurture.store.migrate` hands the connection in (by hand: `alembic -x url=…`)."""

from alembic import context
from sqlalchemy import create_engine
from sqlmodel import SQLModel

import nurture.models  # noqa: F401 - the tables register themselves

config = context.config


def _run(connection: object) -> None:
    context.configure(connection=connection, target_metadata=SQLModel.metadata)  # type: ignore[arg-type]
    with context.begin_transaction():
        context.run_migrations()


given = config.attributes.get("connection")
if given is not None:
    _run(given)
else:
    with create_engine(context.get_x_argument(as_dictionary=True)["url"]).begin() as connection:
        _run(connection)
