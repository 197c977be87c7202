"""What `bench exact` asks the database at the end of a run, when all work is done.

Is everything that was accepted there once, do the counts equal the rows, did every closed bin see
what counts for it, is no topic in two open incidents.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Ask = Callable[[str], list[tuple[Any, ...]]]
"""Runs one statement; rows as the driver gives them."""


@dataclass(frozen=True, slots=True)
class Found:
    """Bins that were judged, bins that were judged again, and whatever is not as it must be."""

    bins: int
    reopened: int
    wrong: list[str]


def audit(ask: Ask, accepted: set[bytes]) -> Found:
    """Hold a database against the ids of the mentions that were accepted."""
    [(bins,)] = ask("SELECT count(*) FROM bin_result WHERE revision = 0")
    [(reopened,)] = ask("SELECT count(*) FROM bin_revision")
    wrong = []
    seen = {bytes(row[0]) for row in ask("SELECT id FROM seen")}
    if seen != accepted:
        wrong.append(f"{len(accepted - seen)} lost, {len(seen - accepted)} too many")
    stored = Counter((s, i) for s, i in ask("SELECT source, source_id FROM mention"))
    if len(stored) != len(accepted) or max(stored.values(), default=1) > 1:
        wrong.append(f"{sum(stored.values())} rows of {len(stored)} mentions")
    for what, sql in _NEVER.items():
        if rows := ask(sql):
            wrong.append(f"{what}: {rows[:3]}")
    return Found(bins, reopened, wrong)


_ROWS = (
    "SELECT topic, source, at_s / 60 AS minute, count(*)::bigint AS mentions,"
    " sum((tone = -1)::int)::bigint AS negatives FROM mention_topic GROUP BY 1, 2, 3"
)
_COUNTS = (
    "SELECT topic, source, minute, sum(mentions)::bigint AS mentions,"
    " sum(negatives)::bigint AS negatives FROM count GROUP BY 1, 2, 3"
)
_NEVER = {
    "counts are not the rows": (
        f"WITH r AS ({_ROWS}), c AS ({_COUNTS})"
        " (TABLE r EXCEPT TABLE c) UNION ALL (TABLE c EXCEPT TABLE r)"
    ),
    "a closed bin did not see what counts for it": (
        "SELECT b.topic, b.start_s, b.mentions, c.mentions FROM"
        " (SELECT DISTINCT ON (topic, start_s) topic, start_s, mentions FROM bin_result"
        "  ORDER BY topic, start_s, revision DESC) b LEFT JOIN"
        " (SELECT topic, minute / 5 * 300 AS start_s, sum(mentions)::bigint AS mentions FROM count"
        "  GROUP BY 1, 2) c USING (topic, start_s)"
        " LEFT JOIN bin_revision w USING (topic, start_s)"
        " WHERE coalesce(c.mentions, 0) <> b.mentions AND NOT coalesce(w.waiting, false)"
    ),
    "an incident is open twice": (
        "SELECT topic, count(*) FROM incident_topic t JOIN incident i ON i.id = t.incident"
        " WHERE i.status <> 'resolved' GROUP BY 1 HAVING count(*) > 1"
    ),
}
