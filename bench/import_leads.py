"""Rows a second of a CSV file of leads, from the file to committed leads in their campaigns.

Ours is what `nurture leads import` does: the file is read, each row checked, batches stored, and the rules decide what
follows for each lead. The floor is the least that anything storing the same rows does: COPY into a staging table, then
one INSERT … SELECT … ON CONFLICT into the table of leads. It decides nothing, so it stores what is only the beginning
of ours; how far ours is from it says what the deciding costs. Import a file once more and it changes nothing: that is
measured beside it (`import-again`).
"""

import tempfile
from collections.abc import Iterable
from functools import partial
from pathlib import Path

import psycopg

from bench.alone import run_alone
from bench.counters import work
from bench.cpu import postmaster, spent
from bench.measure import Measured, Options, against, alone, by_turns
from bench.people import csv_of
from bench.product import TUESDAY, product, tidy
from bench.servers import servers
from nurture.app import App
from nurture.flows.import_leads import import_leads
from nurture.sheets.people import Terms
from nurture.sheets.sheet import open_sheet

ROWS, QUICK_ROWS = 20_000, 500
COLUMNS = ("email", "first_name", "last_name", "title", "company", "country", "timezone", "industry", "employees",
           "source", "stage", "reject_reason", "rejected_at")  # fmt: skip
TABLES = (
    "CREATE TABLE floor_lead (LIKE lead INCLUDING ALL)",
    f"CREATE TABLE floor_staging ({', '.join(f'{name} text' for name in COLUMNS)})",
)
STORE = """
    INSERT INTO floor_lead (email, key, first_name, last_name, title, company, country, timezone, industry, employees,
                            source, stage, cycle_started_at, created_at, updated_at)
    SELECT email, email, first_name, last_name, title, company, country, timezone, industry,
           CAST(nullif(employees, '') AS bigint), source, coalesce(nullif(stage, ''), 'inquiry'), now(), now(), now()
    FROM floor_staging ORDER BY email
    ON CONFLICT (email) DO UPDATE SET first_name = excluded.first_name, last_name = excluded.last_name
"""


def measure(options: Options) -> Iterable[Measured]:
    """Import one new file after another, ours and the floor by turns; then one of them again."""
    rows = options.number("import.rows", ROWS, QUICK_ROWS)
    cost: dict[str, dict[str, float]] = {}
    with servers() as them, product(them) as app, tempfile.TemporaryDirectory() as folder:
        files = [csv_of(rows, Path(folder), name=f"file{n}-", domain=f"n{n}.") for n in range(options.runs)]
        waiting = {"ours": list(files), "floor": list(files)}
        pid = postmaster(app.engine)

        def ours() -> float:
            tidy(app.engine)
            before = work(app.engine)
            created, took = spent(lambda: _import(app, waiting["ours"].pop()), postgres=pid)
            if created != rows:
                raise SystemExit(f"of {rows} leads {created} were created")
            cost["ours"] = {**took.micros(rows), **(work(app.engine) - before).per(rows)}
            return rows / took.seconds

        def floor() -> float:
            tidy(app.engine)
            _, took = spent(lambda: _copy(db, waiting["floor"].pop()), postgres=pid)
            cost["floor"] = took.micros(rows)
            return rows / took.seconds

        with psycopg.connect(them.plain_url, autocommit=True) as db:
            for table in TABLES:
                db.execute(table)
            found = by_turns({"ours": ours, "floor": floor}, options.runs)
            stored = db.execute("SELECT (SELECT count(*) FROM lead), (SELECT count(*) FROM floor_lead)").fetchone()
        if stored != (rows * options.runs,) * 2:
            raise SystemExit(f"{stored} leads were stored, of {rows * options.runs}")
        more = {"rows": rows, "us_cpu_a_row": cost}
        yield against("import", found["ours"], found["floor"], "rows/s", more=more)
        again = [rows / spent(partial(_import, app, path))[1].seconds for path in files]
        yield alone("import-again", again, "rows/s", note="rows that change nothing")


def _import(app: App, path: Path) -> int:
    """What `nurture leads import` does; how many leads are new."""
    with open_sheet(path, Terms.of(app.agreement, TUESDAY)) as sheet:
        return import_leads(app, sheet, TUESDAY).created


def _copy(db: psycopg.Connection, path: Path) -> None:
    """The floor, in one transaction: the file as it is into a table, and from there to where leads live."""
    with db.transaction(), db.cursor() as cursor:
        cursor.execute("TRUNCATE floor_staging")
        with cursor.copy("COPY floor_staging FROM STDIN (FORMAT csv, HEADER)") as copy, path.open("rb") as file:
            while block := file.read(1 << 20):
                copy.write(block)
        cursor.execute(STORE)


if __name__ == "__main__":
    run_alone(measure, __doc__)
