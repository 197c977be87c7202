"""calibrate: what was said of pages and misses, which move that proposes, and confirming one."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import typer

from monitor.cli.planning import ACTOR
from monitor.cli.running import Config, Json, settings_of
from monitor.cli.times import time_of
from monitor.cli.told import WRONG_USE, complain, plainly

if TYPE_CHECKING:
    from monitor.desk.calibration import Proposal
    from monitor.pipeline.calibrating import Checked, Proposed
    from monitor.ports import Missed, Moved

JUDGED = {True: "judged right now", False: "judged wrong", None: "no longer testable"}
KINDS = {"missed": "marked miss", "false_page": "false page"}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("calibrate", short_help="What verdicts say of a topic's thresholds; move one.")(
        calibrate
    )


def calibrate(
    topic: Annotated[str, typer.Option(metavar="ID", help="Topic, as its section is called.")],
    confirm: Annotated[
        str | None, typer.Option(metavar="PROPOSAL", help="Move a threshold as proposed.")
    ] = None,
    undo: Annotated[
        int | None, typer.Option(metavar="MOVE", help="Take a confirmed move back.")
    ] = None,
    missed: Annotated[
        tuple[str, str] | None,
        typer.Option(metavar="FROM UNTIL", help="Mark a past span: somebody should have known."),
    ] = None,
    withdraw: Annotated[
        int | None, typer.Option(metavar="MISS", help="Take a marked miss back.")
    ] = None,
    verify: Annotated[
        bool,
        typer.Option("--verify", help="Try each miss and false page with the thresholds of now."),
    ] = False,
    note: Annotated[str, typer.Option(metavar="TEXT", help="Why; is kept.")] = "",
    by: Annotated[str, typer.Option(metavar="NAME", help="Who says so; is kept.")] = ACTOR,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Show what people said of a topic's pages, and which threshold that would move.

    Nothing moves by itself, and none by more than a quarter a month. Each proposal says what it
    would have done to the stored past: false pages gone, further pages, and real storms lost.
    With --verify, exit code 1 where a miss is missed again or a false page goes out again.

    \b
    Example:
      sturmglas calibrate --topic acme-bahn
      sturmglas calibrate --topic acme-bahn --missed "2026-11-20 09:00" "2026-11-20 12:00" --note "recall"
      sturmglas calibrate --topic acme-bahn --confirm 3f9a0c11d2
    """
    from monitor.app.wiring import with_password
    from monitor.clock import SystemClock
    from monitor.desk import calibration as desk
    from monitor.desk.errors import DeskError
    from monitor.pipeline import calibrating
    from monitor.pipeline.backtest import NoPast
    from monitor.store.database import open_store
    from monitor.store.looking import looking

    asked = sum((confirm is not None, undo is not None, missed is not None, withdraw is not None))
    if asked + verify > 1:
        complain(["expected one of --confirm, --undo, --missed, --withdraw, --verify"], WRONG_USE)
    with plainly():
        settings = settings_of(config)
        topics = settings.to_topics()
        if topic not in topics:
            complain([f"--topic: unknown topic {topic!r}; known: {', '.join(topics)}"], WRONG_USE)
        one, now = topics[topic], SystemClock().now()
        url = with_password(settings.store.url, settings.store.password)
        told = _Telling(ZoneInfo(one.timezone), as_json)
        try:
            if not asked:
                with looking(url) as read:
                    try_it = calibrating.verify if verify else calibrating.propose
                    told.all(try_it(read, one, now), read.calibrations(topic), verify)
                return
            with closing(open_store(url, max_bytes=settings.store.max_bytes)) as store:
                if missed is not None:
                    since, until = (time_of(text, told.zone, "--missed") for text in missed)
                    told.miss(desk.miss(store, topics, topic, since, until, note, by, now))
                elif withdraw is not None:
                    desk.withdraw(store, topics, topic, withdraw, now)
                    told.say({"type": "withdrawn", "miss": withdraw}, f"miss {withdraw} withdrawn")
                elif undo is not None:
                    told.move(desk.undo(store, topics, topic, undo, by, note, now))
                else:
                    found = calibrating.propose(store.read, one, now).proposals
                    chosen = next((p for p in found if p.id == confirm), None)
                    if chosen is None:
                        complain([f"--confirm: no proposal {confirm!r} now; look at them again"])
                    told.move(desk.confirm(store, topics, chosen, by, note, now))
        except (DeskError, NoPast) as error:
            complain([error])


class _Telling:
    """Lines for programs, or words for people in the topic's zone."""

    def __init__(self, zone: ZoneInfo, as_json: bool) -> None:
        self.zone = zone
        self._json = as_json

    def say(self, data: dict[str, Any], words: str) -> None:
        typer.echo(json.dumps(data, ensure_ascii=False) if self._json else words)

    def _at(self, at: datetime) -> str:
        return f"{at.astimezone(self.zone):%Y-%m-%d %H:%M}"

    def all(self, found: Proposed, moves: list[Moved], verify: bool) -> None:
        """Tell checks, and proposals with the moves so far; ends with 1 where `verify` fails."""
        for check in found.checks:
            self.check(check)
        if verify:
            wrong = sum(c.right is False for c in found.checks)
            old = sum(c.right is None for c in found.checks)
            data = {"type": "summary", "wrong": wrong, "not_testable": old}
            n = len(found.checks)
            self.say(
                data | {"tested": n - old},
                f"{n - old} of {n} verdicts tested, {wrong} judged wrong, {old} no longer testable",
            )
            if wrong:
                raise typer.Exit(1)
            return
        for incident in found.verdicts.real:
            at = incident.opened_at
            data = {"type": "real", "name": incident.ref, "at": at.isoformat()}
            self.say(data, f"{incident.ref}  real storm  {self._at(at)}")
        for move in moves:
            self.move(move)
        for proposal in found.proposals:
            self.proposal(proposal)
        if not found.proposals:
            self.say({"type": "summary", "proposals": 0}, "no move is proposed")

    def check(self, check: Checked) -> None:
        data = {
            "type": check.kind,
            "name": check.name,
            "from": check.since.isoformat(),
            "until": check.until.isoformat(),
            "judged_right": check.right,
        }
        span = f"{self._at(check.since)} to {self._at(check.until)}"
        self.say(data, f"{check.name}  {KINDS[check.kind]}  {span}: {JUDGED[check.right]}")

    def miss(self, missed: Missed) -> None:
        data = {
            "type": "missed",
            "id": missed.id,
            "from": missed.since.isoformat(),
            "until": missed.until.isoformat(),
            "note": missed.note,
        }
        self.say(data, f"miss-{missed.id}  {self._at(missed.since)} to {self._at(missed.until)}")

    def move(self, move: Moved) -> None:
        data = {
            "type": "move",
            "id": move.id,
            "threshold": move.threshold,
            "before": move.before,
            "after": move.after,
            "undoes": move.undoes,
            "by": move.actor,
            "at": move.at.isoformat(),
            "note": move.note,
        }
        what = f"takes back move {move.undoes}" if move.undoes else "confirmed"
        self.say(
            data,
            f"move {move.id}  {move.threshold} {move.before:g} -> {move.after:g}  {what} by"
            f" {move.actor}, {self._at(move.at)}" + (f": {move.note}" if move.note else ""),
        )

    def proposal(self, proposal: Proposal) -> None:
        outlook = proposal.outlook
        data = {
            "type": "proposal",
            "id": proposal.id,
            "threshold": proposal.threshold,
            "before": proposal.before,
            "after": proposal.after,
            **outlook.as_data(),
        }
        lost = f"LOST: {', '.join(outlook.lost)}" if outlook.lost else "no real storm lost"
        words = (
            f"proposal {proposal.id}  {proposal.threshold} {proposal.before:g} ->"
            f" {proposal.after:g}: {outlook.pages} pages instead of {outlook.before};"
            f" false pages gone: {', '.join(outlook.gone) or 'none'};"
            f" misses caught: {', '.join(outlook.caught) or 'none'};"
            f" further pages: {len(outlook.gained)}; {lost}"
        )
        if outlook.untold:
            words += f"; no longer testable: {', '.join(outlook.untold)}"
        self.say(data, words)
