"""Followed files and recorded ones: partial lines, rotation, truncation, damage, order."""

from __future__ import annotations

import gzip
import os
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from detectors.mention import Mention
from monitor.settings import FileSource
from monitor.sources.base import SourceError
from monitor.sources.files import FollowedFile
from monitor.sources.replay import Complaint, read, read_mentions
from tests.monitor.sourcing import MemoryIntake, running, until

START = datetime(2026, 11, 22, 14, tzinfo=UTC)
HEADER = "source,source_id,text,published_at,author.handle,metrics.likes,tags\n"


def line(n: int, minutes: int = 0, text: str = "") -> bytes:
    at = START + timedelta(minutes=minutes)
    mention = Mention(source="f", source_id=f"{n}", text=text or f"Nr {n}", published_at=at)
    return msgspec.json.encode(mention) + b"\n"


def followed(path: Path, *, follow: bool = True) -> FollowedFile:
    return FollowedFile("f", FileSource(type="file", path=path, follow=follow), every_s=0.02)


def test_a_line_still_being_written_waits(tmp_path: Path) -> None:
    path, intake = tmp_path / "m.jsonl", MemoryIntake()
    whole = line(2)
    path.write_bytes(line(1) + whole[:20])
    with running(followed(path), intake):
        until(lambda: intake.ids() == ["1"])
        with path.open("ab") as file:
            file.write(whole[20:])
        until(lambda: intake.ids() == ["1", "2"])
    assert not intake.errors


def test_a_last_line_without_its_end_is_taken_when_it_is_whole(tmp_path: Path) -> None:
    path, intake = tmp_path / "m.jsonl", MemoryIntake()
    path.write_bytes(line(1) + line(2).rstrip(b"\n"))
    with running(followed(path), intake):
        until(lambda: intake.ids() == ["1", "2"])
        with path.open("ab") as file:
            file.write(b"\n" + line(3))
        until(lambda: intake.ids() == ["1", "2", "3"])
    assert not intake.errors


def test_a_rotated_file_is_finished_before_the_next_is_begun(tmp_path: Path) -> None:
    path, intake = tmp_path / "m.jsonl", MemoryIntake()
    path.write_bytes(line(1))
    with running(followed(path), intake):
        until(lambda: intake.ids() == ["1"])
    with path.open("ab") as file:
        file.write(line(2))
    os.rename(path, tmp_path / "m.jsonl.1")
    path.write_bytes(line(3))
    with running(followed(path), intake):
        until(lambda: len(intake.ids()) == 3)
    assert intake.ids() == ["1", "2", "3"]


def test_a_truncated_file_starts_over(tmp_path: Path) -> None:
    path, intake = tmp_path / "m.jsonl", MemoryIntake()
    path.write_bytes(line(1) + line(2))
    with running(followed(path), intake):
        until(lambda: len(intake.ids()) == 2)
        path.write_bytes(line(3))
        until(lambda: "3" in intake.ids())
    assert intake.ids() == ["1", "2", "3"]


def test_a_csv_record_over_several_lines_is_one(tmp_path: Path) -> None:
    path, intake = tmp_path / "m.csv", MemoryIntake()
    path.write_text(HEADER + 'f,1,"eins\nund', encoding="utf-8")
    with running(followed(path), intake):
        until(lambda: bool(intake.oks))
        assert not intake.ids()
        with path.open("a", encoding="utf-8") as file:
            file.write(
                ' ""zwei""",2026-11-22T14:00:00Z,moos,3,a b\nf,2,ok,2026-11-22T14:01:00Z,,,\n'
            )
        until(lambda: len(intake.ids()) == 2)
    assert intake.texts()[0] == 'eins\nund "zwei"'
    assert intake.mentions[0][2].tags == ("a", "b")


def test_a_gzip_is_read_to_its_end_and_bad_lines_are_counted(tmp_path: Path) -> None:
    path, intake = tmp_path / "m.jsonl.gz", MemoryIntake()
    path.write_bytes(gzip.compress(line(1) + b"{}\n[]\n" + line(2)))
    with running(followed(path), intake):
        until(lambda: bool(intake.errors))
    assert intake.ids() == ["1", "2"]
    assert "line 2" in intake.errors[0][1]
    assert "1 more" in intake.errors[0][1]


def test_a_missing_file_is_told_and_waited_for(tmp_path: Path) -> None:
    path, intake = tmp_path / "later.jsonl", MemoryIntake()
    with running(followed(path), intake):
        until(lambda: bool(intake.errors))
        path.write_bytes(line(1))
        until(lambda: intake.ids() == ["1"])
    assert "later.jsonl" in intake.errors[0][1]


def test_many_lines_come_once_each_and_in_order(tmp_path: Path) -> None:
    path, intake = tmp_path / "m.jsonl", MemoryIntake()
    path.write_bytes(b"".join(line(n) for n in range(2500)))
    with running(followed(path, follow=False), intake):
        until(lambda: bool(intake.oks))
    assert intake.ids() == [str(n) for n in range(2500)]


# --- recorded ---------------------------------------------------------------------------------


def test_bad_lines_name_line_and_field_and_spare_their_neighbours(tmp_path: Path) -> None:
    path = tmp_path / "m.jsonl"
    path.write_bytes(
        b"\xef\xbb\xbf" + line(1) + b"\n"
        + b'{"source":"f","source_id":"2","text":7,"published_at":"2026-11-22T14:00:00Z"}\n'
        + b'{"source":"f","source_id":"3","text":"x","published_at":"2026-11-22T14:00:00"}\n'
        + b'{"source":"f","source_id":"4","text":"x","published_at":"2026-11-22T14:00:00Z","mood":1}\n'
        + b'{"source":"f"}\n' + b"not json\n" + b"\xff\xfe\n" + line(9)
    )  # fmt: skip
    items = list(read(path))
    assert [i.source_id for i in items if isinstance(i, Mention)] == ["1", "9"]
    bad = [(i.line, i.field) for i in items if isinstance(i, Complaint)]
    assert bad == [
        (3, "text"),
        (4, "published_at"),
        (5, "mood"),
        (6, "source_id"),
        (7, ""),
        (8, ""),
    ]
    told: list[str] = []
    list(read_mentions(path, told.append))
    assert told[0].startswith(f"{path}:3: text: ")


@pytest.mark.parametrize("at_once", [7, 10_000])
def test_mentions_come_by_time_however_large_the_file(at_once: int, tmp_path: Path) -> None:
    path = tmp_path / "m.jsonl.gz"
    numbers = list(range(100))
    random.Random(5).shuffle(numbers)
    path.write_bytes(gzip.compress(b"".join(line(n, minutes=n // 2) for n in numbers)))
    found = list(read_mentions(path, pytest.fail, at_once=at_once))
    assert found == sorted(found, key=lambda m: (m.published_at, m.source_id))
    assert len(found) == 100


def test_our_csv_is_read_with_its_complaints(tmp_path: Path) -> None:
    path = tmp_path / "m.csv"
    path.write_text(
        HEADER.replace(",", ";")
        + 'f;1;"a\nb";2026-11-22T14:00:00Z;moos;12;\nf;2;x;gestern;;;\nf;3;x\nf;4;;2026-11-22T14:00:00Z;;;\n',
        encoding="utf-8-sig",
    )
    items = list(read(path))
    assert [(i.line, i.field) for i in items if isinstance(i, Complaint)] == [
        (4, "published_at"),
        (5, ""),
    ]
    first, last = (i for i in items if isinstance(i, Mention))
    assert first.metrics is not None
    assert (first.text, first.metrics.likes) == ("a\nb", 12)
    assert last.text == ""


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"Datum;Text\n1;2\n", "sturmglas import"),
        (gzip.compress(line(1) * 2000)[:-30], "damaged gzip"),
        (b"source,source_id,text,published_at\nf,1,\xe4,2026-11-22T14:00:00Z\n", "not UTF-8"),
    ],
)
def test_a_file_that_is_wrong_as_a_whole_is_refused(body: bytes, says: str, tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(body)
    with pytest.raises(SourceError, match=says):
        list(read(path))


def test_an_empty_file_holds_nothing(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_bytes(b"\n")
    assert list(read(path)) == []
