"""Settings: what a person writes, what the program gets, and what it says when they disagree."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.topic import Query
from monitor.settings import HttpSource, Reading, Settings, SettingsError, load, read
from monitor.settings.advice import advise
from monitor.settings.lines import Lines
from monitor.sources.world_demo import DEMO_TOPICS
from playbooks.load import load_library

CONFIG = Path(__file__).resolve().parents[2] / "config"
TOKEN = "0123456789abcdef-token"

GOOD = dedent(
    """\
    language = "en"
    timezone = "Europe/Vienna"

    [server]
    port = 9000

    [topic.acme-bahn]
    name = "Acme Bahn"
    any = ["acme bahn"]

    [topic.acme-app]
    name = "App"
    all = ["acme", "app"]
    timezone = "Europe/Berlin"

    [source.tool]
    type = "http"
    token = "0123456789abcdef-token"

    [channel.pager]
    type = "pagerduty"
    routing_key = "0123456789abcdef0123456789abcdef"

    [[route]]
    channels = ["pager"]

    [[route]]
    min_level = 5
    topics = ["acme-bahn"]
    channels = ["pager"]
    """
)


@pytest.fixture
def write(tmp_path: Path) -> Path:
    return tmp_path / "sturmglas.toml"


def loaded(path: Path, text: str, env: dict[str, str] | None = None) -> Settings:
    path.write_text(text)
    return load(path, env or {})


def complaints(path: Path, text: str, env: dict[str, str] | None = None) -> list[str]:
    """Return the complaints, the file's name cut short."""
    path.write_text(text)
    with pytest.raises(SettingsError) as caught:
        load(path, env or {})
    return [str(c).replace(str(path.parent) + "/", "") for c in caught.value.complaints]


# --- what is read ---------------------------------------------------------------------------


def test_a_file_gives_typed_settings(write: Path) -> None:
    found = loaded(write, GOOD)
    assert (found.language, found.server.port, found.server.host) == ("en", 9000, "127.0.0.1")
    assert list(found.topics) == ["acme-bahn", "acme-app"]
    source = found.sources["tool"]
    assert isinstance(source, HttpSource)
    assert source.token is not None
    assert source.token.get_secret_value() == TOKEN
    assert found.channels["pager"].type == "pagerduty"
    assert [r.min_level for r in found.routes] == [4, 5]
    assert found.origin == f"settings file {write}"


def test_topics_become_what_detectors_know_and_inherit_the_zone(write: Path) -> None:
    topics = loaded(write, GOOD).to_topics()
    assert topics["acme-bahn"].query == Query(any=("acme bahn",))
    assert topics["acme-bahn"].timezone == "Europe/Vienna"
    assert topics["acme-app"].timezone == "Europe/Berlin"
    assert topics["acme-app"].id == "acme-app"


def test_without_a_file_there_are_defaults_that_say_so() -> None:
    found = load(None, {})
    assert found == Settings()
    assert found.origin == "no settings file: defaults, and nothing is watched yet"
    assert found.server.host == "127.0.0.1", "nobody else can reach it unless asked for"


def test_the_environment_names_the_file(write: Path) -> None:
    write.write_text(GOOD)
    assert load(None, {"STURMGLAS_CONFIG": str(write)}).server.port == 9000


def test_the_example_shows_every_setting_and_loads() -> None:
    text = (CONFIG / "example.toml").read_text()
    reading = read(CONFIG / "example.toml", {})
    assert reading.complaints == []
    assert advise(reading, load_library()) == []
    assert isinstance(reading.settings, Settings)
    assert {s.type for s in reading.settings.sources.values()} == {
        "http",
        "feed",
        "mastodon",
        "file",
    }
    assert {c.type for c in reading.settings.channels.values()} == {
        "pagerduty",
        "slack",
        "webhook",
        "smtp",
        "console",
    }
    assert "synthetic" in text


def test_the_demo_file_watches_what_the_demo_watches() -> None:
    found = load(CONFIG / "demo.toml", {})
    assert tuple(found.to_topics().values()) == DEMO_TOPICS


def test_paths_in_the_file_count_from_its_folder(write: Path) -> None:
    text = '[playbooks]\npaths = ["own", "/srv/own"]\n[source.f]\ntype = "file"\npath = "a.jsonl"\n'
    found = loaded(write, text)
    assert found.playbooks.paths == [write.parent / "own", Path("/srv/own")]
    assert found.sources["f"].model_dump()["path"] == write.parent / "a.jsonl"


# --- the environment ------------------------------------------------------------------------


def test_variables_win_over_the_file_and_reach_every_depth(write: Path) -> None:
    env = {
        "STURMGLAS_SERVER__PORT": "7000",
        "STURMGLAS_TOPIC__ACME_BAHN__NAME": "The railway",
        "STURMGLAS_TOPIC__ACME_BAHN__ANY": '["acme", "@acme"]',
        "STURMGLAS_ROUTE__0__MIN_LEVEL": "6",
        "sturmglas_language": "de",
        "STURMGLAS_DATA": "/elsewhere",  # a word of somebody else's
        "OTHER": "x",
    }
    found = loaded(write, GOOD, env)
    assert found.server.port == 7000
    assert found.topics["acme-bahn"].name == "The railway"
    assert found.topics["acme-bahn"].any == ["acme", "@acme"]
    assert found.routes[0].min_level == 6
    assert found.language == "de"
    assert found.origin.endswith("; 5 from the environment")


def test_whole_sections_can_come_from_the_environment() -> None:
    env = {
        "STURMGLAS_TOPIC__ACME__NAME": "Acme",
        "STURMGLAS_TOPIC__ACME__ANY": '["acme"]',
        "STURMGLAS_CHANNEL": '{"screen": {"type": "console"}}',
        "STURMGLAS_ROUTE": '[{"channels": ["screen"]}]',
    }
    found = load(None, env)
    assert found.topics["acme"].any == ["acme"]
    assert found.routes[0].channels == ["screen"]


def test_variables_that_kubernetes_sets_for_a_service_are_left_alone() -> None:
    names = ("PORT", "SERVICE_HOST", "SERVICE_PORT", "PORT_8787_TCP", "PORT_8787_TCP_ADDR")
    assert load(None, {f"STURMGLAS_{n}": "tcp://10.0.0.1:8787" for n in names}) == Settings()


@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [
        ("STURMGLAS_SERVER__PORT", "many",
         'environment STURMGLAS_SERVER__PORT: server.port: found "many"; expected a whole number'),
        ("STURMGLAS_SERVER__PROT", "1",
         "environment STURMGLAS_SERVER__PROT: server.prot: unknown key; expected one of "
         "allow_loopback_receivers, host, inside_hosts, max_backlog_bytes, max_body_bytes, port, "
         'public_url, token, token_file; did you mean "port"?'),
        ("STURMGLAS_LANGUGE", "de",
         "environment STURMGLAS_LANGUGE: languge: unknown setting; expected one of channel, language, "
         'playbooks, route, server, source, store, stream, timezone, topic, tripwires, work; did you mean "language"?'),
        ("STURMGLAS_SERVER_PORT", "1",
         "environment STURMGLAS_SERVER_PORT: server_port: unknown setting; expected one of channel, "
         "language, playbooks, route, server, source, store, stream, timezone, topic, tripwires, work; "
         "did you mean STURMGLAS_SERVER__PORT?"),
        ("STURMGLAS_TOPIC__ACME_BAHN__ANY", "acme",
         "environment STURMGLAS_TOPIC__ACME_BAHN__ANY: topic.acme-bahn.any: "
         'found "acme"; expected a list, such as ["a", "b"]'),
        ("STURMGLAS_LANGUAGE__DE", "x",
         "environment STURMGLAS_LANGUAGE__DE: language.de: sets a key inside something that has none"),
    ],
)  # fmt: skip
def test_a_wrong_variable_is_named(write: Path, name: str, value: str, complaint: str) -> None:
    assert complaints(write, GOOD, {name: value}) == [complaint]


# --- complaints -----------------------------------------------------------------------------

# Each row: what is changed in GOOD, and the one complaint it must give.
MISTAKES = [
    ('language = "en"', 'langage = "en"',
     "sturmglas.toml:1: langage: unknown key; expected one of channel, language, playbooks, route, "
     'server, source, store, stream, timezone, topic, tripwires, work; did you mean "language"?'),
    ("port = 9000", "port = 70000",
     "sturmglas.toml:5: server.port: found 70000; expected at most 65535"),
    ('"Europe/Vienna"', '"Europe/Wien"',
     'sturmglas.toml:2: timezone: found "Europe/Wien"; expected the name of a time zone, such as '
     '"Europe/Berlin"; did you mean "Europe/Vienna"?'),
    ('any = ["acme bahn"]', "any = []",
     "sturmglas.toml:7: topic.acme-bahn: no term to look for; expected at least one in any or in all"),
    ('any = ["acme bahn"]', "any = [3]",
     "sturmglas.toml:9: topic.acme-bahn.any.1: found 3; expected a text"),
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
     "sturmglas.toml:20: channel.pager: type is missing; expected one of console, pagerduty, slack, "
     "smtp, webhook"),
    ('channels = ["pager"]\n\n', 'channels = ["pagr"]\n\n',
     'sturmglas.toml:25: route.1.channels.1: unknown channel "pagr"; expected one of pager; '
     'did you mean "pager"?'),
    ('topics = ["acme-bahn"]', 'topics = ["acme-bus"]',
     'sturmglas.toml:29: route.2.topics.1: unknown topic "acme-bus"; expected one of acme-app, '
     'acme-bahn; did you mean "acme-bahn"?'),
    ("[server]", '[server]\nhost = "0.0.0.0"',
     'sturmglas.toml:5: server.host: "0.0.0.0" can be reached by others; expected server.token '
     "beside it"),
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
    ("[server]", "[server]\n[server]",
     "sturmglas.toml:5: not TOML: Cannot declare ('server',) twice, at character 8 of the line"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "complaint"), MISTAKES, ids=[m[1] for m in MISTAKES])
def test_a_mistake_is_named_with_line_key_and_what_was_expected(
    write: Path, old: str, new: str, complaint: str | None
) -> None:
    assert old in GOOD
    found = complaints(write, GOOD.replace(old, new, 1))
    if complaint is None:  # a name that is none: the route that used it complains as well
        assert found[0] == (
            "sturmglas.toml:7: topic.Acme Bahn: expected a name of small letters, digits, "
            '"-" and "_", such as "acme-bahn"'
        )
    else:
        assert found == [complaint]


def test_all_mistakes_are_told_at_once_in_the_order_of_the_file(write: Path) -> None:
    text = GOOD.replace("port = 9000", 'port = "x"').replace('language = "en"', 'language = "fr"')
    text = text.replace('channels = ["pager"]', 'channels = ["p"]', 1)
    found = complaints(write, text)
    assert [line.split(":")[1] for line in found] == ["1", "5", "25"]


def test_two_senders_with_one_token_are_refused(write: Path) -> None:
    twice = f'{GOOD}\n[source.other]\ntype = "http"\ntoken = "{TOKEN}"\n'
    assert complaints(write, twice) == [
        "sturmglas.toml:34: source.other.token: the same secret as source.tool; expected one of "
        'its own for "other"'
    ]


def test_a_sender_may_have_an_old_and_a_new_token(write: Path) -> None:
    found = loaded(write, GOOD.replace(TOKEN, f"{TOKEN} another-long-token"))
    assert "tool" in found.sources


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
def test_no_complaint_ever_shows_a_secret(write: Path, section: str) -> None:
    found = complaints(write, section)
    assert found
    assert TOKEN not in "\n".join(found)


# --- secrets in files -----------------------------------------------------------------------


def test_a_secret_may_stand_in_a_file_beside_the_settings(write: Path) -> None:
    (write.parent / "token.txt").write_text(f"{TOKEN}\n")
    text = GOOD.replace(f'token = "{TOKEN}"', 'token_file = "token.txt"')
    source = loaded(write, text).sources["tool"]
    assert isinstance(source, HttpSource)
    assert source.token is not None
    assert source.token.get_secret_value() == TOKEN


def test_the_servers_token_may_stand_in_a_file_too(write: Path) -> None:
    (write.parent / "token.txt").write_text(TOKEN)
    text = GOOD.replace("[server]", '[server]\nhost = "0.0.0.0"\ntoken_file = "token.txt"')
    assert loaded(write, text).server.host == "0.0.0.0"


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
    write: Path, given: str, content: bytes | None, what: str
) -> None:
    if content is not None:
        (write.parent / "t.txt").write_bytes(content)
    found = complaints(write, GOOD.replace(f'token = "{TOKEN}"', given))
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
    write: Path, data: bytes, line: int, what: str
) -> None:
    write.write_bytes(data)
    with pytest.raises(SettingsError) as caught:
        load(write, {})
    [complaint] = caught.value.complaints
    assert complaint.line == line
    assert what in complaint.text


def test_a_missing_file_and_a_folder_are_complaints(tmp_path: Path) -> None:
    for path in (tmp_path / "gone.toml", tmp_path):
        with pytest.raises(SettingsError, match="cannot be read"):
            load(path, {})


def test_a_byte_order_mark_and_windows_line_ends_are_no_mistake(write: Path) -> None:
    write.write_bytes(b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode())
    assert load(write, {}).server.port == 9000


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


@given(st.dictionaries(st.text("ABC_ROUTE0123", max_size=12), st.text(max_size=12), max_size=4))
def test_any_environment_gives_settings_or_complaints(env: dict[str, str]) -> None:
    reading = read(None, {f"STURMGLAS_{k}": v for k, v in env.items()})
    assert (reading.settings is None) == bool(reading.complaints)


# --- lines ----------------------------------------------------------------------------------


def test_lines_are_found_through_everything_that_toml_allows() -> None:
    text = dedent(
        """\
        # comment
        a.b = 1
        "c.d" = '''
        [not.a.header]
        e = 2
        '''
        f = [
          "x]", # ]
          "y",
        ]
        [t."u v".w]
        g = {h = 1}
        [[r]]
        i = 1
        [[r]]
        [r.s]
        j = 2
        """
    )
    lines = Lines(text)
    assert lines.of(("a", "b")) == 2
    assert lines.of(("c.d",)) == 3
    assert lines.of(("f", 1)) == 7
    assert lines.of(("t", "u v", "w")) == 11
    assert lines.of(("t", "u v", "w", "g", "h")) == 12
    assert lines.of(("r", 0, "i")) == 14
    assert lines.of(("r", 1)) == 15
    assert lines.of(("r", 1, "s", "j")) == 17
    assert lines.of(("unknown", "key")) == 0


def test_a_long_list_is_located_without_endless_parsing() -> None:
    """Counted, not timed: a list of n lines is parsed twice, whatever n is."""
    rows = "\n".join(f'  "term {n}",' for n in range(5_000))
    lines = Lines(f"a = [\n{rows}\n]\nb = 1\n")
    assert lines.of(("b",)) == 5_003


# --- advice ---------------------------------------------------------------------------------


def advice(path: Path, text: str) -> list[str]:
    path.write_text(text)
    reading = read(path, {})
    assert reading.complaints == []
    found = advise(reading, load_library())
    return [str(c).replace(str(path.parent) + "/", "") for c in found]


def test_good_settings_get_only_the_advice_they_need(write: Path) -> None:
    assert advice(write, GOOD) == [
        "sturmglas.toml:4: server.public_url: not set: alerts carry no link to their page"
    ]


def test_it_is_said_when_nobody_would_be_woken(write: Path) -> None:
    late = GOOD.replace('[[route]]\nchannels = ["pager"]\n\n', "")
    assert (
        "sturmglas.toml:24: route: nobody would be woken: no route with min_level 4 or below"
        in advice(write, late)
    )
    narrow = GOOD.replace(
        '[[route]]\nchannels = ["pager"]', '[[route]]\ntopics = ["acme-app"]\nchannels = ["pager"]'
    )
    assert (
        "sturmglas.toml:7: topic.acme-bahn: nobody would be woken: no route takes it at level 4"
        in advice(write, narrow)
    )


def test_a_console_wakes_nobody(write: Path) -> None:
    text = GOOD.replace('type = "pagerduty"', 'type = "console"')
    text = text.replace('routing_key = "0123456789abcdef0123456789abcdef"\n', "")
    assert any("its only channel is the console" in line for line in advice(write, text))


def test_nothing_watched_nothing_coming_in_and_unused_channels_are_said(write: Path) -> None:
    found = advice(write, '[channel.screen]\ntype = "console"\n')
    assert [line.split(": ", 2)[1] for line in found] == [
        "topic",
        "source",
        "route",
        "channel.screen",
    ]
