"""What is kept of a round that did not pass: what was planned, done and found, and every row as it stood then.

The world's folder has the rest: logs, mailboxes, the senders' lists, the servers' data, on which they can be started.
"""

import traceback
from pathlib import Path

import orjson
from sqlalchemy import Engine, text

from chaos.audit import Broken
from chaos.live import Round
from nurture.db import transaction

TABLES = text("""
    SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace
    AND (relkind = 'p' OR relkind = 'r' AND NOT relispartition) ORDER BY relname
""")


def keep_evidence(lived: Round, broken: list[Broken]) -> Path:
    """Write it to `failed-SEED` in the world's folder, which it gives: `found.json`, `tables/NAME.csv`."""
    folder = lived.world.folder / f"failed-{lived.plan.seed}"
    folder.mkdir(parents=True, exist_ok=True)
    found = {
        "seed": lived.plan.seed,
        "long": lived.plan.long,
        "now": lived.world.clock.now,
        "plan": [f"{strike.fault.name} {strike}" for strike in lived.plan.strikes],
        "told": lived.told,
        "may_be_unknown": lived.world.may_be_unknown,
        "broken": [{"what": one.what, "kind": one.kind, "rows": [str(row) for row in one.rows]} for one in broken],
    }
    (folder / "found.json").write_bytes(orjson.dumps(found, option=orjson.OPT_INDENT_2))
    try:
        _dump(lived.world.engine, folder / "tables")
    except Exception:  # PostgreSQL may be what is broken; its data are kept anyway
        (folder / "tables-failed.txt").write_text(traceback.format_exc())
    return folder


def _dump(engine: Engine, folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    with transaction(engine) as db:
        names = list(db.execute(TABLES).scalars())
        cursor = db.connection.cursor()
        for name in names:
            copying = f'COPY (SELECT * FROM "{name}") TO STDOUT (FORMAT csv, HEADER)'
            with (folder / f"{name}.csv").open("wb") as file, cursor.copy(copying) as rows:
                for data in rows:
                    file.write(data)
