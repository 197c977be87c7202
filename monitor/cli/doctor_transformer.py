"""Doctor's look at the transformers: off, ready, or missing and why. Loads them; fetches nothing."""

from __future__ import annotations

import time
from collections.abc import Iterator

from monitor.cli.finding import Finding, State
from monitor.settings import Settings

__all__ = ["examine_transformers"]


def examine_transformers(settings: Settings) -> Iterator[Finding]:
    """Load every configured model from this machine and let it read one text."""
    if not settings.transformers:
        yield Finding("transformer", State.OK, "off; docs/cascade.md tells how to switch one on")
        return
    from detectors.score.transformer import CannotLoad, load
    from monitor.app.cascading import specs_of

    for spec in specs_of(settings):
        name = f"transformer {spec.head}"
        try:
            head = load(spec, fetch=False)
            began = time.perf_counter()
            head.answer(["Acme"])
            took_ms = 1000 * (time.perf_counter() - began)
        except CannotLoad as error:
            later = "" if spec.path else " The service fetches a named model at its start."
            yield Finding(name, State.WARN, f"missing: {error}; works without it.{later}")
        except Exception as error:  # a model that loads and cannot answer is as good as none
            text = f"missing: {spec.name} fails: {type(error).__name__}: {error}; works without it"
            yield Finding(name, State.WARN, text)
        else:
            text = f"ready: {head.name} ({spec.runtime}, threads {spec.threads}, {took_ms:.0f} ms)"
            yield Finding(name, State.OK, text)
