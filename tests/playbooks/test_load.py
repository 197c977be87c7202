"""What a person reads when a playbook does not fit, and that nothing but a complaint comes."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.detection import Level
from playbooks.complaints import Complaint
from playbooks.load import PlaybookError, load_library, load_text, read_library
from playbooks.playbook import Playbook, Role
from playbooks.reading import parse_due

GOOD = dedent(
    """\
    id: eigenes
    title: {de: Eigenes, en: Own one}
    summary: {de: Für uns, en: For us}
    trigger:
      terms: [panne]
    steps:
      - id: look
        title: {de: Ansehen, en: Look}
        text: {de: Drei Beiträge lesen, en: Read three posts}
        role: lead
        due: 5m
      - id: hold
        title: {de: Anhalten, en: Hold}
        text: {de: Alles, en: All of it}
        role: community
        due: 1h30m
        action: pause_posts
        min_level: 5
        questions:
          - {de: Was noch, en: What else}
    """
)


def complaints(text: str) -> list[str]:
    with pytest.raises(PlaybookError) as caught:
        load_text(text, "own.yaml", tripwires=("recall", "injury"))
    return [str(c) for c in caught.value.complaints]


def outcome(text: str) -> Playbook | list[Complaint]:
    """Return the playbook or the complaints; anything else raised is a crash."""
    try:
        return load_text(text)
    except PlaybookError as error:
        return error.complaints


def test_a_good_playbook_is_read_whole() -> None:
    playbook = load_text(GOOD, "own.yaml")
    assert playbook.id == "eigenes"
    assert playbook.title.in_("de-AT") == "Eigenes"
    assert playbook.trigger.terms == ("panne",)
    assert playbook.trigger.min_level is Level.STRONG_WIND
    look, hold = playbook.steps
    assert (look.role, look.due, look.action, look.min_level) == (
        Role.LEAD,
        timedelta(minutes=5),
        "",
        Level.CALM,
    )
    assert hold.due == timedelta(minutes=90)
    assert hold.min_level is Level.STORM
    assert hold.questions[0].en == "What else"


def test_the_version_follows_the_content_and_not_the_writing() -> None:
    one = load_text(GOOD, "a.yaml")
    spaced = load_text("# a comment\n" + GOOD.replace("due: 5m", "due:   5m"), "b.yaml")
    other = load_text(GOOD.replace("due: 5m", "due: 6m"), "a.yaml")
    assert one.version == spaced.version
    assert one.version != other.version


# Each row: what is changed in GOOD, and the complaint it must give, word for word.
MISTAKES = [
    ("action: pause_posts", "action: pauze_posts",
     'own.yaml:17: steps.2.action: unknown action "pauze_posts"; did you mean "pause_posts"?'),
    ("role: lead", "role: leed",
     'own.yaml:10: steps.1.role: unknown role "leed"; did you mean "lead"?'),
    ("    role: lead\n", "",
     "own.yaml:7: steps.1: role is missing"),
    ("min_level: 5", "min_level: 7",
     'own.yaml:18: steps.2.min_level: unknown level "7"; expected a number from 0 to 6'),
    ("title: {de: Eigenes, en: Own one}", "title: {de: Eigenes}",
     "own.yaml:2: title: the English translation (en) is missing"),
    ("due: 1h30m", "due: 4m",
     "own.yaml:12: steps.2.due: due before the step above it (look); expected steps in order of time"),
    ("due: 5m", "due: soon",
     'own.yaml:11: steps.1.due: found "soon"; expected a time from the start, such as "45m" or "1h30m"'),
    ("id: hold", "id: look",
     'own.yaml:12: steps.2.id: "look" is the id of an earlier step'),
    ("  terms: [panne]", "  {}",
     "own.yaml:5: trigger: empty; expected at least one of brands, min_level, terms, topics, tripwires"),
    ("terms: [panne]", "tripwires: [recal]",
     'own.yaml:5: trigger.tripwires: unknown tripwire "recal"; did you mean "recall"?'),
    ("terms: [panne]", "terms: []",
     "own.yaml:5: trigger.terms: empty; leave the line out instead"),
    ("terms: [panne]", 'terms: ["*"]',
     'own.yaml:5: trigger.terms: the term "*" is too short; expected at least two letters'),
    ("summary:", "sumary:",
     'own.yaml:3: unknown key "sumary"; expected one of id, notes, steps, summary, title, trigger; '
     'did you mean "summary"?'),
    ("id: eigenes", "id: Mein Playbook",
     'own.yaml:1: id: found "Mein Playbook"; expected small letters, digits, "-" and "_", at most 64'),
    ("id: eigenes", "id: eigenes\nid: nochmal",
     'own.yaml:2: "id" stands here twice; expected it once'),
    ("due: 5m", "due: &five 5m",  # an anchor alone costs nothing and is taken
     None),
    ("due: 1h30m", "due: *five",
     "own.yaml:16: an alias (*name); expected the text itself, written out"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "complaint"), MISTAKES, ids=[m[1] for m in MISTAKES])
def test_a_mistake_is_named_with_its_line_and_what_was_meant(
    old: str, new: str, complaint: str | None
) -> None:
    assert old in GOOD
    text = GOOD.replace(old, new, 1)
    if complaint is None:
        assert load_text(text, "own.yaml").steps[0].due == timedelta(minutes=5)
    else:
        assert complaint in complaints(text)


def test_all_mistakes_of_a_file_are_told_at_once() -> None:
    text = GOOD.replace("role: lead", "role: leed").replace("pause_posts", "pauze_posts")
    assert len(complaints(text)) == 2


def test_more_than_twelve_steps_are_refused() -> None:
    head, _, steps = GOOD.partition("steps:\n")
    step = steps.split("  - id: hold")[0]
    many = "".join(step.replace("id: look", f"id: look{i}") for i in range(13))
    assert any("13 steps; expected at most 12" in c for c in complaints(f"{head}steps:\n{many}"))


def test_one_plain_text_stands_for_both_languages() -> None:
    text = GOOD.replace("{de: Eigenes, en: Own one}", "Nur auf Deutsch")
    assert load_text(text).title.en == "Nur auf Deutsch"


def test_words_that_yaml_would_turn_into_something_else_stay_words() -> None:
    trigger = load_text(GOOD.replace("[panne]", "[no, 0123, 12:30, ~x]")).trigger
    assert trigger.terms == ("no", "0123", "12:30", "~x")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "just a text",
        "- a\n- list",
        "a: [1, 2",
        "a: b: c",
        "\tid: x",
        "id: \x00",
        "id: !!python/object/apply:os.system [echo]",
        "? {a: b}\n: c",
        "[" * 5_000,
        "{a: " * 5_000,
        "- " * 2_000,
        "--- a\n--- b",
        "a: " + "x" * 300_000,
    ],
    ids=repr,
)
def test_what_is_no_playbook_is_one_or_more_complaints(text: str) -> None:
    assert complaints(text)


def test_a_file_that_multiplies_itself_is_refused_at_once() -> None:
    """Nine lists of nine aliases each: "billion laughs"."""
    laughs = "a: &a [ha, ha]\n"
    for here, before in zip("bcdefghi", "abcdefgh", strict=True):
        laughs += f"{here}: &{here} [{', '.join([f'*{before}'] * 9)}]\n"
    assert complaints(laughs) == [
        "own.yaml:2: an alias (*name); expected the text itself, written out"
    ]


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=200))
def test_any_text_gives_a_playbook_or_complaints_and_never_a_crash(text: str) -> None:
    assert outcome(text)


@given(st.lists(st.sampled_from(GOOD.splitlines()), max_size=25), st.integers(0, 40))
def test_shuffled_lines_of_a_playbook_never_crash_it(lines: list[str], indent: int) -> None:
    assert outcome("\n".join(line[indent // 10 :] for line in lines))


def test_own_playbooks_stand_beside_and_replace_shipped_ones(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(GOOD)
    (tmp_path / "b.yml").write_text(GOOD.replace("id: eigenes", "id: allgemein"))
    (tmp_path / "readme.txt").write_text("not a playbook")
    library = load_library([tmp_path])
    assert sorted(library) == ["abrechnungsfehler", "allgemein", "eigenes", "produktgefahr"]
    assert library["allgemein"].source == str(tmp_path / "b.yml")
    assert library["produktgefahr"].source == "playbooks/library/produktgefahr.yaml"


def test_two_own_playbooks_of_one_id_are_a_complaint(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(GOOD)
    (tmp_path / "b.yaml").write_text(GOOD)
    library, wrong = read_library([tmp_path])
    assert isinstance(library["eigenes"], Playbook)
    assert [str(c) for c in wrong] == [
        f'{tmp_path}/b.yaml:1: id: "eigenes" is the id of {tmp_path}/a.yaml already; '
        "expected one of its own"
    ]


def test_a_path_that_is_not_there_and_bytes_that_are_no_text_are_complaints(tmp_path: Path) -> None:
    bad = tmp_path / "latin.yaml"
    bad.write_bytes("id: x\ntitle: Störung\n".encode("latin-1"))
    _, wrong = read_library([tmp_path / "gone.yaml", bad])
    assert [(c.file, c.line) for c in wrong] == [(str(tmp_path / "gone.yaml"), 0), (str(bad), 2)]
    assert "cannot be read" in wrong[0].text
    assert "UTF-8" in wrong[1].text


@pytest.mark.parametrize(
    ("text", "minutes"),
    [("0m", 0), ("5m", 5), ("1h", 60), ("1h30m", 90), ("1d", 1440), ("1d2h3m", 1563), (" 7m ", 7)],
)
def test_times_are_read_as_people_write_them(text: str, minutes: int) -> None:
    assert parse_due(text) == timedelta(minutes=minutes)


@pytest.mark.parametrize("text", ["", "5", "m", "-5m", "5 m", "30m1h", "1.5h", "٥m", "99999m"])
def test_what_is_no_time_is_none(text: str) -> None:
    assert parse_due(text) is None
