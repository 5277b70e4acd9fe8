"""The numbers as Prometheus reads them: names with units, one help line each, labels out of short lists only."""

from collections.abc import Iterable, Iterator, Mapping
from typing import get_args

from prometheus_client import CollectorRegistry, Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

import nurture
from nurture.meters import COUNTERS, HISTOGRAMS, Key, by_labels, measured
from nurture.rules.breaker import State
from nurture.store.health import MOST, Health, Waiting

OUTCOMES = ("sent", "failed", "put_off", "held", "unknown", "cancelled")
KINDS = ("web", "worker", "clock")
ASIDE = ("lead", "score", "handoff", "hits")
HISTOGRAM_NAMES = {"ingest": "nurture_ingest_seconds", "commit": "nurture_ingest_commit_events"}

_Values = tuple[str, ...]
"""Of the labels."""
_Sample = tuple[_Values, float]


def told(accept: str, health: Health | None, counts: Mapping[Key, int], sources: Iterable[str]) -> tuple[bytes, str]:
    """The document and its content type: OpenMetrics for who asks for it, else Prometheus' text format.

    Args:
        accept: what the client takes, as in its header.
        health: how it goes; None where the database cannot say, and then nothing else is told.
        counts: what all processes have counted together.
        sources: names of the write keys, which are told of before their first event.
    """
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Told(health, counts, sources))
    encode, content_type = choose_encoder(accept)
    return encode(registry), content_type


class _Told(Collector):
    """What the library asks for the families."""

    def __init__(self, health: Health | None, counts: Mapping[Key, int], sources: Iterable[str]) -> None:
        self._health, self._counts, self._sources = health, counts, tuple(sources)

    def describe(self) -> Iterable[Metric]:
        return ()

    def collect(self) -> Iterator[Metric]:
        health = self._health
        yield _gauge(
            "up", "Whether the database answers; all else is told only where it does.", [((), health is not None)]
        )
        yield _gauge("info", "The version that answers.", [((nurture.__version__,), 1)], "version")
        if health is not None:
            yield from _mail(health)
            yield from _sales(health)
            yield from _house(health)
            yield from _counters(self._counts, health, self._sources)
            yield from (_histogram(name, self._counts) for name in HISTOGRAMS)


def _mail(health: Health) -> Iterator[Metric]:
    due: dict[_Values, Waiting] = {(): health.due}
    yield from _waiting("due_leads", "Leads whose time to be decided has come", due)
    mailers = health.mailers
    yield from _waiting(
        "mails", "Mails whose slot has come and that have not gone", {(m.name,): m.waiting for m in mailers}, "mailer"
    )
    planned = [((mailer.name,), mailer.planned) for mailer in mailers]
    yield _gauge("mails_planned", f"Mails whose slot is to come, up to {MOST}.", planned, "mailer")
    under_way = [((mailer.name,), mailer.under_way) for mailer in mailers]
    yield _gauge("mails_under_way", "Mails that a worker has in hand.", under_way, "mailer")
    unknown = [((mailer.name,), mailer.unknown) for mailer in mailers]
    yield _gauge(
        "mails_unknown", f"Mails of which nobody knows whether they were taken, up to {MOST}.", unknown, "mailer"
    )
    states = [((mailer.name, state), mailer.state == state) for mailer in mailers for state in get_args(State)]
    yield _gauge("mailer_state", "1 for the state that the mailer's breaker is in.", states, "mailer", "state")
    paused = [((mailer.name,), mailer.paused_at is not None) for mailer in mailers]
    yield _gauge("mailer_paused", "Whether somebody has paused it by hand.", paused, "mailer")


def _sales(health: Health) -> Iterator[Metric]:
    outboxes: dict[_Values, Waiting] = {(channel,): waiting for channel, waiting in health.outboxes.items()}
    yield from _waiting(
        "outbox", "News that waits to be told, also mail to be forwarded and to confirm", outboxes, "channel"
    )
    yield _gauge(
        "notices_failed",
        f"News that its channel did not take and that was given up, up to {MOST}.",
        [((), health.notices_failed)],
    )
    aside = [((kind,), health.set_aside.get(kind, 0)) for kind in ASIDE]
    yield _gauge("set_aside_waiting", "What could not be worked on and waits for another try.", aside, "kind")
    handoffs = health.handoffs
    yield _gauge("handoffs_open", "Leads that sales has.", [((), handoffs.open)])
    yield _gauge("handoffs_unanswered", "Of these, leads that sales has not answered.", [((), handoffs.offered)])
    yield _gauge("handoffs_late", "Of these, leads of which a deadline has passed.", [((), handoffs.late)])


def _house(health: Health) -> Iterator[Metric]:
    clock = health.clock
    yield _gauge("clock_led", "Whether some clock process leads.", [((), clock.is_led)])
    if clock.age is not None:
        yield _gauge("clock_tick_age_seconds", "Seconds since the clock looked last.", [((), clock.age)])
    running = [((kind,), health.processes.get(kind, 0)) for kind in KINDS]
    yield _gauge("processes", "Processes that have told within the last seconds that they are alive.", running, "kind")
    peaks = [((kind,), octets) for kind, octets in sorted(health.peak_octets.items())]
    yield _gauge("process_peak_memory_bytes", "The most memory that one process of the kind has had.", peaks, "kind")
    unfiled = [((), health.events_unfiled)]
    yield _gauge("events_unfiled", f"Events of months that have no partition, up to {MOST}.", unfiled)
    yield _gauge("database_size_bytes", "The size of the database.", [((), health.database_octets)])
    yield _gauge("database_connections", "Connections to the database.", [((), health.connections)])
    yield _gauge("database_connections_max", "Connections that its server takes.", [((), health.most_connections)])


def _counters(counts: Mapping[Key, int], health: Health, sources: Iterable[str]) -> Iterator[Metric]:
    """Each counter; with noughts for what is known beforehand, so that a first one is seen as a rise."""
    foreseen: dict[str, list[_Values]] = {
        "mails": [(mailer.name, outcome) for mailer in health.mailers for outcome in OUTCOMES],
        "set_aside": [(kind,) for kind in ASIDE],
        "events_received": [(source,) for source in sources],
        "events_rejected": [(source,) for source in sources],
    }
    for name, counter in COUNTERS.items():
        family = CounterMetricFamily(f"nurture_{name}", counter.help, labels=counter.labels)
        known: dict[_Values, int] = dict.fromkeys(foreseen.get(name, []) if counter.labels else [()], 0)
        known |= {tuple(labels): n for labels, n in by_labels(name, counts)}
        for labels, n in sorted(known.items()):
            family.add_metric(labels, n)
        yield family


def _histogram(name: str, counts: Mapping[Key, int]) -> Metric:
    histogram, found = HISTOGRAMS[name], measured(name, counts)
    bounds = [*(repr(bound / histogram.scale) for bound in histogram.bounds), "+Inf"]
    family = HistogramMetricFamily(HISTOGRAM_NAMES[name], histogram.help)
    family.add_metric([], buckets=list(zip(bounds, found.up_to, strict=True)), sum_value=found.sum / histogram.scale)
    return family


def _waiting(
    name: str, help_: str, found: Mapping[_Values, Waiting], *labels: str
) -> tuple[GaugeMetricFamily, GaugeMetricFamily]:
    counts = [(values, waiting.count) for values, waiting in found.items()]
    ages = [(values, waiting.oldest) for values, waiting in found.items()]
    return (
        _gauge(f"{name}_waiting", f"{help_}, up to {MOST}.", counts, *labels),
        _gauge(f"{name}_oldest_age_seconds", f"{help_}: for how long the oldest has waited.", ages, *labels),
    )


def _gauge(name: str, help_: str, samples: Iterable[_Sample], *labels: str) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"nurture_{name}", help_, labels=labels)
    for values, value in samples:
        family.add_metric(list(values), float(value))
    return family
