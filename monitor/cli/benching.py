"""bench: the figures, each with what it was compared with."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

import typer

from monitor.cli.told import WRONG_USE, complain

Record = dict[str, object]


@dataclass(frozen=True, slots=True)
class Options:
    """What was asked for; each bench reads what concerns it. None or 0: the bench's own choice."""

    say: Callable[[str], None]
    mentions: int | None
    repeats: int
    limit: int
    kills: int | None
    freezes: int
    rate: float
    seconds: float
    runs: int
    per_s: float | None
    minutes: float | None
    seeds: int
    part: str
    rotas: int
    incidents: int
    steps: int
    seed: int


@dataclass(frozen=True, slots=True)
class Bench:
    """One benchmark: its name, one sentence, and how to get its record."""

    name: str
    what: str
    run: Callable[[Options], Record]


# A bench is imported when it runs: its peers are an extra, and the list must print without them.


def _pipeline(o: Options) -> Record:
    from monitor.bench import pipeline

    return pipeline.run(o.mentions or 10_000, o.repeats, o.seed, o.say).record()


def _ingest(o: Options) -> Record:
    from monitor.bench import ingest

    return ingest.run(o.mentions or 40_000, o.repeats, o.seed, o.say).record()


def _http(o: Options) -> Record:
    from monitor.bench import http

    return http.run(o.mentions or 4000, o.repeats, o.seed, o.say).record()


def _footprint(o: Options) -> Record:
    from monitor.bench import footprint

    return footprint.run(max(o.repeats, 7), o.say).record()


def _realstream(o: Options) -> Record:
    from monitor.bench import realstream

    return realstream.run(o.limit, o.seed, o.say).record()


def _crash(o: Options) -> Record:
    from monitor.bench import crash

    return crash.run(o.kills or 50, o.seed, o.say).record()


def _doubles(o: Options) -> Record:
    from monitor.bench import doubles

    return doubles.run(o.kills or doubles.KILLS, doubles.STORMS, o.seed, o.say).record()


def _paging(o: Options) -> Record:
    from monitor.bench import paging

    return paging.run(o.rate, o.seconds, o.seed, o.say)


def _nodes(o: Options) -> Record:
    from monitor.bench import nodes

    return nodes.run(o.kills or 20, o.freezes, o.seed, o.say)


def _flood(o: Options) -> Record:
    from monitor.bench import flood

    return flood.run(o.seed, o.say)


def _share(o: Options) -> Record:
    from monitor.bench import share

    return share.run(o.seed, o.say)


def _reading(o: Options) -> Record:
    from monitor.bench import reading

    return reading.run(o.seed, o.say)


def _corrections(o: Options) -> Record:
    from monitor.bench import corrections

    return corrections.run(o.seed, o.say)


def _copies(o: Options) -> Record:
    from monitor.bench import copies

    return copies.run(o.seed, o.say, show=o.part == "joins")


def _rota(o: Options) -> Record:
    from monitor.bench import rota

    return rota.run(o.rotas, o.seed, o.say)


def _escalation(o: Options) -> Record:
    from monitor.bench import escalation

    return escalation.run(o.incidents, o.seed, o.say)


def _watchdog(o: Options) -> Record:
    from monitor.bench import watchdog

    return watchdog.run(o.repeats, o.say)


def _states(o: Options) -> Record:
    from monitor.bench import states

    return states.run(o.steps, o.seed, o.say)


def _grouping(o: Options) -> Record:
    from monitor.bench import grouping

    return grouping.run(o.say)


def _sentiment(o: Options) -> Record:
    from monitor.bench import sentiment

    return sentiment.run(o.repeats, o.seed, o.say)


def _match(o: Options) -> Record:
    from monitor.bench import match

    return match.run(match.QUERIES, o.mentions or match.TEXTS, o.repeats, o.seed, o.say).record()


def _nab(o: Options) -> Record:
    from monitor.bench import nab
    from monitor.bench.data import data_folder

    record: Record = {"bench": "nab", "set": "realTweets", "causal": True}
    record.update(nab.report(data_folder() / "nab"))
    record["peers"] = nab.peers(data_folder() / "nab")
    return record


def _insert(o: Options) -> Record:
    from monitor.bench import insert
    from monitor.bench.servers import PostgresServer

    found: Record = {"bench": "insert"}
    found["sqlite"] = insert.run(o.mentions or 1_000_000, o.seed, o.say).record()
    with PostgresServer() as server:
        urls = [server.url(server.make_database()) for _ in range(2)]
        found["postgresql"] = insert.run(o.mentions or 1_000_000, o.seed, o.say, *urls).record()
    return found


def _scale(o: Options) -> Record:
    from monitor.bench import scale

    return scale.run(o.mentions or 30_000, o.repeats, o.seed, o.say)


def _exact(o: Options) -> Record:
    from monitor.bench import exact

    return exact.run(o.runs, o.seed, o.say)


def _failover(o: Options) -> Record:
    from monitor.bench import failover

    return failover.run(o.repeats, o.seed, o.say)


def _storm(o: Options) -> Record:
    from monitor.bench import storm

    return storm.run(o.per_s or 12.0, 60.0 * (o.minutes or 10), o.seed, o.say)


def _soak(o: Options) -> Record:
    from monitor.bench import soak

    return soak.run(o.per_s or 2000.0, 60.0 * (o.minutes or 60), o.seed, o.say)


def _detection(o: Options) -> Record:
    from monitor.bench.detection import whole

    parts = [o.part] if o.part else whole.PARTS
    if o.part and o.part not in whole.PARTS:
        complain([f'no part "{o.part}"; there are: {", ".join(whole.PARTS)}'], code=WRONG_USE)
    return whole.run(o.seeds, whole.REPORTED_FROM + o.seed - 1, parts, o.say)


BENCHES = (
    Bench("pipeline", "CPU per mention in process, against a naive service and the floor", _pipeline),
    Bench("ingest", "CPU per mention taken in durably, against the floor and against FastAPI", _ingest),
    Bench("http", "`serve` until all is filed, against a naive service behind uvicorn", _http),
    Bench("footprint", "CPU and memory of a process that only takes in, against FastAPI alone", _footprint),
    Bench("realstream", "false alarms on a real stream; needs the data beside the checkout", _realstream),
    Bench("crash", "killed again and again: nothing lost, nothing counted twice", _crash),
    Bench("doubles", "alerts sent under SIGKILLs: doubles by channel class", _doubles),
    Bench("paging", "from a storm's crossing to the request at the receiver, without and with faults", _paging),
    Bench("nodes", "two workers, whoever sends killed or frozen: lost, doubled, take-over", _nodes),
    Bench("flood", "10,000 alerts of 50 incidents in a minute: pages, chat, memory", _flood),
    Bench("insert", "rows/s of the last against the first 250,000 of a million, both stores", _insert),
    Bench("scale", "one and two workers on Redis and PostgreSQL, and the same embedded", _scale),
    Bench("exact", "workers, Redis and PostgreSQL killed: every mention counted once", _exact),
    Bench("failover", "a primary of a Redis Cluster killed while mentions are accepted", _failover),
    Bench("storm", "fifty times the usual rate for ten minutes: counts, latency, memory", _storm),
    Bench("soak", "an hour of steady load: memory, file, pages; not among all", _soak),
    Bench("detection", "storms put into streams: found, delay, false pages; needs the data", _detection),
    Bench("share", "the negative share of a window: counted, corrected, adjusted; needs the data", _share),
    Bench("reading", "tone and offensive on texts that the fit had not seen, five folds; needs the data", _reading),
    Bench("corrections", "what so many corrections teach in another domain; needs the data", _corrections),
    Bench("copies", "reworded copies found, and different texts taken for copies; needs the data", _copies),
    Bench("sentiment", "speed and macro-F1 of the tone, against lexicons and learners; needs the data", _sentiment),
    Bench("match", "CPU per text of 10,000 queries, against patterns tried one by one", _match),
    Bench("rota", "who is on call around both changes of the clock, against a minute-by-minute oracle", _rota),
    Bench("escalation", "steps of chains in time and none after an answer, against timers in memory", _escalation),
    Bench("watchdog", "stopped, hung, full disk, locked store, dead channel: seen outside in time", _watchdog),
    Bench("states", "moves of incidents by chance over a real store; after each what must hold does", _states),
    Bench("grouping", "pages of the same storms beside Alertmanager's, where it is installed", _grouping),
    Bench("nab", "the NAB score on realTweets; needs the data beside the checkout", _nab),
)  # fmt: skip
ALL = "all"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("bench", short_help="Measure this version, and what it is compared with.")(bench)


def bench(
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="Which one. Left out: a list of them.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="For programs: the last line is one JSON object.")
    ] = False,
    mentions: Annotated[
        int | None,
        typer.Option(metavar="N", min=100, help="How many mentions, where a bench sends some."),
    ] = None,
    repeats: Annotated[
        int, typer.Option(metavar="N", min=1, help="Runs on each side, where sides are compared.")
    ] = 5,
    limit: Annotated[
        int, typer.Option(metavar="N", min=1, help="realstream: at most so many mentions.")
    ] = 200_000,
    kills: Annotated[
        int | None,
        typer.Option(
            metavar="N", min=1, help="crash (50), doubles (250), nodes (20): how many kills."
        ),
    ] = None,
    freezes: Annotated[
        int, typer.Option(metavar="N", min=0, help="nodes: how often who sends is frozen.")
    ] = 10,
    rate: Annotated[
        float, typer.Option(metavar="N", min=0.1, help="paging: alerts a second.")
    ] = 50.0,
    seconds: Annotated[
        float, typer.Option(metavar="N", min=1, help="paging: how long on each side.")
    ] = 60.0,
    runs: Annotated[
        int, typer.Option(metavar="N", min=1, help="exact: how many seeded runs.")
    ] = 200,
    per_s: Annotated[
        float | None,
        typer.Option(metavar="N", min=0.1, help="storm: usual rate; soak: rate. Mentions/s."),
    ] = None,
    minutes: Annotated[
        float | None, typer.Option(metavar="N", min=0.1, help="storm, soak: how long.")
    ] = None,
    seeds: Annotated[
        int, typer.Option(metavar="N", min=1, help="detection: streams of each kind and cell.")
    ] = 20,
    part: Annotated[
        str,
        typer.Option(
            metavar="PART", help="detection: one part alone, such as null or grid; copies: joins."
        ),
    ] = "",
    rotas: Annotated[
        int, typer.Option(metavar="N", min=1, help="rota: how many made rotas.")
    ] = 10_000,
    incidents: Annotated[
        int, typer.Option(metavar="N", min=1, help="escalation: how many made incidents.")
    ] = 10_000,
    steps: Annotated[
        int, typer.Option(metavar="N", min=1, help="states: how many random moves.")
    ] = 100_000,
    seed: Annotated[int, typer.Option(metavar="N", help="Of everything random.")] = 1,
) -> None:
    """Measure, and say what it was compared with. Peers need `pip install 'sturmglas[bench]'`.

    \b
    Example:
      sturmglas bench
      sturmglas bench nab --json
    """
    if name is None:
        for one in BENCHES:
            typer.echo(f"{one.name:<11} {one.what}")
        typer.echo(f"{ALL:<11} every one of these, one after the other; takes many minutes")
        return
    from monitor.bench.data import NoData

    chosen = [one for one in BENCHES if name == one.name or (name == ALL and one.name != "soak")]
    if not chosen:
        known = ", ".join([*(one.name for one in BENCHES), ALL])
        complain([f'no benchmark "{name}"; there are: {known}'], code=WRONG_USE)
    options = Options(
        say=typer.echo,
        mentions=mentions,
        repeats=repeats,
        limit=limit,
        kills=kills,
        freezes=freezes,
        rate=rate,
        seconds=seconds,
        runs=runs,
        per_s=per_s,
        minutes=minutes,
        seeds=seeds,
        part=part,
        rotas=rotas,
        incidents=incidents,
        steps=steps,
        seed=seed,
    )
    broken = []
    try:
        for one in chosen:
            options.say(f"== {one.name}")
            record = one.run(options)
            _tell(record, options, as_json)
            broken += [one.name] if record.get("breaches") else []
    except NoData as error:
        complain([error])
    except ModuleNotFoundError as error:
        complain([f"{error.name} is missing: pip install 'sturmglas[bench]'"])
    if broken:
        complain([f"{name}: what must hold did not; see the figures" for name in broken])


def _tell(record: Record, options: Options, as_json: bool) -> None:
    if as_json:
        options.say(json.dumps(record))
    else:
        for key, value in record.items():
            options.say(f"  {key}: {value}")
