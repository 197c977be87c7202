"""The importer: ten exports in the shapes of common tools, and what must be asked or complained of."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime
from pathlib import Path

import pytest

from detectors.mention import Kind, Mention
from monitor.sources.base import SourceError
from monitor.sources.importer import Plan, convert, inspect
from monitor.sources.importer_dates import Order
from monitor.sources.replay import Complaint, read

EXPORTS = Path(__file__).parent / "exports"


def load(name: str, zone: str | None = None) -> tuple[Plan, list[Mention], list[Complaint]]:
    path = EXPORTS / name
    plan = inspect(path, zone=zone)
    items = list(convert(path, plan))
    return (
        plan,
        [i for i in items if isinstance(i, Mention)],
        [i for i in items if isinstance(i, Complaint)],
    )


def at(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type,misc]


def said(plan: Plan, what: str) -> tuple[str, bool]:
    guess = plan.guess(what)
    assert guess.why
    return guess.value, guess.sure


def test_brandwatch_with_preamble_bom_and_line_breaks_in_quotes() -> None:
    plan, mentions, bad = load("brandwatch.csv", "Europe/Berlin")
    assert not bad
    assert said(plan, "encoding") == ("utf-8-sig", True)
    assert said(plan, "separator") == ("comma", True)
    assert said(plan, "header") == ("line 7", True)
    assert said(plan, "tool") == ("Brandwatch", False)
    assert said(plan, "column text") == ("Full Text", True)
    assert said(plan, "column handle") == ("Author", True)
    assert said(plan, "column id") == ("Resource Id", True)
    assert said(plan, "dates") == ("dmy", True)
    assert said(plan, "zone") == ("Europe/Berlin", True)
    assert said(plan, "ids") == ("id column", True)
    first, news, english = mentions
    assert first.text == "Die Kaffeemaschine von Möwenwerk leckt.\nUnd der Support? Schweigt."
    assert (first.source, first.source_id) == ("twitter", "rs-9001")
    assert first.published_at == at(2026, 11, 21, 17, 4, 11)
    assert first.author is not None
    assert (first.author.handle, first.author.followers) == ("teekanne_am_deich", 1250)
    assert first.metrics is not None
    assert (first.metrics.views, first.metrics.reach) == (3400, 812)
    assert (news.kind, news.title) == (Kind.ARTICLE, "Test: Drei Kaffeemaschinen")
    assert news.text.endswith('"solide, aber laut".')
    assert (english.lang, english.country) == ("en", "GB")


def test_meltwater_in_utf_16_with_tabs_and_month_names() -> None:
    plan, mentions, bad = load("meltwater.csv", "Europe/Berlin")
    assert not bad
    assert said(plan, "encoding") == ("utf-16", True)
    assert said(plan, "separator") == ("tab", True)
    assert said(plan, "tool") == ("Meltwater", False)
    assert said(plan, "column text") == ("Hit Sentence", True)
    assert said(plan, "dates") == ("dmy", True)
    assert [m.published_at for m in mentions] == [
        at(2026, 11, 22, 13, 5), at(2026, 11, 22, 10, 59), at(2026, 11, 20, 23, 10)
    ]  # fmt: skip
    assert mentions[0].metrics is not None
    assert mentions[0].metrics.reach == 1_204_000
    assert mentions[2].metrics is not None
    assert mentions[2].metrics.reach == 56_300
    assert [m.lang for m in mentions] == ["de", "de", "en"]
    assert [m.source for m in mentions] == ["kuestenblatt", "kurz", "harbour-post"]
    assert mentions[0].title == "Rückruf bei Möwenwerk"


def test_talkwalker_in_milliseconds_with_html() -> None:
    plan, mentions, bad = load("talkwalker.csv")
    assert not bad
    assert said(plan, "dates") == ("epoch_ms", True)
    assert said(plan, "zone") == ("UTC", True)
    assert said(plan, "ids") == ("link", False)
    assert said(plan, "tool") == ("Talkwalker", False)
    assert said(plan, "source") == ("blog, forum", False)
    assert mentions[0].published_at == at(2026, 11, 22, 13, 45)
    assert mentions[1].text == "Same here & nobody answers\nany mail"
    assert mentions[2].published_at.microsecond == 123_000
    assert [m.kind for m in mentions] == [Kind.COMMENT, Kind.COMMENT, Kind.ARTICLE]
    assert mentions[0].source_id == "https://forum.example/t/1"


def test_sprinklr_with_american_dates_and_ids_that_a_spreadsheet_rounded() -> None:
    plan, mentions, bad = load("sprinklr.csv", "America/New_York")
    assert not bad
    assert said(plan, "dates") == ("mdy", True)
    assert said(plan, "encoding") == ("utf-8", True)
    value, sure = said(plan, "ids")
    assert (value, sure) == ("link", False)
    assert "rounded" in plan.guess("ids").why
    assert [m.published_at for m in mentions] == [
        at(2026, 11, 22, 19, 5), at(2026, 11, 22, 5, 15), at(2026, 11, 3, 14, 40)
    ]  # fmt: skip
    assert [m.author.followers for m in mentions if m.author] == [2310, 12_000, 41]
    assert mentions[2].kind is Kind.COMMENT
    assert mentions[0].source_id == "https://kurznetz.example/1"


def test_brand24_in_cp1252_with_semicolons_and_time_in_its_own_column() -> None:
    plan, mentions, bad = load("brand24.csv", "Europe/Berlin")
    assert not bad
    assert said(plan, "encoding") == ("cp1252", False)
    assert said(plan, "separator") == ("semicolon", True)
    assert said(plan, "tool") == ("Brand24", False)
    assert said(plan, "time of day") == ("column of its own", True)
    assert said(plan, "column time") == ("Uhrzeit", True)
    assert [m.published_at for m in mentions] == [
        at(2026, 11, 22, 13, 5), at(2026, 11, 22, 8, 30), at(2026, 11, 21, 22, 58)
    ]  # fmt: skip
    assert mentions[0].text.startswith("Größte Frechheit: Bäckerei Süßholz")
    assert mentions[0].text.endswith("1,20 €")
    assert mentions[0].metrics is not None
    assert mentions[0].metrics.reach == 1250


def test_mention_with_offsets_needs_no_zone() -> None:
    plan, mentions, bad = load("mention.csv")
    assert not bad
    assert said(plan, "zone") == ("stated", True)
    assert said(plan, "tool") == ("Mention", False)
    assert said(plan, "ids") == ("id column", True)
    assert [m.published_at for m in mentions] == [
        at(2026, 11, 22, 13, 5), at(2026, 11, 22, 13, 5, 30), at(2026, 11, 22, 14)
    ]  # fmt: skip
    assert mentions[0].text == "The Falterflug app crashed twice; refund please"


def test_emplifi_with_dates_as_spreadsheets_count_them() -> None:
    plan, mentions, bad = load("emplifi.csv", "Europe/Berlin")
    assert not bad
    assert said(plan, "dates") == ("excel", False)
    assert said(plan, "tool") == ("Emplifi", False)
    assert mentions[0].published_at == at(2026, 11, 22, 13, 5)
    assert mentions[1].published_at == at(2026, 11, 22, 17)
    assert mentions[2].metrics is not None
    assert (mentions[2].metrics.likes, mentions[2].metrics.replies) == (100, 11)
    assert [m.source for m in mentions] == ["bilderbuch", "bilderbuch", "kurzvideo"]


def test_awario_with_dates_of_two_readings_says_so_loudly() -> None:
    plan, mentions, bad = load("awario.csv")
    assert not bad
    assert said(plan, "separator") == ("vertical bar", True)
    assert said(plan, "dates") == ("dmy", False)
    assert said(plan, "zone") == ("Europe/Berlin", True)
    assert said(plan, "tool") == ("Awario", False)
    assert mentions[0].published_at == at(2026, 4, 3, 6, 15)
    assert mentions[2].country == "US"
    other = inspect(EXPORTS / "awario.csv", order=Order.MDY)
    assert other.guess("dates").sure
    assert other.rows[0].published_at == at(2026, 3, 4, 7, 15)


def test_hootsuite_with_german_months_and_unusable_rows() -> None:
    plan, mentions, bad = load("hootsuite.csv", "Europe/Berlin")
    assert said(plan, "ids") == ("hash", False)
    assert said(plan, "tool") == ("Hootsuite", False)
    assert mentions[0].published_at == at(2026, 11, 22, 13, 5)
    assert mentions[0].text == "Bus 12 von Küstenbus fällt aus,\nschon wieder."
    assert [(c.line, c.field) for c in bad] == [(6, "text"), (7, "published_at")]
    assert "demnächst" in bad[1].reason
    assert len({m.source_id for m in mentions}) == 3
    assert [m.source_id for m in load("hootsuite.csv", "Europe/Berlin")[1]] == [
        m.source_id for m in mentions
    ]


def test_a_table_without_header_and_without_times_is_read_by_its_content() -> None:
    plan, mentions, bad = load("ohne_kopf.tsv", "Europe/Berlin")
    assert not bad
    assert said(plan, "header") == ("none", False)
    assert said(plan, "column published") == ("column 1", False)
    assert said(plan, "column url") == ("column 2", False)
    assert said(plan, "column handle") == ("column 3", False)
    assert said(plan, "column text") == ("column 4", False)
    assert said(plan, "time of day") == ("unknown", False)
    assert len(mentions) == 3
    assert all("date-only" in m.tags for m in mentions)
    assert mentions[0].published_at == at(2026, 11, 21, 23)


@pytest.mark.parametrize("name", ["brandwatch.csv", "meltwater.csv", "ohne_kopf.tsv"])
def test_a_missing_zone_must_be_told(name: str) -> None:
    plan = inspect(EXPORTS / name)
    assert [need.option for need in plan.needs] == ["--zone"]
    with pytest.raises(SourceError, match="--zone"):
        convert(EXPORTS / name, plan)


def test_our_own_format_and_gzip_come_back_unchanged(tmp_path: Path) -> None:
    path = tmp_path / "own.csv.gz"
    path.write_bytes(
        gzip.compress(
            b"source,source_id,text,published_at,author.handle,metrics.likes,kind\n"
            b"forum,1,Hallo Welt,2026-11-22T14:05:00+01:00,moosfeder,1200,comment\n"
        )
    )
    (mention,) = convert(path, inspect(path))
    assert isinstance(mention, Mention)
    assert mention == next(i for i in read(path) if isinstance(i, Mention))


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "empty"),
        (b"PK\x03\x04rest", "workbook"),
        (b"just one column\nof words\n", "no table"),
        (b"Date,Text\n", "no rows"),
        (b"Text,Autor\nhallo welt,du\n", "published"),
        (b"Date,Text\nsoon,hallo\nlater,welt\n", "no dates that can be read"),
    ],
)
def test_a_file_that_is_no_export_is_refused_with_the_reason(
    body: bytes, says: str, tmp_path: Path
) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(body)
    with pytest.raises(SourceError, match=says):
        inspect(path)


def test_unknown_zones_and_columns_are_refused_by_name() -> None:
    with pytest.raises(SourceError, match="Europe/Berlinn"):
        inspect(EXPORTS / "brand24.csv", zone="Europe/Berlinn")
    with pytest.raises(SourceError, match="Inhaltt"):
        inspect(EXPORTS / "brand24.csv", columns={"text": "Inhaltt"})
    with pytest.raises(SourceError, match="unknown field"):
        inspect(EXPORTS / "brand24.csv", columns={"texxt": "Inhalt"})


def test_a_named_column_beats_the_guess() -> None:
    plan = inspect(EXPORTS / "meltwater.csv", zone="UTC", columns={"text": "opening text"})
    assert said(plan, "column text") == ("Opening Text", True)
    assert plan.rows[0].text == "Der Hersteller Möwenwerk ruft Geräte zurück."
