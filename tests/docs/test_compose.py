"""The production mode as it is shipped: compose.yaml, Dockerfile and settings fit the program.

No container runs here. What stands in the files is taken apart and tried: commands are parsed by
our own command line, Redis and PostgreSQL are started with the very flags.
"""

from __future__ import annotations

import fnmatch
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.main import get_command
from typer.testing import CliRunner

from monitor.bench.machine import free_port
from monitor.bench.servers import PostgresServer
from monitor.cli import app
from monitor.cli.doctor import State, examine
from monitor.clock import SystemClock
from monitor.settings import load, read
from tests.flow.installed import soon
from tests.servers import postgres, redis

ROOT = Path(__file__).resolve().parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = [name for name, service in SERVICES.items() if service.get("build")]
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
PASSWORD = "a-password-of-no-worth"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Return config/production.toml in a folder where the secrets of compose.yaml are beside it."""
    (tmp_path / "secrets").mkdir()
    for name in COMPOSE["secrets"]:
        text = {"pager_key": "0" * 32, "source_token": "another-long-token"}.get(name, PASSWORD)
        (tmp_path / "secrets" / name).write_text(f"{text}\n")
    return Path(shutil.copy(ROOT / "config/production.toml", tmp_path))


# --- commands and settings --------------------------------------------------------------------


def test_the_services_are_those_of_the_production_mode() -> None:
    assert set(SERVICES) == {"serve", "worker", "postgres", "redis"}
    assert sorted(OURS) == ["serve", "worker"]
    assert SERVICES["serve"]["command"] == ["serve", "--no-work"]
    assert SERVICES["worker"]["command"] == ["work"]
    assert SERVICES["worker"]["deploy"]["replicas"] == 2


@pytest.mark.parametrize("name", OURS)
def test_every_command_of_ours_is_one_and_its_options_are_understood(name: str) -> None:
    command, *options = SERVICES[name]["command"]
    commands = getattr(get_command(app), "commands")  # noqa: B009 - click's Group, typed as Command
    with commands[command].make_context(command, list(options)) as context:
        assert context.params["config"] is None, "the environment names the settings"


def test_the_settings_pass_check_and_only_the_switch_outside_is_still_to_be_chosen(
    config: Path,
) -> None:
    done = CliRunner().invoke(app, ["check", "--config", str(config)])
    assert done.exit_code == 0, done.output
    assert "0 complaints, 1 warning" in done.output
    assert "heartbeat.url: not set" in done.output


def test_the_settings_name_what_compose_runs(config: Path) -> None:
    settings = load(config, {})
    assert settings.store.url == "postgresql://sturmglas@postgres:5432/sturmglas"
    assert settings.stream.url == "redis://redis:6379/0"
    environment = SERVICES["postgres"]["environment"]
    assert (environment["POSTGRES_USER"], environment["POSTGRES_DB"]) == ("sturmglas",) * 2
    assert f":{settings.work.metrics_port}/metrics" in SERVICES["worker"]["healthcheck"]["test"][-1]
    assert f":{settings.server.port}/healthz" in DOCKERFILE
    assert SERVICES["serve"]["ports"] == [
        f"127.0.0.1:{settings.server.port}:{settings.server.port}"
    ]


@pytest.mark.parametrize("name", OURS)
def test_settings_and_secrets_are_mounted_where_they_are_looked_for(name: str) -> None:
    service = SERVICES[name]
    place = Path(service["environment"]["STURMGLAS_CONFIG"])
    assert service["volumes"] == [f"./config/production.toml:{place}:ro"]
    # Compose mounts secrets into /run/secrets; paths in the file count from the file's folder.
    assert place.parent / "secrets" == Path("/run/secrets")
    wanted = re.findall(r'_file = "secrets/(\w+)"', (ROOT / "config/production.toml").read_text())
    assert sorted(service["secrets"]) == sorted(wanted) == sorted(COMPOSE["secrets"])


# --- safety -----------------------------------------------------------------------------------


def test_without_a_folder_of_secrets_nothing_starts_and_a_sentence_says_why() -> None:
    for name, secret in COMPOSE["secrets"].items():
        found = re.fullmatch(r"\$\{STURMGLAS_SECRETS:\?(.+)\}/(\w+)", secret["file"])
        assert found is not None
        assert found[2] == name
        assert "docs/operations.md" in found[1]


def test_no_password_stands_in_the_files() -> None:
    for service in SERVICES.values():
        for key in service.get("environment", {}):
            assert "PASSWORD" not in key or key.endswith("_FILE")
            assert "TRUST" not in key.upper()
    for file in ("compose.yaml", "config/production.toml", "Dockerfile"):
        text = (ROOT / file).read_text(encoding="utf-8")
        assert not re.search(r"^\s*(password|token|routing_key) *[=:]", text, re.MULTILINE), file


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_every_service_is_held_in(name: str) -> None:
    service = SERVICES[name]
    assert service["restart"] == "unless-stopped"
    assert service["read_only"] is True
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert name == "serve" or "ports" not in service
    assert name in OURS or service["networks"] == ["inside"]
    assert name == "serve" or service["healthcheck"]["test"][0].startswith("CMD")
    assert COMPOSE["networks"]["inside"]["internal"] is True


@pytest.mark.parametrize("name", ["postgres", "redis"])
def test_what_must_last_is_on_a_volume_and_is_waited_for(name: str) -> None:
    volumes = [volume.partition(":")[0] for volume in SERVICES[name]["volumes"]]
    assert volumes == [name]
    assert name in COMPOSE["volumes"]
    for ours in OURS:
        assert SERVICES[ours]["depends_on"][name] == {"condition": "service_healthy"}


# --- the image --------------------------------------------------------------------------------


def test_everything_copied_into_the_image_is_there_and_is_not_ignored() -> None:
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    allowed = {line[1:] for line in lines if line.startswith("!")}
    copied = []
    for line in re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, re.MULTILINE):
        copied += line.split()[:-1]
    for name in copied:
        assert (ROOT / name).exists(), name
        assert name in allowed, f".dockerignore leaves out {name}"
    assert "*" in lines, "what is not named stays outside"
    assert not any(fnmatch.fnmatch("secrets", pattern) for pattern in allowed)
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    packages = re.search(r"wheel\]\npackages = \[(.+)\]", project)
    assert packages is not None
    assert set(re.findall(r'"(\w+)"', packages[1])) <= set(copied)


def test_the_image_is_pinned_without_compiler_and_without_root() -> None:
    assert "-c /src/constraints.txt '/src[redis,postgres]'" in DOCKERFILE
    assert re.findall(r"^USER (.+)$", DOCKERFILE, re.MULTILINE) == ["10001"]
    assert not re.search(r"gcc|build-essential|python3-dev|latest", DOCKERFILE)
    assert re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE) == ["python:3.11-slim-bookworm"] * 2
    assert 'ENTRYPOINT ["sturmglas"]' in DOCKERFILE
    assert "HEALTHCHECK" in DOCKERFILE


def test_the_clients_in_the_image_fit_the_server() -> None:
    client = re.search(r"postgresql-client-(\d+)", DOCKERFILE)
    server = re.match(r"postgres:(\d+)-", SERVICES["postgres"]["image"])
    assert client is not None
    assert server is not None
    assert int(client[1]) >= int(server[1])


# --- the servers, with these very flags -------------------------------------------------------


def script_of(service: dict[str, Any], secrets: Path, data: Path, port: int) -> str:
    """Return the shell script that runs Redis, with folders and port of a test."""
    [text] = service["command"]
    text = text.replace("$$", "$").replace("/run/secrets", str(secrets))
    moved = text.replace("--dir /data", f"--dir {data}").replace("--port 6379", f"--port {port}")
    assert moved.count(str(port)) == 1
    return str(moved)


@pytest.fixture
def redis_port(config: Path, tmp_path: Path) -> Iterator[int]:
    """Run Redis as compose.yaml does, and yield its port."""
    redis.shared_server()  # skips where there is none
    port, data = free_port(), tmp_path / "data"
    data.mkdir()
    shell, *rest = SERVICES["redis"]["entrypoint"]
    script = script_of(SERVICES["redis"], config.parent / "secrets", data, port)
    process = subprocess.Popen([shell, *rest, script], stdout=subprocess.DEVNULL)
    try:
        assert soon(lambda: answers(port))
        yield port
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0, "the signal reaches Redis itself"
    finally:
        process.kill()
        process.wait()


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
def postgres_url() -> Iterator[str]:
    """Run PostgreSQL with the flags of compose.yaml, and yield the address of an empty database."""
    postgres.server()  # skips where there is none
    program, *flags = SERVICES["postgres"]["command"]
    assert program == "postgres"
    assert flags[::2] == ["-c"] * (len(flags) // 2)
    with PostgresServer(settings=dict(flag.split("=", 1) for flag in flags[1::2])) as server:
        yield server.url(server.make_database())


def test_the_doctor_is_content_with_both_servers(
    config: Path, redis_port: int, postgres_url: str
) -> None:
    environment = {
        "STURMGLAS_SERVER__PORT": "0",
        "STURMGLAS_STORE__URL": postgres_url,
        "STURMGLAS_STREAM__URL": f"redis://127.0.0.1:{redis_port}/0",
    }
    found = list(examine(read(config, environment), SystemClock().now(), reach=False))
    unwell = [f for f in found if f.state is not State.OK and f.name != "disk"]
    assert unwell == []
    names = {f.name for f in found}
    assert {"store", "durability", "connections", "log", "backlog", "shards"} <= names
    assert PASSWORD not in str(found)


def test_redis_wants_the_password_and_does_not_show_it(redis_port: int) -> None:
    client = ["redis-cli", "-p", str(redis_port), "ping"]
    said = subprocess.run(client, capture_output=True, text=True, check=False)
    assert "NOAUTH" in said.stdout + said.stderr
    healthy = SERVICES["redis"]["healthcheck"]["test"][1]
    assert healthy.startswith("REDISCLI_AUTH=")
    known = {**os.environ, "REDISCLI_AUTH": PASSWORD}
    said = subprocess.run(client, capture_output=True, text=True, check=False, env=known)
    assert said.stdout.strip() == "PONG"
    port = str(redis_port).encode()
    started = [_bytes(path) for path in Path("/proc").glob("[0-9]*/cmdline")]
    arguments = [argument for argument in started if port in argument]
    assert arguments
    assert not any(PASSWORD.encode() in argument for argument in arguments)


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:  # it ended meanwhile
        return b""


def test_an_empty_password_for_redis_is_refused_with_a_sentence(config: Path) -> None:
    secrets = config.parent / "secrets"
    (secrets / "redis_password").write_text("")
    script = script_of(SERVICES["redis"], secrets, config.parent, free_port())
    done = subprocess.run(["/bin/sh", "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr == "the secret redis_password is empty: docs/operations.md\n"


def test_initdb_understands_its_arguments(tmp_path: Path) -> None:
    program = postgres.server()._binaries / "initdb"
    arguments = shlex.split(SERVICES["postgres"]["environment"]["POSTGRES_INITDB_ARGS"])
    known = subprocess.run([program, "--help"], capture_output=True, text=True, check=True).stdout
    for argument in arguments:
        assert argument.partition("=")[0] in known
