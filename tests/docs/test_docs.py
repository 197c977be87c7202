"""What is there is documented: every setting, command, reason, role and action; and every link leads somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import BaseModel
from typer.main import get_command

from alerts.words import LEVEL_NAMES
from detectors.detection import ReasonCode
from monitor.cli import app
from monitor.settings import HeadSettings, Settings
from monitor.settings.mutes import MuteSettings
from monitor.settings.people import ChainSettings, MethodSettings, PersonSettings, StepSettings
from monitor.settings.rota import RotaSettings
from monitor.settings.shape import fields_of, is_secret, names_of, types_of
from monitor.settings.watching import WatchSettings
from playbooks.actions import ACTIONS
from playbooks.load import load_text
from playbooks.playbook import ROLE_WORDS

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = sorted([ROOT / "README.md", *DOCS.rglob("*.md")])


def page(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def sections() -> list[tuple[str, type[BaseModel]]]:
    """Return every section of the settings: its heading in settings.md and its type."""
    plain = [("server", "[server]"), ("store", "[store]"), ("playbooks", "[playbooks]")]
    plain += [("cascade", "[cascade]"), ("words", "[words]"), ("night", "[night]")]
    plain += [(name, f"[{name}]") for name in ("alerting", "heartbeat", "audit", "morning")]
    found = [(head, type(getattr(Settings(), name))) for name, head in plain]
    found.append(("[transformer.HEAD]", HeadSettings))
    found += [(f"`{n}`", m) for n, m in types_of(("source", "x")).items()]
    found += [(f"`{n}`", m) for n, m in types_of(("channel", "x")).items()]
    found += [("[person.NAME]", PersonSettings), ("[person.NAME]", MethodSettings)]
    found += [("[rota.NAME]", RotaSettings), ("[watch.NAME]", WatchSettings)]
    found.append(("[mute.NAME]", MuteSettings))
    found += [("[chain.NAME]", ChainSettings), ("[chain.NAME]", StepSettings)]
    for name in ("topic", "route"):
        annotation = fields_of(Settings)[name].annotation
        model = getattr(annotation, "__args__")[-1]  # noqa: B009  # typing gives it no name
        found.append((f"[{name}.NAME]" if name == "topic" else "[[route]]", model))
    return found


def settings_keys() -> list[tuple[str, str, bool]]:
    """Return (section, preferred key, secret) of everything that can be set."""
    keys = []
    for head, model in sections():
        for field, names in names_of(model).items():
            key = "from" if "from" in names else names[0]
            if key != "type":
                keys.append((head, key, is_secret(model.model_fields[field])))
    return keys


def rows_of(head: str) -> str:
    """Return the part of settings.md that documents a section: its rows, or its type's rows."""
    text = page("settings.md")
    if head.startswith("["):
        start = text.index(f"## `{head}`")
        end = text.find("\n## ", start + 1)
        return text[start : end if end > 0 else None]
    found = re.search(rf"^\| {re.escape(head)} \|.*\n(\| \|.*\n)*", text, re.MULTILINE)
    assert found is not None, f"settings.md has no row for type {head}"
    return found[0]


@pytest.mark.parametrize(("head", "key", "secret"), settings_keys())
def test_every_setting_is_documented_and_secrets_are_marked(
    head: str, key: str, secret: bool
) -> None:
    place = 1 if head.startswith("[") else 2
    rows = [r for r in rows_of(head).splitlines() if r.startswith("|")]
    row = next((r.split("|")[place] for r in rows if f"`{key}`" in r.split("|")[place]), None)
    assert row is not None, f"docs/settings.md: {head} does not document {key}"
    assert ("●" in row) == secret, f"docs/settings.md: {head} {key}: ● marks secrets"


@pytest.mark.parametrize(("head", "key", "secret"), settings_keys())
def test_every_setting_stands_in_the_example(head: str, key: str, secret: bool) -> None:
    text = (ROOT / "config/example.toml").read_text(encoding="utf-8")
    assert re.search(rf"^(# )?(\[.*\.)?{key}( = |\]|\.)", text, re.MULTILINE), f"{head} {key}"


def test_every_group_of_settings_has_its_heading() -> None:
    text = page("settings.md")
    for name in fields_of(Settings):
        assert re.search(rf"`\[?\[?{name}\b", text), f"docs/settings.md does not mention {name}"


def commands() -> list[str]:
    command = get_command(app)
    return sorted(getattr(command, "commands"))  # noqa: B009  # click's Group, typed as Command


@pytest.mark.parametrize("name", commands())
def test_every_command_shows_an_example_in_its_help_and_stands_in_the_documents(name: str) -> None:
    command = getattr(get_command(app), "commands")[name]  # noqa: B009
    assert f"sturmglas {name}" in " ".join((command.help or "").split()), "help without an example"
    everything = "".join(p.read_text(encoding="utf-8") for p in PAGES)
    assert f"sturmglas {name}" in everything, f"no document mentions sturmglas {name}"


@pytest.mark.parametrize("code", ReasonCode)
def test_every_reason_is_in_the_glossary(code: ReasonCode) -> None:
    assert f"| `{code}` |" in page("glossary.md")


def test_every_level_has_its_names_in_the_glossary() -> None:
    for level, (german, english) in LEVEL_NAMES.items():
        assert f"| {int(level)} | {german} | {english} |" in page("glossary.md")


def test_every_role_and_action_is_documented_by_its_german_name() -> None:
    text = page("playbooks.md")
    for role, words in ROLE_WORDS.items():
        assert f"| `{role}` | {words.de} |" in text
    for name, action in ACTIONS.items():
        assert f"| `{name}` | {action.title.de} |" in text


def test_the_playbook_shown_in_the_documents_is_one() -> None:
    [shown] = re.findall(r"```yaml\n(.*?)```", page("playbooks.md"), re.DOTALL)
    assert load_text(shown).steps[0].action == "pause_posts"


WORDS = (
    *(
        "mention",
        "topic",
        "score",
        "bin",
        "watermark",
        "detection",
        "level",
        "reason",
        "incident",
        "fact",
        "alert",
    ),
    *(
        "delivery",
        "channel",
        "receiver",
        "escalation",
        "silence",
        "playbook",
        "run",
        "step",
        "action",
    ),
    *("statement", "case", "conversation", "item", "post", "event", "drill", "report"),
)


@pytest.mark.parametrize("word", WORDS)
def test_every_word_of_the_house_is_defined_exactly_once(word: str) -> None:
    assert page("glossary.md").count(f"| **{word}** |") == 1


@pytest.mark.parametrize("path", PAGES, ids=lambda p: p.name)
def test_links_between_documents_lead_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", path.read_text(encoding="utf-8")):
        if not target.startswith(("http://", "https://", "mailto:")):
            assert (path.parent / target).exists(), f"{path.name} links to {target}"
