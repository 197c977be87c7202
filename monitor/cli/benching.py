"""bench: the figures, each with what it was compared with."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from monitor.cli.told import complain

NAMES = ("pipeline", "realstream", "crash", "nab", "all")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("bench")(bench)


def bench(
    name: Annotated[str, typer.Argument(help=f"One of: {', '.join(NAMES)}.")] = "all",
    as_json: Annotated[
        bool, typer.Option("--json", help="The last line is one JSON object.")
    ] = False,
    mentions: Annotated[int, typer.Option(help="pipeline: size of the corpus.")] = 10_000,
    repeats: Annotated[int, typer.Option(help="pipeline: runs on each side.")] = 5,
    limit: Annotated[int, typer.Option(help="realstream: most mentions.")] = 200_000,
    kills: Annotated[int, typer.Option(help="crash: SIGKILLs.")] = 50,
    seed: Annotated[int, typer.Option(help="Of everything random.")] = 1,
) -> None:
    """Measure, and say what it was compared with. Needs the extra [bench] for the peers.

    Example: sturmglas bench pipeline --json
    """
    from monitor.bench.data import NoData

    if name not in NAMES:
        complain([f'no benchmark "{name}"; there are: {", ".join(NAMES)}'], code=2)
    chosen = NAMES[:-1] if name == "all" else (name,)
    try:
        for one in chosen:
            _run(one, as_json, mentions, repeats, limit, kills, seed)
    except NoData as error:
        complain([error])
    except ModuleNotFoundError as error:
        complain([f"{error.name} is missing: pip install 'sturmglas[bench]'"])


def _run(
    name: str, as_json: bool, mentions: int, repeats: int, limit: int, kills: int, seed: int
) -> None:
    def say(line: str) -> None:
        typer.echo(line)

    say(f"== {name}")
    record: dict[str, object]
    if name == "pipeline":
        from monitor.bench import pipeline

        result = pipeline.run(mentions, repeats, seed, say)
        say(f"CPU us a mention: ours {result.ours_us}, naive {result.naive_us}")
        say(f"ratio {result.ratio}; models {result.models}")
        record = result.record()
    elif name == "realstream":
        from monitor.bench import realstream

        record = realstream.run(limit, seed, say).record()
    elif name == "crash":
        from monitor.bench import crash

        record = crash.run(kills, seed, say).record()
    else:
        from monitor.bench import nab
        from monitor.bench.data import data_folder

        record = {"bench": "nab", "set": "realTweets", "causal": True}
        record.update(nab.report(data_folder() / "nab"))
    if as_json:
        say(json.dumps(record))
    else:
        for key, value in record.items():
            say(f"  {key}: {value}")
