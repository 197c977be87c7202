"""The process that `bench crash` kills: a whole install, in a time-lapse shared with the bench."""

from __future__ import annotations

import json
import sys
from datetime import datetime
from typing import Any

from monitor.app.serving import run
from monitor.app.wiring import build
from monitor.clock import ScaledClock
from monitor.settings import Settings


def main() -> None:
    """Serve what the plan on standard input says: settings, clock."""
    plan: dict[str, Any] = json.load(sys.stdin)  # written by bench.crash, one process above
    clock = ScaledClock(
        datetime.fromisoformat(plan["start"]), float(plan["factor"]), float(plan["zero"])
    )
    built = build(Settings.model_validate(plan["settings"]), clock=clock)
    run(built, [], say=lambda line: print(line, flush=True))


if __name__ == "__main__":
    main()
