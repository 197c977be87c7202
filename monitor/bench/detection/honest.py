"""Is a return period what it says, and what does watching cost?

On streams without a storm, "once in T days" should be seen about once in T days. Told for the burst
engine alone, at one bin and over raw counts, and for what a page says: the longest of all scales, of
mentions and of negatives that the crowd does not explain. Cost is the CPU of closing bins, rows
ready; state is what is stored of a topic.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import Any

from detectors.burst import GAP_S, Burst
from detectors.rates import SCALES, Rates
from detectors.topic import Query, Topic
from detectors.watch import TopicWatch
from detectors.window import BIN_S
from monitor.bench.detection import arrivals
from monitor.bench.detection.brand import DAY_BINS, brand, calm
from monitor.bench.detection.run import Job, _readings
from monitor.bench.detection.stream import Hours, Stream
from monitor.bench.figures import poisson_interval, spread

Record = dict[str, Any]
PERIODS = (1.0, 3.0, 10.0, 30.0)
RATES = (2.0, 20.0, 200.0)
TAUGHT_DAYS = 14
DAYS = 104
GAP_BINS = int(GAP_S // BIN_S)
COST_DAYS = 14
COST_RATES = (20.0, 200.0)


def bursts(days_by_bin: Iterable[float]) -> list[float]:
    """Return the longest return period of each burst: bins above 0 no more than two hours apart."""
    out: list[float] = []
    gap = GAP_BINS + 1
    for days in days_by_bin:
        if days > 0.0:
            if gap > GAP_BINS:
                out.append(days)
            out[-1] = max(out[-1], days)
            gap = 0
        else:
            gap += 1
    return out


def periods_of(made: Stream, days: int) -> dict[str, list[float]]:
    """Return the bursts of a stream as each engine sees them, after the first fortnight."""
    watch = Rates()
    engines = {"mentions, one bin": Burst(), "negatives, one bin": Burst()}
    seen: dict[str, list[float]] = {
        name: [] for name in (*engines, "mentions, as told", "negatives, as told")
    }
    for number in range(days * DAY_BINS):
        bin = made.bin(number)
        hour, weekday = bin.start.hour, bin.start.weekday()
        scored = watch.score(bin, hour, weekday)
        values = (float(bin.counts.mentions), float(bin.counts.negatives))
        if number >= TAUGHT_DAYS * DAY_BINS:
            for (name, engine), value in zip(engines.items(), values, strict=True):
                seen[name].append(engine.return_periods(value, hour)[0])
            seen["mentions, as told"].append(scored.mention_days)
            seen["negatives, as told"].append(scored.negative_days)
        for engine, value in zip(engines.values(), values, strict=True):
            engine.learn(value, hour)
        watch.learn(bin, scored)
    return {name: bursts(periods) for name, periods in seen.items()}


def invented(rate: float, seed: int) -> list[Record]:
    """Return the bursts of an invented brand without a storm."""
    known = brand(rate, seed)
    made = calm(known, _readings()[known.lang], DAYS, seed)
    told = {"kind": "invented", "rate": rate, "days": DAYS - TAUGHT_DAYS}
    return [{**told, "bursts": periods_of(made, DAYS)}]


def real(company: str, rate: float, seed: int) -> list[Record]:
    """Return the bursts of a company's arrivals, its labelled windows cut out."""
    _, made = arrivals.stream(company, rate, seed)
    days = len(arrivals.series()[company]) // DAY_BINS
    told = {"kind": "real arrivals", "series": company, "rate": rate, "days": days - TAUGHT_DAYS}
    return [{**told, "bursts": periods_of(made, days)}]


def cost_of(rate: float, seed: int) -> list[Record]:
    """Return CPU microseconds a closed bin, and bytes of state, of a watch that knows its topic.

    Loading rows is the store's work and not counted; reading them, where they are wanted, is.
    """
    known = brand(rate, seed)
    days = 2 * COST_DAYS
    made = calm(known, _readings()[known.lang], days, seed)
    watch = TopicWatch(Topic("brand", "Brand", Query(any=("brand",)), timezone="UTC"))
    hours, spent, wanted, rates_s = Hours(made), 0.0, 0, 0.0
    alone = Rates()
    for number in range(days * DAY_BINS):
        bin = made.bin(number)
        begun = time.thread_time()
        wants = watch.wants_window(bin)
        asked = time.thread_time()
        window = hours.window(number) if wants else None
        loaded = time.thread_time()
        watch.close(bin, window)
        closed = time.thread_time()
        scored = alone.score(bin, bin.start.hour, bin.start.weekday())
        alone.learn(bin, scored)
        if number >= COST_DAYS * DAY_BINS:
            spent += (asked - begun) + (closed - loaded)
            rates_s += time.thread_time() - closed
            wanted += wants
    bins = COST_DAYS * DAY_BINS
    return [
        {
            "kind": "cost",
            "rate": rate,
            "detectors_us": rates_s / bins * 1e6,
            "watch_us": spent / bins * 1e6,
            "rows_wanted": wanted / bins,
            "detectors_bytes": _bytes(alone.snapshot()),
            "state_bytes": _bytes(watch.snapshot()),
        }
    ]


def _bytes(state: object) -> int:
    return len(json.dumps(state, separators=(",", ":")).encode())


def jobs(seeds: Sequence[int]) -> Iterator[Job]:
    """Yield all jobs; real arrivals with one copy of each company and rate a seed."""
    for seed in seeds:
        for rate in RATES:
            yield partial(invented, rate, seed)
            for company in arrivals.dense(rate):
                yield partial(real, company, rate, seed)
        for rate in COST_RATES:
            yield partial(cost_of, rate, seed)


def tell(records: Sequence[Record]) -> Record:
    """Return seen against nominal by stream kind and engine, and the cost."""
    out: Record = {}
    for kind in ("invented", "real arrivals"):
        some = [r for r in records if r["kind"] == kind]
        if some:
            out[kind] = {
                "days": round(sum(r["days"] for r in some)),
                **{name: _honesty(some, name) for name in some[0]["bursts"]},
                "by_rate": {
                    f"{rate:g}": {
                        name: _honesty([r for r in some if r["rate"] == rate], name)
                        for name in some[0]["bursts"]
                    }
                    for rate in sorted({r["rate"] for r in some})
                },
            }
    out["cost"] = {f"{rate:g}": _cost(records, rate) for rate in COST_RATES}
    out["scales"] = list(SCALES)
    return out


def _honesty(records: Sequence[Record], name: str) -> Record:
    """Return, by T, bursts seen as rare as once in T days, and that against how many it should be."""
    days = sum(r["days"] for r in records)
    out: Record = {}
    for period in PERIODS:
        seen, nominal = _seen(records, name, period), days / period
        low, high = poisson_interval(seen)
        out[f"{period:g}"] = {
            "seen": seen,
            "nominal": round(nominal, 1),
            "ratio": round(seen / nominal, 3),
            "ratio_95": [round(low / nominal, 3), round(high / nominal, 3)],
        }
        if all("series" in r for r in records):

            def ratio(some: Sequence[Record], of: float = period) -> float:
                return float(_seen(some, name, of) * of / sum(r["days"] for r in some))

            out[f"{period:g}"]["ratio_95_over_series"] = arrivals.over_series(records, ratio)
    return out


def _seen(records: Sequence[Record], name: str, period: float) -> int:
    return sum(sum(days >= period for days in r["bursts"][name]) for r in records)


def _cost(records: Sequence[Record], rate: float) -> Record:
    some = [r for r in records if r["kind"] == "cost" and r["rate"] == rate]
    out: Record = {}
    for name in ("detectors_us", "watch_us"):
        out |= spread([r[name] for r in some]).record(name) if some else {}
    for name in ("rows_wanted", "detectors_bytes", "state_bytes"):
        out[name] = round(max(r[name] for r in some), 4) if some else None
    return out
