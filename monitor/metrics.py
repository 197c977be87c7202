"""Every metric of the service, in one list (docs/metrics.md); base units, bounded labels.

Labels come from configuration or from an enumeration: topic, source, channel, outcome, level, kind, part.
Never an author, a term, an address or an incident: those have no bound, and some are people.
Gauges that only the store or the log knows are set when `/metrics` is read
(`monitor.server.api.system`).
"""

from __future__ import annotations

import collections
from collections.abc import Iterable
from contextlib import suppress

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

REGISTRY = CollectorRegistry(auto_describe=True)
"""One per process; the prometheus_client default one is left alone, others may use it."""

_SHORT = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
_WAITS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0)
_LONG = (1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0, 6 * 3600.0, 24 * 3600.0)

# --- the door -------------------------------------------------------------------------------
INGESTED = Counter(
    "sturmglas_ingest_mentions",
    "Mentions that came to the door. outcome: accepted, duplicate, rejected.",
    ["source", "outcome"],
    registry=REGISTRY,
)
REQUESTS = Counter(
    "sturmglas_ingest_requests",
    "Requests to the door. outcome: accepted, rejected, unauthorised, refused, unavailable, failed.",
    ["outcome"],
    registry=REGISTRY,
)
INGEST_SECONDS = Histogram(
    "sturmglas_ingest_seconds",
    "From the last byte of an accepted ingest request to its answer: durable by then.",
    buckets=_SHORT,
    registry=REGISTRY,
)
COMMIT_SECONDS = Histogram(
    "sturmglas_commit_seconds", "One append to the log.", buckets=_SHORT, registry=REGISTRY
)
COMMIT_REQUESTS = Histogram(
    "sturmglas_commit_requests",
    "Requests that shared one append to the log.",
    buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256),
    registry=REGISTRY,
)

# --- log and pipeline -----------------------------------------------------------------------
BACKLOG_ENTRIES = Gauge(
    "sturmglas_backlog_entries", "Entries of the log not yet filed.", registry=REGISTRY
)
BACKLOG_BYTES = Gauge(
    "sturmglas_backlog_bytes", "Bytes of the log not yet filed.", registry=REGISTRY
)
BACKLOG_AGE = Gauge(
    "sturmglas_backlog_age_seconds",
    "Age of the oldest entry not yet filed; 0 when there is none.",
    registry=REGISTRY,
)
ARRIVED_LAG = Histogram(
    "sturmglas_published_to_accepted_seconds",
    "From publication to being accepted, newest of each batch, by source.",
    ["source"],
    buckets=_LONG,
    registry=REGISTRY,
)
FILED_LAG = Histogram(
    "sturmglas_accepted_to_filed_seconds",
    "From being accepted to being stored and counted, by entry of the log.",
    buckets=_WAITS,
    registry=REGISTRY,
)
FILED_AT_ONCE = Histogram(
    "sturmglas_file_mentions",
    "Mentions filed by one read of the log.",
    buckets=(1, 10, 100, 500, 1000, 5000, 10_000, 50_000),
    registry=REGISTRY,
)
FILED = Counter(
    "sturmglas_filed_mentions",
    "Mentions filed by the pipeline. outcome: new, known, late (late ones are new as well).",
    ["outcome"],
    registry=REGISTRY,
)
FILE_SECONDS = Histogram(
    "sturmglas_file_seconds",
    "Filing one read of the log: match, score, store, count, acknowledge.",
    buckets=_SHORT,
    registry=REGISTRY,
)
PIPELINE_ERRORS = Counter(
    "sturmglas_pipeline_errors",
    "Batches or bins that failed and were tried again.",
    registry=REGISTRY,
)
PARKED_ENTRIES = Gauge(
    "sturmglas_parked_entries",
    "Batches put aside because filing them raises; tried again at the next start.",
    registry=REGISTRY,
)
BINS_CLOSED = Counter(
    "sturmglas_bins_closed", "Closed bins that were judged.", ["topic"], registry=REGISTRY
)
JUDGED_LAG = Histogram(
    "sturmglas_bin_end_to_judged_seconds",
    "From the end of a bin to its level being stored; only while judging live.",
    buckets=_WAITS,
    registry=REGISTRY,
)
LEASES_HELD = Gauge(
    "sturmglas_leases_held",
    "Pieces of work that this process holds. kind: shard, topics, deliver, source.",
    ["kind"],
    registry=REGISTRY,
)
LAST_BIN = Gauge(
    "sturmglas_last_bin_timestamp_seconds",
    "End of the newest judged bin of a topic, by its own clock.",
    ["topic"],
    registry=REGISTRY,
)

SHED = Gauge(
    "sturmglas_load_shed",
    "1 while this kind of work is left out because too much waits. part: clusters, transformer. Never counting.",
    ["part"],
    registry=REGISTRY,
)

# --- the cascade ----------------------------------------------------------------------------
CASCADE = Counter(
    "sturmglas_cascade_mentions",
    "Mentions for a transformer. outcome: offered, replaced, stale, dropped, expired, failed.",
    ["outcome"],
    registry=REGISTRY,
)
CASCADE_WAITING = Gauge(
    "sturmglas_cascade_waiting", "Mentions that wait for a transformer.", registry=REGISTRY
)
CASCADE_SECONDS = Histogram(
    "sturmglas_cascade_seconds",
    "One batch through the transformers.",
    buckets=_SHORT,
    registry=REGISTRY,
)
CASCADE_HEADS = Gauge(
    "sturmglas_cascade_heads",
    "Heads that a loaded transformer answers; 0: none is set, or it is missing.",
    registry=REGISTRY,
)

# --- what is seen ---------------------------------------------------------------------------
LEVEL = Gauge("sturmglas_level", "Storm level of a topic, 0 to 6.", ["topic"], registry=REGISTRY)
INCIDENTS_OPEN = Gauge(
    "sturmglas_incidents_open", "Open incidents by their level now.", ["level"], registry=REGISTRY
)
SOURCE_LAST_ITEM = Gauge(
    "sturmglas_source_last_item_timestamp_seconds",
    "When a source last gave us anything.",
    ["source"],
    registry=REGISTRY,
)
SOURCE_SILENT = Gauge(
    "sturmglas_source_silent",
    "1 while a source is silent for longer than it usually is: unknown, not calm.",
    ["source"],
    registry=REGISTRY,
)

# --- what goes out --------------------------------------------------------------------------
DELIVERY_ATTEMPTS = Counter(
    "sturmglas_delivery_attempts",
    "Attempts to deliver an alert. outcome: accepted, retry, refused, unknown.",
    ["channel", "outcome"],
    registry=REGISTRY,
)
DELIVERY_SECONDS = Histogram(
    "sturmglas_delivery_seconds",
    "One attempt to deliver, from request to answer.",
    ["channel"],
    buckets=_SHORT,
    registry=REGISTRY,
)

SENT_LAG = Histogram(
    "sturmglas_queued_to_sent_seconds",
    "From an alert being queued, in the transaction that judged, to a receiver accepting it.",
    ["channel"],
    buckets=_WAITS,
    registry=REGISTRY,
)
OUTBOX_OVERDUE = Gauge(
    "sturmglas_outbox_overdue_seconds",
    "How long the oldest delivery that nothing blocks has been due; 0 when none is.",
    registry=REGISTRY,
)

OUTBOX_UNSENT = Gauge(
    "sturmglas_unsent",
    "Deliveries that should be out for longer than audit.unsent_s, up to some hundreds.",
    registry=REGISTRY,
)
DEAD_LETTERS = Gauge(
    "sturmglas_dead_letters",
    "Deliveries given up within the last hour; a person can send them again.",
    registry=REGISTRY,
)

# --- who watches the watcher ------------------------------------------------------------------
AUDIT_AGE = Gauge(
    "sturmglas_audit_age_seconds",
    "Since the auditor last looked, by its beat in the store; of all processes together.",
    registry=REGISTRY,
)
AUDIT_FINDINGS = Gauge(
    "sturmglas_audit_findings",
    "What the auditor of this process finds wrong. kind: unsent, overdue, failing, dead, pipeline, behind, deliverer, store.",
    ["kind"],
    registry=REGISTRY,
)
HEARTBEAT_SENT = Gauge(
    "sturmglas_heartbeat_sent_timestamp_seconds",
    "When the dead-man's switch outside last took a ping that all is well; 0: never by this process.",
    registry=REGISTRY,
)
HEARTBEAT_MISSING = Gauge(
    "sturmglas_heartbeat_missing",
    "1 while somebody who is expected to speak does not. name: of [watch.NAME] or of the source.",
    ["name"],
    registry=REGISTRY,
)

# --- people who look ------------------------------------------------------------------------
STREAMS_OPEN = Gauge("sturmglas_live_streams_open", "Open live pages.", registry=REGISTRY)
SIGNALS_DROPPED = Counter(
    "sturmglas_live_signals_dropped",
    "Signals dropped because a page did not read fast enough; it reloads everything then.",
    registry=REGISTRY,
)


def exposition() -> bytes:
    """Return all metrics in the Prometheus text format 0.0.4."""
    return generate_latest(REGISTRY)


CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def forget_topic(topic: str) -> None:
    """Stop telling a topic's level: another worker judges it now and tells it."""
    for gauge in (LEVEL, LAST_BIN):
        with suppress(KeyError):
            gauge.remove(topic)


def attempted(channel: str, outcome: str, latency_ms: float) -> None:
    """Count one attempt to deliver; called by whoever wires the deliverer."""
    DELIVERY_ATTEMPTS.labels(channel, outcome).inc()
    DELIVERY_SECONDS.labels(channel).observe(latency_ms / 1000)


def holds(held: Iterable[str], kinds: Iterable[str]) -> None:
    """Tell how many leases of each kind are held; names are ``kind/which``."""
    counted = collections.Counter(name.partition("/")[0] for name in held)
    for kind in kinds:
        LEASES_HELD.labels(kind).set(counted[kind])
