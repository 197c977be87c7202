"""What docs/operations.md and docs/commands.md tell people to type is understood, and names what is there."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path

import pytest
import yaml
from typer.main import get_command

from monitor import metrics
from monitor.cli import app

ROOT = Path(__file__).resolve().parents[2]
OPERATIONS = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
SERVICES = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))["services"]
_END = re.compile(r"&&|\|\||[|>#]")


def blocks(name: str) -> str:
    text = (ROOT / "docs" / name).read_text(encoding="utf-8")
    return "\n".join(re.findall(r"```sh\n(.*?)```", text, re.DOTALL))


def typed() -> list[str]:
    """Return every command line of ours in the two pages, up to a pipe or a comment."""
    text = blocks("operations.md") + blocks("commands.md")
    ours = [line for line in text.splitlines() if "docker compose" not in line]
    found = re.findall(r"\bsturmglas ((?!sturmglas).+)", "\n".join(ours))
    return sorted({_END.split(line)[0].strip() for line in found})


def in_containers() -> list[str]:
    return sorted(set(re.findall(r"docker compose (.+)", blocks("operations.md"))))


def understood(line: str) -> None:
    command, *options = shlex.split(line)
    commands = getattr(get_command(app), "commands")  # noqa: B009 - click's Group, typed as Command
    with commands[command].make_context(command, options):
        pass


@pytest.mark.parametrize("line", typed())
def test_every_command_that_is_shown_is_understood(line: str) -> None:
    understood(line)


@pytest.mark.parametrize("line", in_containers())
def test_every_line_for_compose_names_services_and_commands_that_are_there(line: str) -> None:
    words = shlex.split(_END.split(line)[0] if "sh -c" not in line else line)
    named = [word for word in words if word in SERVICES]
    assert named or words[0] == "up"
    for scaled in re.findall(r"--scale (\w+)=", line):
        assert scaled in SERVICES
    if words[0] == "run":
        after = words[words.index("serve") + 1 :]
        understood(shlex.join(after))


def test_there_is_something_to_try() -> None:
    assert {line.split()[0] for line in typed()} >= {"serve", "work", "backup", "restore", "doctor"}
    assert len(in_containers()) >= 8


def test_every_metric_to_alert_on_is_one() -> None:
    exposed = {
        sample.name for metric in metrics.REGISTRY.collect() for sample in metric.samples
    } | {metric.name for metric in metrics.REGISTRY.collect()}
    named = set(re.findall(r"sturmglas_\w+", OPERATIONS))
    assert named
    for name in named:
        assert name in exposed or name.removesuffix("_total") in exposed, name


def test_every_secret_of_compose_is_made_in_the_instructions() -> None:
    secrets = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))["secrets"]
    for name in secrets:
        assert name in blocks("operations.md"), name


def test_where_servers_are_missing_their_packages_are_named(tmp_path: Path) -> None:
    (tmp_path / "id").write_text("#!/bin/sh\necho 1000\n")
    (tmp_path / "id").chmod(0o755)
    script = (ROOT / "tools/servers.sh").read_text(encoding="utf-8")
    script = script.replace("/usr/lib/postgresql", str(tmp_path))
    done = subprocess.run(
        ["/bin/sh", "-c", script], capture_output=True, text=True, env={"PATH": str(tmp_path)}
    )
    assert done.returncode == 0
    programs = "chromium redis-server prometheus prometheus-alertmanager postgresql"
    assert f"Not installed: {programs}. Tests that need it are skipped." in done.stdout
    assert f"sudo apt-get install {programs} fonts-inter" in done.stdout
