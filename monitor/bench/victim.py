"""The process that `bench crash` kills: a whole install, in a time-lapse shared with the bench.

Run alone it serves the plan on the first line of standard input; with ``nursery`` it is a nursery
whose children do (`monitor.bench.nursery`).
"""

from __future__ import annotations

import json
import sys
from datetime import datetime

from monitor.app.serving import run
from monitor.app.wiring import build
from monitor.bench.nursery import Plan, obey
from monitor.clock import ScaledClock
from monitor.settings import Settings


def live(plan: Plan) -> None:
    """Serve settings on a clock, both by the plan, until told to stop or killed."""
    clock = ScaledClock(
        datetime.fromisoformat(plan["start"]), float(plan["factor"]), float(plan["zero"])
    )
    built = build(Settings.model_validate(plan["settings"]), clock=clock)
    run(built, [], say=lambda line: None)


if __name__ == "__main__":
    if sys.argv[1:] == ["nursery"]:
        obey(live)
    else:
        live(json.loads(sys.stdin.readline()))
