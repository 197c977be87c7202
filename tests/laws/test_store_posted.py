"""Where messages stand: one for each target and key, the newest stays."""

from __future__ import annotations

from dataclasses import replace

from alerts.posted import Posted, Remembered, Shown
from monitor.ports import Store
from tests import builders as b
from tests.laws.homes import StoreHome

SHOWN = Shown("slack", "sturmglas-a-1", "1700000000.000100", "C1", 1, b.T0)


def keeps_one_for_each_target_and_key(posted: Posted) -> None:
    assert posted.find("slack", SHOWN.key) is None
    other = replace(SHOWN, target="slack/kim", message="2.2")
    second = replace(SHOWN, key="sturmglas-a-2", message="3.3")
    newer = replace(SHOWN, seq=7, message="1700000009.000100", at=b.after(minutes=5))
    for one in (SHOWN, other, second, newer):
        posted.keep(one)
    assert posted.find("slack", SHOWN.key) == newer
    assert posted.find("slack/kim", SHOWN.key) == other
    assert posted.find("slack", second.key) == second


def test_a_store_keeps_one_message_for_each_target_and_key(store: Store) -> None:
    keeps_one_for_each_target_and_key(store.posted)


def test_a_memory_keeps_one_message_for_each_target_and_key() -> None:
    keeps_one_for_each_target_and_key(Remembered())


def test_a_message_is_known_after_a_restart(store_home: StoreHome) -> None:
    first = store_home.open()
    first.posted.keep(SHOWN)
    first.close()
    again = store_home.open()
    assert again.posted.find(SHOWN.target, SHOWN.key) == SHOWN
    again.close()
