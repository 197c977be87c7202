"""Every table, as SQLAlchemy Core metadata; the migrations must lead to exactly this.

Three conventions hold everywhere (docs/decisions/0003-schema.md):

* A column named ``..._us`` is an instant as microseconds since 1970-01-01 UTC; one named ``..._s``
  is whole seconds of the same; ``minute`` is whole minutes. No zones, no text dates.
* JSON columns are text. A number that is not finite is written ``Infinity`` or ``NaN``, as
  Python's `json` does, because a return period may well be infinite.
* Conditions of partial indices have a name in capitals. SQLite takes such an index only for a query
  that says the same thing in the same words, so queries use these too; a bound parameter would not
  match.
"""

from __future__ import annotations

from monitor.store.schema.base import metadata
from monitor.store.schema.counts import (
    ASSESSED,
    COUNT_COLUMNS,
    WAITING,
    bin_result,
    bin_revision,
    capped,
    count,
    media,
    source_state,
    taken_back,
    watch,
)
from monitor.store.schema.deliveries import PENDING, UNSETTLED, alert, attempt, delivery
from monitor.store.schema.errands import DUE, errand
from monitor.store.schema.incidents import OPEN, evidence, fact, incident, incident_topic, run
from monitor.store.schema.install import lease, secret, setting
from monitor.store.schema.log import log_entry, log_group, log_pending, log_total
from monitor.store.schema.mentions import (
    author,
    author_first,
    mention,
    mention_topic,
    parked,
    seen,
)
from monitor.store.schema.noticing import calibration, missed, planned, relevance, vocabulary
from monitor.store.schema.reading import correction, speaking, taught
from monitor.store.schema.waking import STANDING, answered, beat, duty, posted, silence

__all__ = [
    "ASSESSED",
    "COUNT_COLUMNS",
    "DUE",
    "OPEN",
    "PENDING",
    "STANDING",
    "UNSETTLED",
    "WAITING",
    "alert",
    "answered",
    "attempt",
    "author",
    "author_first",
    "beat",
    "bin_result",
    "bin_revision",
    "calibration",
    "capped",
    "correction",
    "count",
    "delivery",
    "duty",
    "errand",
    "evidence",
    "fact",
    "incident",
    "incident_topic",
    "lease",
    "log_entry",
    "log_group",
    "log_pending",
    "log_total",
    "media",
    "mention",
    "mention_topic",
    "metadata",
    "missed",
    "parked",
    "planned",
    "posted",
    "relevance",
    "run",
    "secret",
    "seen",
    "setting",
    "silence",
    "source_state",
    "speaking",
    "taken_back",
    "taught",
    "vocabulary",
    "watch",
]
