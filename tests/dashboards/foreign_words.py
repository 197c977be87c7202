"""Words in the scenes that are not ours, or the same in both languages, for who looks for ours."""

from __future__ import annotations

from tests.dashboards.incident_scenes import CARD, deliveries, facts, steps
from tests.dashboards.query_scenes import DONE, FORM
from tests.dashboards.situation_scenes import GAPS, POSTS, TERMS, detail, tiles

FOREIGN = frozenset(
    {
        *(x for t in tiles() for x in (t.name, t.brand)),
        *(g.name for g in GAPS),
        *(p.text for p in POSTS),
        *(t.term for t in TERMS),
        *(p.handle for p in POSTS),
        *(p.source for p in POSTS),
        *(s.name for s in detail().sources),
        *(s.name for s in CARD.sources),
        *(a.handle or a.key[:6] for a in CARD.authors),
        *(d.to for d in deliveries()),
        *(d.error for d in deliveries()),
        *(x.owner for x in steps()),
        *(x.note for x in steps()),
        *(str(v) for f in facts() for v in f.payload.values()),
        *(x for s in steps() for t in (s.title, s.text, *s.questions) for x in (t.de, t.en)),
        *(
            "Billing or service failure",
            "Glas im Kaffee",
            "D-31",
            "K-12",
            "M. Petersen",
            "Abrechnung",
        ),
        *("Kim Behrens", "Lee Hansen", "America/New_York", "community", "desk", "press", "alone"),
        *("push", "mail", "kim", "lee", "answered 200", "Zahnarzt"),
        *("Nordwind", "Südwind", "südwind", "kundenportal", "@nordwind", "modellbahn"),
        *("Europe/Berlin", "K-7", "K-8", "K-9"),
        *(p.text[:300] for t in (DONE.found, DONE.new, DONE.gone) for p in t.examples),
        *(FORM.any.split("\n")),
        *FORM.sources,
        FORM.languages,
        *("pipeline: 41 s behind", "503 Service Unavailable", "forum"),
    }
) - {""}
"""What users, platforms and playbooks wrote in these scenes."""
UNITS = r"\b(CET|min|Oct|Nov|Mon|Tue|Wed|Thu|Fri|Sat|Sun)\b"
"""What Babel and units bring into the test language, which is formatted as English."""
SAME_IN_BOTH = frozenset(
    {
        "cal.move",
        "conn.on", "hint.sources", "in", "verdict.level", "verdict.calm",
        "curve.1h", "curve.6h", "curve.24h", "terms.factor", "unit.times", "steps.done_by",
        "hint.young_negatives", "hint.young_mentions", "role.community", "rd.tone.0",
    }
)  # fmt: skip
