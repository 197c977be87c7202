"""How the command line tells a timeline, and how it complains."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, NoReturn

import typer

from alerts.words import level_name, reason_line
from detectors.detection import Level, Reason, ReasonCode
from monitor.pipeline import Line


def complain(complaints: Iterable[object], code: int = 1) -> NoReturn:
    """Print complaints to standard error and end with ``code``."""
    for complaint in complaints:
        typer.echo(str(complaint), err=True)
    raise typer.Exit(code)


def tell(line: Line, as_json: bool) -> None:
    """Print one line of a timeline: JSON for programs, words for people."""
    typer.echo(line.json() if as_json else words(line))


def words(line: Line) -> str:
    """Return a line in plain English: time, topic, what happened."""
    at = line.at if isinstance(line.at, datetime) else datetime.fromisoformat(line.at)
    told = _TOLD.get(line.type, _anything)(line.data)
    return f"{at:%a %Y-%m-%d %H:%M}  {line.topic:<18} {told}".rstrip()


def _level(data: dict[str, Any]) -> str:
    level = Level(data["level"])
    met = [_reason(r) for r in data["reasons"] if r["met"]]
    arrow = "rises to" if data["level"] > data["from"] else "falls to"
    return f"level {arrow} {int(level)} {level_name(level, 'en')}: {'; '.join(met[:4])}"


def _reason(data: dict[str, Any]) -> str:
    reason = Reason(
        ReasonCode(data["code"]),
        data["value"],
        data["threshold"],
        data["met"],
        data.get("text", ""),
    )
    return reason_line(reason, "en")


def _incident(data: dict[str, Any]) -> str:
    event = str(data["event"]).replace("_", " ")
    return f"incident {data['incident']}: {event} (level {data['level']}, {data['status']})"


def _alert(data: dict[str, Any]) -> str:
    to = ", ".join(data["channels"]) or "nobody: no route takes it"
    return f"WAKE {data['reason']} at level {data['level']} for {data['incident']} -> {to}"


def _run(data: dict[str, Any]) -> str:
    return f"playbook {data['playbook']} starts for {data['incident']}: {data['steps']} steps"


def _delivery(data: dict[str, Any]) -> str:
    return f"{data['channel']}: {data['state']} ({data['action']} {data['key']})"


def _summary(data: dict[str, Any]) -> str:
    return (
        f"{data['mentions']} mentions ({data['duplicates']} repeated, {data['unmatched']} without "
        f"topic), {data['incidents']} incidents, {data['pages']} pages, highest level "
        f"{data['peak_level']}; {data['mentions_per_s']} mentions/s"
    )


def _anything(data: dict[str, Any]) -> str:
    return ", ".join(f"{key} {value}" for key, value in data.items())


_TOLD: dict[str, Callable[[dict[str, Any]], str]] = {
    "level": _level,
    "incident": _incident,
    "alert": _alert,
    "run": _run,
    "delivery": _delivery,
    "summary": _summary,
}
