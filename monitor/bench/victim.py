"""The process that `bench crash` kills: a whole install, in a time-lapse shared with the bench.

Run alone it serves the plan on standard input. As a nursery it has everything imported, and each
"start" forks a child that builds and serves: importing takes five times as long as starting, and
a kill during an import proves nothing.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import traceback
from contextlib import suppress
from datetime import datetime
from typing import Any

from monitor.app.serving import run
from monitor.app.wiring import build
from monitor.clock import ScaledClock
from monitor.settings import Settings

Plan = dict[str, Any]  # written by bench.crash, one process above: settings and clock


def live(plan: Plan) -> None:
    """Serve until told to stop or killed."""
    clock = ScaledClock(
        datetime.fromisoformat(plan["start"]), float(plan["factor"]), float(plan["zero"])
    )
    built = build(Settings.model_validate(plan["settings"]), clock=clock)
    run(built, [], say=lambda line: None)


def nursery(plan: Plan) -> None:
    """Obey lines: "start" answers the pid of a new child, "reap" its exit code once it is dead.

    At the end of the input whatever still lives is killed.
    """
    print("ready", flush=True)
    child = 0
    for line in iter(sys.stdin.readline, ""):
        if line.strip() == "start":
            child = os.fork()
            if child == 0:
                _born(plan)
            print(child, flush=True)
        elif child:
            print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
            child = 0
    if child:
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)


def _born(plan: Plan) -> None:
    """Live in a child; never returns into the nursery's loop."""
    code = 1
    try:
        sys.stdin.close()
        live(plan)
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def main() -> None:
    """Read the plan from the first line of standard input."""
    plan: Plan = json.loads(sys.stdin.readline())
    if sys.argv[1:] == ["nursery"]:
        nursery(plan)
    else:
        live(plan)


if __name__ == "__main__":
    main()
