"""Tables of reports, whatever stands in them."""

from rich.cells import cell_len

from nurture.app import App
from nurture.cli.printing import out
from nurture.cli.report_table import print_report
from nurture.db import transaction
from nurture.reports.catalogue import REPORTS
from tests.reports.histories import FIRST, NOW, insert, write_history


def test_no_line_is_longer_than_80_columns_and_nothing_moves_the_cursor(app: App) -> None:
    with transaction(app.engine) as db:
        write_history(db, seed=7, leads=12)
        times = {"cycle_started_at": FIRST, "created_at": FIRST, "updated_at": FIRST}
        lead = insert(db, "lead", email="jo@x.example", key="jo", source="漢字" * 30 + "\x1b[31m[red]\n", **times)
        insert(db, "cycle", lead_id=lead, n=1, started_at=FIRST)
    for name, make in REPORTS.items():
        with out.capture() as shown:
            print_report(make(app, since=None, until=None, now=NOW))
        lines = shown.get().splitlines()
        assert "\x1b" not in shown.get()
        assert max(cell_len(line) for line in lines) <= 80, name
        if name in ("funnel", "interest"):
            assert any("漢字漢" in line and "…" in line for line in lines), "a long key is cut"
