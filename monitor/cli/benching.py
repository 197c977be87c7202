"""bench: the figures, each with what it was compared with."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from monitor.cli.told import WRONG_USE, complain

NAMES = {
    "pipeline": "mentions/s on one core, against a naive pipeline written for it",
    "realstream": "false alarms and delays on a real stream; needs the data beside the checkout",
    "crash": "the process killed again and again: nothing lost, nothing counted twice",
    "nab": "the NAB score on realTweets; needs the data beside the checkout",
    "all": "every one of these, one after the other; takes many minutes",
}


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
        int, typer.Option(metavar="N", min=100, help="pipeline: how many mentions.")
    ] = 10_000,
    repeats: Annotated[
        int, typer.Option(metavar="N", min=1, help="pipeline: runs on each side.")
    ] = 5,
    limit: Annotated[
        int, typer.Option(metavar="N", min=1, help="realstream: at most so many mentions.")
    ] = 200_000,
    kills: Annotated[
        int, typer.Option(metavar="N", min=1, help="crash: how often it is killed.")
    ] = 50,
    seed: Annotated[int, typer.Option(metavar="N", help="Of everything random.")] = 1,
) -> None:
    """Measure, and say what it was compared with. Peers need `pip install 'sturmglas[bench]'`.

    \b
    Example:
      sturmglas bench
      sturmglas bench nab --json
    """
    if name is None:
        for one, what in NAMES.items():
            typer.echo(f"{one:<11} {what}")
        return
    from monitor.bench.data import NoData

    if name not in NAMES:
        complain([f'no benchmark "{name}"; there are: {", ".join(NAMES)}'], code=WRONG_USE)
    chosen = [one for one in NAMES if one != "all"] if name == "all" else [name]
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
