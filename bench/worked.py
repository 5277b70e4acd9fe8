"""What a mail costs the worker that people run: decided, written, sent and recorded by its jobs, nothing left out.

python -m bench.worked — `nurture worker` and `nurture clock` as a PaaS starts them, on leads in the midst of the
shipped campaign, some of whom come due in each round (`bench.morning`); mails go to our sink. CPU is that of the
worker's whole process tree from the moment they come due to the last recorded answer: deciding, jobs, leases, meters
and the waiting between are all in it. The clock's is not.
"""

import tempfile
from collections.abc import Iterable
from pathlib import Path

from bench.alone import run_alone
from bench.measure import Measured, Options, Target, alone
from bench.morning import Morning, every_day
from bench.processes import processes
from bench.product import environment, product
from bench.servers import servers
from bench.sink import sink

MICROSECONDS = "µs CPU a mail"


def measure(options: Options) -> Iterable[Measured]:
    """One round to get warm, then those that count."""
    mails = options.number("mails", 5_000, 200)
    with servers() as place, sink() as takes, tempfile.TemporaryDirectory() as folder:
        files = {"NURTURE_WORKSPACE": str(every_day(Path(folder)))}
        mail_url = f"smtp://127.0.0.1:{takes.port}?connections=8"
        told = environment(place, MAIL_URL=mail_url, BASE_URL="https://nurture.example.com", **files)
        with product(place, None, **files) as app:
            morning = Morning(app, options.runs + 1, mails)
            with processes(told, Path(folder), "worker", "clock") as pids:
                _, *rounds = [morning.round(pids["worker"]) for _ in range(options.runs + 1)]
    more = {
        "mails": mails,
        "postgres": [round(each.postgres) for each in rounds],
        "mails a second": [round(mails / each.sending) for each in rounds],
    }
    found = [each.worker for each in rounds]
    yield alone(
        "send.worked", found, MICROSECONDS, target=Target(most=600, of="ours"), note="deciding and jobs included",
        more=more,
    )  # fmt: skip


if __name__ == "__main__":
    run_alone(measure, __doc__)
