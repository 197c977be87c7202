"""Labelled texts and series for the benches: read where they lie, never copied, never committed."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

ENV = "STURMGLAS_DATA"


class NoData(Exception):
    """The folder with the labelled texts is not there; says where it was looked for."""


def data_folder() -> Path:
    """Return the folder with the labelled texts and series.

    ``STURMGLAS_DATA`` names it; else it is ``shared/data`` beside the checkout. Raises `NoData`.
    """
    named = os.environ.get(ENV)
    folder = Path(named) if named else Path(__file__).resolve().parents[3] / "shared" / "data"
    if not folder.is_dir():
        raise NoData(f"no folder {folder}: set {ENV} to where the labelled texts and series lie")
    return folder


def texts(folder: Path, name: str) -> Iterator[tuple[str, str]]:
    """Yield (label, text) of one TSV, such as ``potts/train.tsv``; the text is the last column."""
    with (folder / name).open(encoding="utf-8") as lines:
        next(lines)
        for line in lines:
            cells = line.rstrip("\n").split("\t")
            yield cells[0], cells[-1]


def series(path: Path) -> list[tuple[datetime, float]]:
    """Return a NAB series as (time, value); its naive times are taken as UTC."""
    with path.open(encoding="utf-8", newline="") as lines:
        rows = csv.DictReader(lines)
        return [
            (datetime.fromisoformat(row["timestamp"]).replace(tzinfo=UTC), float(row["value"]))
            for row in rows
        ]
