"""A transaction that writes to every table and then fails."""

from __future__ import annotations

from detectors.query_health import Mark
from monitor.ports import Store
from tests import builders as b
from tests.laws.filing import file_in


class Broken(Exception):
    """Stands for whatever goes wrong inside a transaction."""


def write_everything_and_fail(store: Store) -> None:
    storm = b.incident()
    with store.begin() as tx:
        file_in(tx, [b.filed(1)])
        tx.save_incident(storm, 0)
        tx.add_facts(storm.id, [b.fact()])
        tx.enqueue(b.alert(storm), ["slack"], b.T0)
        tx.save_run(b.run(storm), 0)
        tx.save_watch(b.watch())
        tx.add_result(b.result())
        tx.reopen(b.TOPIC, [b.T0])
        tx.save_source(b.source_state())
        tx.set_media(b.TOPIC, 4, "kim", b.T0)
        tx.keep_evidence(storm.id, [1])
        tx.save_planned(b.planned(), 0)
        tx.mark_relevance(Mark(b.TOPIC, 1, "2026-11", True, "kim", b.T0))
        raise Broken
