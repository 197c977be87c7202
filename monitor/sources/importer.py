"""Foreign exports in: what was guessed is said, what cannot be guessed is asked.

`inspect` reads the file once and returns a `Plan`: every guess with its reason, ten rows as they
would come out, what is wrong, what must be asked. `convert` carries the plan out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from detectors.mention import Mention
from monitor.sources.base import SourceError
from monitor.sources.importer_columns import FIELDS, by_name, tool_of
from monitor.sources.importer_dates import DateEvidence, DateForm, Order, guess_order
from monitor.sources.importer_rows import MANGLED, Reading, slug
from monitor.sources.importer_signs import columns_by_content, zone_hint
from monitor.sources.importer_table import Table, read_table, rows_of
from monitor.sources.replay import Complaint

SHOWN = 10
MANY_SOURCES = 40
"""With more different values than this a column names sites, not sources that can be watched."""
_DELIMITER_NAMES = {",": "comma", ";": "semicolon", "\t": "tab", "|": "vertical bar"}


@dataclass(frozen=True, slots=True)
class Guess:
    """One thing that was not stated and had to be concluded. ``sure``: no other reading fits."""

    what: str
    value: str
    why: str
    sure: bool


@dataclass(frozen=True, slots=True)
class Need:
    """Something only a person can tell. ``option`` is what answers it on the command line."""

    option: str
    question: str


@dataclass(frozen=True, slots=True)
class Plan:
    """How a file is going to be read. ``needs`` empty: `convert` may go ahead."""

    path: Path
    guesses: tuple[Guess, ...]
    rows: tuple[Mention, ...]
    problems: tuple[Complaint, ...]
    needs: tuple[Need, ...]
    table: Table
    reading: Reading

    def guess(self, what: str) -> Guess:
        """Return the guess of that name; KeyError when there was none."""
        for guess in self.guesses:
            if guess.what == what:
                return guess
        raise KeyError(what)


@dataclass(slots=True)
class _Evidence:
    """What one pass over all rows shows."""

    rows: int = 0
    dates: DateEvidence = field(default_factory=DateEvidence)
    ids: set[int] = field(default_factory=set)
    id_cells: int = 0
    mangled: int = 0
    urls: set[int] = field(default_factory=set)
    url_cells: int = 0
    times: int = 0
    sources: set[str] = field(default_factory=set)


def inspect(
    path: Path,
    *,
    zone: str | None = None,
    columns: Mapping[str, str] | None = None,
    source: str | None = None,
    order: Order | None = None,
) -> Plan:
    """Return how ``path`` would be read. Reads the file once; memory: one number per row.

    ``zone`` (IANA name) is for times without an offset, ``columns`` maps our fields to column
    names, ``source`` names the one source of all rows, ``order`` settles 03/04. Raises
    `SourceError` when there is no table, a zone or column is unknown, or no text or date is found.
    """
    table = read_table(path)
    where, column_guesses = _columns(path, table, dict(columns or {}))
    seen = _survey(path, table, where)
    guesses = [*_table_guesses(table), *column_guesses]
    form, used_order = _date_guesses(path, seen.dates, order, guesses)
    split = bool("time" in where and seen.dates.timeless > seen.dates.values / 2 and seen.times)
    _time_guess(seen.dates, split, guesses)
    needs: list[Need] = []
    used_zone = _zone(table, seen.dates, form, zone, where, guesses, needs)
    ids = _id_guess(seen, guesses)
    name, by_column = _source_guess(path, table, seen, source, guesses)
    reading = Reading(where, form, used_order, used_zone, ids, name, by_column, split)
    rows, problems = _preview(path, table, reading)
    return Plan(path, tuple(guesses), rows, problems, tuple(needs), table, reading)


def convert(path: Path, plan: Plan) -> Iterator[Mention | Complaint]:
    """Yield the file's mentions and complaints in its order; one row in memory at a time.

    Raises `SourceError` when the plan still needs something.
    """
    if plan.needs:
        raise SourceError(f"{path}: {plan.needs[0].question} (option {plan.needs[0].option})")
    return _convert(path, plan.table, plan.reading)


def _convert(path: Path, table: Table, reading: Reading) -> Iterator[Mention | Complaint]:
    for line, cells in rows_of(path, table):
        yield Complaint(line, "", cells) if isinstance(cells, str) else reading.mention(line, cells)


def _preview(
    path: Path, table: Table, reading: Reading
) -> tuple[tuple[Mention, ...], tuple[Complaint, ...]]:
    good: list[Mention] = []
    bad: list[Complaint] = []
    for item in islice(_convert(path, table, reading), 200):
        if isinstance(item, Complaint):
            bad.append(item)
        elif len(good) < SHOWN:
            good.append(item)
    return tuple(good), tuple(bad)


# --- one pass -------------------------------------------------------------------------------


def _survey(path: Path, table: Table, where: Mapping[str, int]) -> _Evidence:
    seen = _Evidence()
    for _, cells in rows_of(path, table):
        if isinstance(cells, str):
            continue
        seen.rows += 1

        def cell(name: str, cells: list[str] = cells) -> str:
            column = where.get(name)
            return cells[column].strip() if column is not None and column < len(cells) else ""

        _see_row(seen, cell)
    if not seen.rows:
        raise SourceError(f"{path}: a header and no rows behind it")
    return seen


def _see_row(seen: _Evidence, cell: Callable[[str], str]) -> None:
    seen.dates.see(cell("published"))
    seen.times += bool(cell("time"))
    if value := cell("id"):
        seen.id_cells += 1
        seen.ids.add(hash(value))
        seen.mangled += bool(MANGLED.match(value))
    if value := cell("url"):
        seen.url_cells += 1
        seen.urls.add(hash(value))
    if len(seen.sources) <= MANY_SOURCES and (value := slug(cell("source"))):
        seen.sources.add(value)


# --- guesses --------------------------------------------------------------------------------


def _table_guesses(table: Table) -> list[Guess]:
    found = [
        Guess("encoding", table.encoding.value, table.encoding.why, table.encoding.sure),
        Guess(
            "separator",
            _DELIMITER_NAMES.get(table.delimiter.value, table.delimiter.value),
            table.delimiter.why,
            table.delimiter.sure,
        ),
    ]
    if table.has_header:
        why = "the first row whose names are known"
        if table.preamble:
            why += f"; {len(table.preamble)} rows above it are left out"
        found.append(Guess("header", f"line {table.header_line}", why, True))
    else:
        found.append(Guess("header", "none", "no row of known names; columns are numbered", False))
    tool = tool_of(table.header)
    if tool:
        found.append(Guess("tool", tool, "its column names", False))
    return found


def _columns(
    path: Path, table: Table, wanted: Mapping[str, str]
) -> tuple[dict[str, int], list[Guess]]:
    named = by_name(table.header) if table.has_header else {}
    reasons = dict.fromkeys(named, ("its name", True))
    lower = {name.casefold(): n for n, name in enumerate(table.header)}
    for ours, theirs in wanted.items():
        if ours not in FIELDS:
            raise SourceError(
                f'unknown field "{ours}"; expected one of {", ".join(sorted(FIELDS))}'
            )
        if theirs.casefold() not in lower:
            raise SourceError(
                f'{path}: no column "{theirs}"; there are {", ".join(map(repr, table.header))}'
            )
        named[ours] = lower[theirs.casefold()]
        reasons[ours] = ("you said so", True)
    if "text" not in named or "published" not in named:
        sample = [c for _, c in islice(rows_of(path, table), 200) if not isinstance(c, str)]
        for ours, column, why in columns_by_content(sample, named):
            named[ours] = column
            reasons[ours] = (why, False)
    for ours, option in (("text", "text"), ("published", "published")):
        if ours not in named:
            raise SourceError(
                f"{path}: no column found that holds the {ours}; name it with"
                f' --columns {option}="..." (there are {", ".join(map(repr, table.header))})'
            )
    guesses = [
        Guess(f"column {ours}", table.header[column], *reasons[ours])
        for ours, column in named.items()
    ]
    return named, guesses


def _date_guesses(
    path: Path, dates: DateEvidence, order: Order | None, guesses: list[Guess]
) -> tuple[DateForm, Order]:
    form = dates.form
    if form is None:
        raise SourceError(
            f"{path}: the date column holds no dates that can be read"
            f" ({dates.unreadable} of {dates.values} are not); choose another with --columns published=..."
        )
    if form is not DateForm.TEXT:
        words = {
            DateForm.EXCEL: ("days since 1900, as spreadsheets count", False),
            DateForm.EPOCH_S: ("seconds since 1970", True),
            DateForm.EPOCH_MS: ("milliseconds since 1970", True),
        }
        guesses.append(Guess("dates", form.value, *words[form]))
        return form, Order.DMY
    if order is not None:
        guesses.append(Guess("dates", order.value, "you said so", True))
        return form, order
    used, why, sure = guess_order(dates)
    guesses.append(Guess("dates", used.value, f"{why} (example: {dates.example})", sure))
    return form, used


def _time_guess(dates: DateEvidence, split: bool, guesses: list[Guess]) -> None:
    if split:
        guesses.append(Guess("time of day", "column of its own", "the date column has none", True))
    elif dates.timeless > dates.values / 2:
        why = "dates without a time: midnight is used, and each is tagged; hours cannot be told"
        guesses.append(Guess("time of day", "unknown", why, False))


def _zone(
    table: Table,
    dates: DateEvidence,
    form: DateForm,
    stated: str | None,
    where: Mapping[str, int],
    guesses: list[Guess],
    needs: list[Need],
) -> ZoneInfo:
    if stated is not None:
        zone = _named_zone(stated)
        guesses.append(Guess("zone", stated, "you said so", True))
        return zone
    if form in (DateForm.EPOCH_S, DateForm.EPOCH_MS):
        guesses.append(Guess("zone", "UTC", "seconds since 1970 have no zone", True))
        return ZoneInfo("UTC")
    if dates.offsets == dates.values - dates.unreadable:
        guesses.append(Guess("zone", "stated", "every date carries its offset", True))
        return ZoneInfo("UTC")
    hint = zone_hint(table, where)
    if hint is not None:
        guesses.append(Guess("zone", hint[0], hint[1], True))
        return ZoneInfo(hint[0])
    example = f" (example: {dates.example})" if dates.example else ""
    needs.append(Need("--zone", f"the times carry no zone; which one are they in?{example}"))
    return ZoneInfo("UTC")


def _named_zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        known = sorted(available_timezones())
        like = [zone for zone in known if name and name.casefold() in zone.casefold()][:3]
        hint = f"did you mean {' or '.join(like)}?" if like else "expected one like Europe/Berlin"
        raise SourceError(f'unknown zone "{name}"; {hint}') from error


def _id_guess(seen: _Evidence, guesses: list[Guess]) -> tuple[str, ...]:
    why = "there is no id column"
    if seen.id_cells:
        if seen.mangled > 0.02 * seen.id_cells:
            why = "a spreadsheet has rounded the ids (1,23E+18)"
        elif len(seen.ids) < 0.98 * seen.id_cells or seen.id_cells < 0.9 * seen.rows:
            why = f"the id column repeats itself ({len(seen.ids)} ids on {seen.rows} rows)"
        else:
            guesses.append(Guess("ids", "id column", "different on every row", True))
            return ("id", "url")
    if seen.url_cells >= 0.9 * seen.rows and len(seen.urls) >= 0.98 * seen.url_cells:
        guesses.append(Guess("ids", "link", f"{why}; links differ on every row", False))
        return ("url",)
    guesses.append(Guess("ids", "hash", f"{why}; made of author, time and text", False))
    return ()


def _source_guess(
    path: Path, table: Table, seen: _Evidence, stated: str | None, guesses: list[Guess]
) -> tuple[str, bool]:
    if stated:
        guesses.append(Guess("source", stated, "you said so", True))
        return stated, False
    base = slug(tool_of(table.header)) or slug(path.name.split(".")[0]) or "import"
    if 1 <= len(seen.sources) <= MANY_SOURCES:
        names = ", ".join(sorted(seen.sources)[:6])
        guesses.append(Guess("source", names, "the column that names the network", False))
        return base, True
    why = "too many different ones in the column" if seen.sources else "no column names it"
    guesses.append(Guess("source", base, why, False))
    return base, False
