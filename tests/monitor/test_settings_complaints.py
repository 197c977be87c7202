"""Complaints about settings: where, what was found and expected; never a secret or a crash."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.settings import Reading, SettingsError, load, read
from tests.monitor.configuring import GOOD, TOKEN, complaints

# --- mistakes in a file ---------------------------------------------------------------------


# Each row: what is changed in GOOD, and the one complaint it must give.
MISTAKES = [
    ('language = "en"', 'langage = "en"',
     "sturmglas.toml:1: langage: unknown key; expected one of alerting, audit, cascade, chain, channel, heartbeat, language, morning, mute, night, person, playbooks, rota, route, "
     'server, source, store, stream, timezone, topic, transformer, tripwires, watch, words, work; did you mean "language"?'),
    ("port = 9000", "port = 70000",
     "sturmglas.toml:5: server.port: found 70000; expected at most 65535"),
    ('"Europe/Vienna"', '"Europe/Wien"',
     'sturmglas.toml:2: timezone: found "Europe/Wien"; expected the name of a time zone, such as '
     '"Europe/Berlin"; did you mean "Europe/Vienna"?'),
    ('any = ["acme bahn"]', "any = []",
     "sturmglas.toml:7: topic.acme-bahn: no term to look for; expected at least one in any or in all"),
    ('any = ["acme bahn"]', "any = [3]",
     "sturmglas.toml:9: topic.acme-bahn.any.1: found 3; expected a text"),
    ('any = ["acme bahn"]', 'any = ["acme bahn", "acme *"]',
     'sturmglas.toml:9: topic.acme-bahn.any.2: found "acme *"; * alone would be every word; expected '
     'it at a word, such as "acme*" or "*bahn"'),
    ('language = "en"', 'language = "en"\nwords.banned = ["idiot*", "source:tool idiot"]',
     'sturmglas.toml:2: words.banned.2: found "source:tool idiot"; expected a term without source:, such '
     'as "lang:de idiot*"'),
    ('language = "en"', 'language = "en"\nwords.suspect = ["*"]',
     'sturmglas.toml:2: words.suspect.1: found "*"; * alone would be every word; expected it at a word, '
     'such as "acme*" or "*bahn"'),
    ('any = ["acme bahn"]', 'any = ["*er"]',
     'sturmglas.toml:9: topic.acme-bahn.any.1: found "*er"; expected at least 3 letters beside * or '
     '~, such as "*bahn"'),
    ('any = ["acme bahn"]', 'any = ["lang: acme"]',
     'sturmglas.toml:9: topic.acme-bahn.any.1: found "lang: acme"; expected languages after lang:, '
     'such as "lang:de,en acme"'),
    ('any = ["acme bahn"]', 'any = ["acme", "source:tol acme"]',
     'sturmglas.toml:9: topic.acme-bahn.any.2: found "source:tol acme"; unknown source "tol"; '
     'expected one of tool; did you mean "tool"?'),
    ('any = ["acme bahn"]', 'any = ["acme"]\nsources = ["tool", "forum"]',
     'sturmglas.toml:10: topic.acme-bahn.sources.2: unknown source "forum"; expected one of tool'),
    ('any = ["acme bahn"]', 'any = ["acme"]\nlanguages = ["deutsch"]',
     'sturmglas.toml:10: topic.acme-bahn.languages.1: found "deutsch"; expected a BCP 47 tag, such '
     'as "de" or "de-AT"'),
    ('name = "Acme Bahn"\n', "",
     "sturmglas.toml:7: topic.acme-bahn.name: missing; expected name, what people call it"),
    ("[topic.acme-bahn]", '[topic."Acme Bahn"]', None),
    ('token = "0123456789abcdef-token"\n', "",
     "sturmglas.toml:16: source.tool: neither token nor signing_secret; expected at least one, else "
     "anybody could post"),
    ('token = "0123456789abcdef-token"', 'token = "short"',
     "sturmglas.toml:18: source.tool.token: too short (not shown); expected at least 16 characters"),
    ('token = "0123456789abcdef-token"', 'signing_secret = "whsec_!!"',
     "sturmglas.toml:18: source.tool.signing_secret: no signing secret (not shown); expected "
     '"whsec_" and base64 of 24 bytes'),
    ('type = "http"', 'type = "htp"',
     'sturmglas.toml:17: source.tool.type: found "htp"; expected one of feed, file, http, mastodon, '
     'synthetic; did you mean "http"?'),
    ('type = "pagerduty"\n', "",
     "sturmglas.toml:20: channel.pager: type is missing; expected one of apprise, console, ntfy, pagerduty, slack, "
     "smtp, teams, webhook"),
    ('channels = ["pager"]\n\n', 'channels = ["pagr"]\n\n',
     'sturmglas.toml:25: route.1.channels.1: unknown channel "pagr"; expected one of pager; '
     'did you mean "pager"?'),
    ('topics = ["acme-bahn"]', 'topics = ["acme-bus"]',
     'sturmglas.toml:29: route.2.topics.1: unknown topic "acme-bus"; expected one of acme-app, '
     'acme-bahn; did you mean "acme-bahn"?'),
    ("[server]", '[server]\nhost = "0.0.0.0"',
     'sturmglas.toml:5: server.host: "0.0.0.0" can be reached by others; expected server.token '
     "beside it"),
    ("[server]", '[transformer.sentiment]\nmodel = "acme/tone"\npath = "tone"\n[server]',
     "sturmglas.toml:4: transformer.sentiment: expected either model, a name, or path, a folder"),
    ("[server]", '[transformer.sentiment]\nmodel = "acme/tone"\nruntime = "onnx"\n[server]',
     'sturmglas.toml:4: transformer.sentiment: runtime = "onnx" without path; expected a folder with '
     "an .onnx file"),
    ("[server]", '[transformer.offense]\npath = "harm"\n[server]',
     'sturmglas.toml:4: transformer.offense: expected one of offensive, sentiment; did you mean "offensive"?'),
    ("[server]", '[store]\nurl = "mysql://db/x"\n[server]',
     'sturmglas.toml:5: store.url: found "mysql"; expected one of postgresql, postgresql+psycopg, '
     "sqlite"),
    ("[server]", '[store]\nurl = "postgresql://me@db/x"\n[server]',
     "sturmglas.toml:5: store.url: PostgreSQL needs a log beside it; expected [stream] url = "
     '"redis://HOST:PORT/0"'),
    ("[server]", '[stream]\nurl = "redis://:geheim-9@cache:6379/0"\n[server]',
     "sturmglas.toml:5: stream.url: holds a password (not shown); expected it in stream.password "
     "or password_file"),
    ("[server]", '[stream]\nprefix = ""\n[server]',
     'sturmglas.toml:5: stream.prefix: found ""; expected a text that is not empty'),
    ("[server]", f'[stream]\nprefix = "{"p" * 65}"\n[server]',
     f'sturmglas.toml:5: stream.prefix: found "{"p" * 58}…; string should have at most 64 characters'),
    ("[server]", '[stream]\nprefix = "a b"\n[server]',
     "sturmglas.toml:5: stream.prefix: found \"a b\"; string should match pattern '^[\\w.-]+$'"),
    ('any = ["acme bahn"]', 'any = ["acme bahn"]\nthresholds = {level4_author = 9}',
     "sturmglas.toml:10: topic.acme-bahn.thresholds.level4_author: unknown threshold; see "
     'docs/levels.md; did you mean "level4_authors"?'),
    ('any = ["acme bahn"]', 'any = ["acme bahn"]\nthresholds = {level4_authors = -1}',
     "sturmglas.toml:10: topic.acme-bahn.thresholds.level4_authors: found -1; expected 0 or more"),
    ('name = "App"', 'name = "App"\nalarm_budget_days = 0',
     "sturmglas.toml:13: topic.acme-app.alarm_budget_days: found 0; expected more than 0.0"),
    ("[[route]]", '[channel.pager.template]\ntitle = "{{ level }}"\ntext = """\n{{ lead }}\n{{ nobody }}"""\n[[route]]',
     'sturmglas.toml:26: channel.pager.template.text: found "{{ lead }} {{ nobody }}"; cannot be used: '
     'line 2: there is no "nobody"'),
    ("[[route]]", '[channel.pager.template]\ntext = ""\nbody = "x"\n[[route]]',
     "sturmglas.toml:26: channel.pager.template.body: unknown key; expected one of text, title"),
    ("[server]", "[server]\n[server]",
     "sturmglas.toml:5: not TOML: Cannot declare ('server',) twice, at character 8 of the line"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "complaint"), MISTAKES, ids=[m[1] for m in MISTAKES])
def test_a_mistake_is_named_with_line_key_and_what_was_expected(
    toml: Path, old: str, new: str, complaint: str | None
) -> None:
    assert old in GOOD
    found = complaints(toml, GOOD.replace(old, new, 1))
    if complaint is None:  # a name that is none: the route that used it complains as well
        assert found[0] == (
            "sturmglas.toml:7: topic.Acme Bahn: expected a name of small letters, digits, "
            '"-" and "_", such as "acme-bahn"'
        )
    else:
        assert found == [complaint]


def test_all_mistakes_are_told_at_once_in_the_order_of_the_file(toml: Path) -> None:
    text = GOOD.replace("port = 9000", 'port = "x"').replace('language = "en"', 'language = "fr"')
    text = text.replace('channels = ["pager"]', 'channels = ["p"]', 1)
    found = complaints(toml, text)
    assert [line.split(":")[1] for line in found] == ["1", "5", "25"]


def test_two_senders_with_one_token_are_refused(toml: Path) -> None:
    twice = f'{GOOD}\n[source.other]\ntype = "http"\ntoken = "{TOKEN}"\n'
    assert complaints(toml, twice) == [
        "sturmglas.toml:34: source.other.token: the same secret as source.tool; expected one of "
        'its own for "other"'
    ]


@pytest.mark.parametrize(
    "section",
    [
        f'[source.a]\ntype = "http"\ntoken = ["{TOKEN}"]',
        f'[source.a]\ntype = "http"\ntokn = "{TOKEN}"',
        f'[source.a]\ntype = "nope"\ntoken = "{TOKEN}"',
        f'[source.a]\ntype = "http"\nsigning_secret = "{TOKEN}"',
        f'[source.a]\ntype = "http"\ntoken = "{TOKEN}"\n[source.b]\ntype = "http"\ntoken = "{TOKEN}"',
        f'[channel.a]\ntype = "slack"\ntoken = "{TOKEN}"',
        f'[channel.a]\ntype = "webhook"\nurl = "https://x.example"\nsigning_secret = ["{TOKEN}"]',
        f'[server]\nhost = 3\ntoken = {{a = "{TOKEN}"}}',
    ],
)
def test_no_complaint_ever_shows_a_secret(toml: Path, section: str) -> None:
    found = complaints(toml, section)
    assert found
    assert TOKEN not in "\n".join(found)


@pytest.mark.parametrize(
    ("given", "content", "what"),
    [
        ('token_file = "gone.txt"', None, '"gone.txt" cannot be read (No such file or directory)'),
        ('token_file = "t.txt"', b"", '"t.txt" is empty'),
        ('token_file = "t.txt"', b"\xff\xfe", '"t.txt" cannot be read (not a text)'),
        ('token_file = "t.txt"', b"x" * 9000, '"t.txt" is larger than 8192 bytes'),
        ("token_file = 3", None, "found 3; expected the path of a file"),
        (f'token = "{TOKEN}"\ntoken_file = "t.txt"', b"x", "both token and token_file are given"),
    ],
)
def test_an_unusable_secret_file_is_one_complaint(
    toml: Path, given: str, content: bytes | None, what: str
) -> None:
    if content is not None:
        (toml.parent / "t.txt").write_bytes(content)
    found = complaints(toml, GOOD.replace(f'token = "{TOKEN}"', given))
    assert len(found) == 1
    assert "source.tool.token_file: " + what in found[0]


# --- files that are no settings -------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "line", "what"),
    [
        (b"a = \n", 1, "not TOML"),
        (b'language = "de"\nx = "\xfc"\n', 2, "not UTF-8"),
        (b"language = 'de'\na = {b = 1, b = 2}", 2, "not TOML"),
        (b"[" * 5000, 1, "not TOML"),
        (b"a = " + b"[" * 5000, 0, "nested too deep"),
        (b"a = " + b"9" * 5000, 0, "not TOML"),
        (b"#" * 600_000, 0, "larger than 524288 bytes"),
    ],
)
def test_what_is_no_settings_file_is_one_complaint(
    toml: Path, data: bytes, line: int, what: str
) -> None:
    toml.write_bytes(data)
    with pytest.raises(SettingsError) as caught:
        load(toml, {})
    [complaint] = caught.value.complaints
    assert complaint.line == line
    assert what in complaint.text


def test_a_missing_file_and_a_folder_are_complaints(tmp_path: Path) -> None:
    for path in (tmp_path / "gone.toml", tmp_path):
        with pytest.raises(SettingsError, match="cannot be read"):
            load(path, {})


VALUES = st.recursive(
    st.one_of(
        st.text(max_size=8), st.integers(-5, 70000), st.booleans(), st.floats(allow_nan=True)
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(["type", "name", "any", "token", "token_file", "0", "x"]),
            inner,
            max_size=4,
        ),
    ),
    max_leaves=12,
)


KEYS = st.sampled_from(
    (
        *("language", "timezone", "server", "store", "topic", "source", "channel", "route"),
        *("playbooks", "tripwires", "nonsense"),
    )
)


@settings(max_examples=100)
@given(st.dictionaries(KEYS, VALUES, max_size=5))
def test_any_shape_of_settings_gives_settings_or_complaints_and_never_a_crash(
    tmp_path_factory: pytest.TempPathFactory, raw: dict[str, object]
) -> None:
    import tomlkit

    path = tmp_path_factory.getbasetemp() / "any.toml"
    path.write_text(tomlkit.dumps(raw), newline="")
    reading = read(path, {})
    assert isinstance(reading, Reading)
    assert (reading.settings is None) == bool(reading.complaints)
