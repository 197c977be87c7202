"""Cascading: settings into the cascade, where a transformer is set. The libraries stay unloaded here."""

from __future__ import annotations

import functools
from datetime import timedelta

from detectors.score.transformer import ModelSpec, load
from monitor.pipeline.cascading import Cascade, Limits
from monitor.settings import Settings


def cascade_of(settings: Settings) -> Cascade | None:
    """Return the cascade of the configured heads, not loaded yet; None where there is none."""
    specs = specs_of(settings)
    if not specs:
        return None
    limits = Limits(
        queue=settings.cascade.queue,
        deadline=timedelta(seconds=settings.cascade.deadline_s),
        batch=settings.cascade.batch,
        uncertain_from=settings.cascade.uncertain_from,
    )
    return Cascade({spec.head: functools.partial(load, spec) for spec in specs}, limits)


def specs_of(settings: Settings) -> list[ModelSpec]:
    """Return which model answers which head, in the order of the file."""
    return [
        ModelSpec(
            head=head,
            model=one.model,
            path=one.path,
            revision=one.revision,
            runtime=one.runtime,
            labels=one.labels,
            languages=frozenset(one.languages),
            max_tokens=one.max_tokens,
            threads=settings.cascade.threads,
        )
        for head, one in settings.transformers.items()
    ]
