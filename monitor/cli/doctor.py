"""Doctor: what is installed, writable, free and reachable here. Nothing is changed."""

from __future__ import annotations

import importlib.metadata
import os
import re
import shutil
import socket
import sqlite3
import sys
import zoneinfo
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import SecretStr

from alerts.channels import apprise
from alerts.channels.slack_settings import MISSING, SlackSettings, can_connect
from monitor.cli.doctor_calls import examine_calls
from monitor.cli.doctor_transformer import examine_transformers
from monitor.cli.finding import Finding, State
from monitor.settings import Reading, Settings
from monitor.settings.sections import FileSource
from monitor.store.version import APPLICATION_ID, HEAD

__all__ = ["Finding", "State", "examine"]

BUILT_AFTER = datetime(2026, 11, 1, tzinfo=UTC)
"""Written later than this: a clock that shows an earlier day is wrong."""
DISK_LOW = 1024**3
DISK_OUT = 100 * 1024**2
TIMEOUT_S = 3.0
_PORTS = {"http": 80, "https": 443, "redis": 6379, "postgresql": 5432}
_DEFAULT_ADDRESSES = ("url", "webhook_url", "api_url")


def examine(reading: Reading, now: datetime, *, reach: bool) -> Iterator[Finding]:
    """Look at everything, in order.

    PostgreSQL and Redis, where set, are asked how they are; nothing is written there. With
    ``reach`` connections to the other addresses of the settings are opened and closed again
    (`TIMEOUT_S` each); no byte is sent over them.
    """
    yield _python()
    yield from _packages()
    yield _time_zones()
    yield _clock(now)
    if reading.settings is None:
        text = f"{len(reading.complaints)} complaints; `sturmglas check` shows them"
        yield Finding("settings", State.FAIL, text)
        return
    settings = reading.settings
    yield Finding("settings", State.OK, settings.origin)
    yield from _store(settings)
    yield from _log(settings)
    yield _port(settings.server.host, settings.server.port)
    yield from _sources(settings)
    yield from _channels(settings)
    yield from examine_calls(settings, now)
    yield from examine_transformers(settings)
    if reach:
        yield from _reached(settings)


def _python() -> Finding:
    version = sys.version.split()[0]
    fine = sys.version_info >= (3, 11)
    return Finding(
        "python", State.OK if fine else State.FAIL, f"{version} (3.11 or newer is needed)"
    )


def _packages() -> Iterator[Finding]:
    """Compare what this distribution asks for with what is installed."""
    try:
        wanted = importlib.metadata.requires("sturmglas") or []
        own = importlib.metadata.version("sturmglas")
    except importlib.metadata.PackageNotFoundError:
        yield Finding("packages", State.WARN, "sturmglas itself is not installed as a package")
        return
    names = [_package_name(line) for line in wanted if "extra ==" not in line]
    missing = [name for name in names if not _installed(name)]
    for name in missing:
        yield Finding(f"package {name}", State.FAIL, "missing; install sturmglas again")
    if not missing:
        yield Finding("packages", State.OK, f"sturmglas {own} with {len(names)} packages")


def _package_name(requirement: str) -> str:
    found = re.match(r"[A-Za-z0-9._-]+", requirement)
    return found[0] if found else requirement


def _installed(name: str) -> bool:
    try:
        importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


def _time_zones() -> Finding:
    try:
        zoneinfo.ZoneInfo("Europe/Berlin")
    except zoneinfo.ZoneInfoNotFoundError:
        return Finding("time zones", State.FAIL, "no time zone data; install the package tzdata")
    count = len(zoneinfo.available_timezones())
    return Finding("time zones", State.OK, f"{count} zones known")


def _clock(now: datetime) -> Finding:
    told = f"{now:%Y-%m-%d %H:%M:%S} UTC"
    if now < BUILT_AFTER:
        text = f"{told} is before this program was written; set the clock, or bins are wrong"
        return Finding("clock", State.FAIL, text)
    return Finding("clock", State.OK, told)


def _store(settings: Settings) -> Iterator[Finding]:
    url = settings.store.url
    if not url.startswith("sqlite:"):
        from monitor.cli.doctor_postgres import examine_postgres

        yield from examine_postgres(settings.store)
        return
    yield from _file_store(url)


def _log(settings: Settings) -> Iterator[Finding]:
    """Look at a log beside the store; in the store's own file there is nothing to add."""
    stream = settings.stream
    if not stream.url or stream.url == settings.store.url:
        return
    if stream.url.startswith("sqlite:"):
        for finding in _file_store(stream.url):
            yield replace(finding, name=f"log {finding.name}".replace("log store", "log"))
        return
    from monitor.app.wiring import with_password
    from monitor.cli.doctor_redis import examine_redis

    yield from examine_redis(stream, with_password(stream.url, stream.password))


def _file_store(url: str) -> Iterator[Finding]:
    path = url.partition("///")[2].partition("?")[0]
    if not path or path == ":memory:":
        yield Finding("store", State.WARN, f"{url} keeps nothing: everything is gone at the end")
        return
    file = Path(path).resolve()
    yield _writable(file)
    yield from _disk(file.parent)


def _writable(file: Path) -> Finding:
    folder = file.parent
    if not folder.is_dir():
        return Finding("store", State.FAIL, f"{folder} is no folder; make it, or set store.url")
    if not os.access(folder, os.W_OK):
        return Finding("store", State.FAIL, f"{folder} cannot be written to by this user")
    if file.is_dir():
        return Finding("store", State.FAIL, f"{file} is a folder; set store.url to a file in it")
    if not file.exists():
        return Finding("store", State.OK, f"{file} will be made at the first start")
    try:
        with closing(
            sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True, timeout=1)
        ) as base:
            return _ours(base, file)
    except sqlite3.Error as error:
        return Finding("store", State.FAIL, f"{file} cannot be opened: {error}")


def _ours(base: sqlite3.Connection, file: Path) -> Finding:
    """Say whose file it is, and of which schema."""
    filled = base.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    owner = base.execute("PRAGMA application_id").fetchone()[0]
    if filled and owner != APPLICATION_ID:
        text = f"{file} is an SQLite file of another program; set store.url to another file"
        return Finding("store", State.FAIL, text)
    if not os.access(file, os.W_OK):
        return Finding("store", State.FAIL, f"{file} cannot be written to by this user")
    text = f"{file}, {file.stat().st_size:,} bytes, writable"
    if not filled:
        return Finding("store", State.OK, text)
    revision = str(base.execute("SELECT version_num FROM alembic_version").fetchone()[0])
    if revision > HEAD:
        text = f"{file} was written by a newer Sturmglas (schema {revision}, this one knows {HEAD})"
        return Finding("store", State.FAIL, f"{text}; install that version")
    if revision < HEAD:
        text = f"{text}; the next start brings it from schema {revision} to {HEAD}. Make a backup"
        return Finding("store", State.WARN, f"{text} first")
    return Finding("store", State.OK, f"{text}, schema {revision}")


def _disk(folder: Path) -> Iterator[Finding]:
    if not folder.is_dir():
        return
    free = shutil.disk_usage(folder).free
    state = State.FAIL if free < DISK_OUT else State.WARN if free < DISK_LOW else State.OK
    advice = "" if state is State.OK else "; a full disk refuses mentions with 503"
    yield Finding("disk", state, f"{free / 1024**3:.1f} GiB free{advice}")


def _port(host: str, port: int) -> Finding:
    if port == 0:
        return Finding("port", State.OK, "0: a free one is taken at the start")
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        with socket.socket(family, socket.SOCK_STREAM) as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trial.bind((host, port))
    except OSError as error:
        text = f"{host}:{port} is not free ({error.strerror}); is a sturmglas running already?"
        return Finding("port", State.WARN, text)
    return Finding("port", State.OK, f"{host}:{port} is free")


def _sources(settings: Settings) -> Iterator[Finding]:
    if not settings.sources:
        yield Finding("sources", State.WARN, "none; nothing comes in")
    for name, source in settings.sources.items():
        if isinstance(source, FileSource) and not source.path.is_file():
            late = source.follow and not source.path.exists()
            text = "does not exist yet; it is read as soon as it does" if late else "is no file"
            state = State.WARN if late else State.FAIL
            yield Finding(f"source {name}", state, f"{source.path} {text}")
        else:
            yield Finding(f"source {name}", State.OK, source.type)


def _channels(settings: Settings) -> Iterator[Finding]:
    if not settings.channels:
        yield Finding("channels", State.WARN, "none; nobody can be told")
    for name, channel in settings.channels.items():
        if channel.type == "apprise" and not apprise.installed():
            yield Finding(f"channel {name}", State.FAIL, apprise.MISSING)
        elif isinstance(channel, SlackSettings) and channel.app_token and not can_connect():
            yield Finding(f"channel {name}", State.FAIL, MISSING)
        else:
            yield Finding(f"channel {name}", State.OK, channel.type)


def _reached(settings: Settings) -> Iterator[Finding]:
    places: list[tuple[str, object]] = [(f"source {n}", s) for n, s in settings.sources.items()]
    places += [(f"channel {n}", c) for n, c in settings.channels.items()]
    for name, section in places:
        for host, port in sorted(set(_addresses(section))):
            yield _connect(name, host, port)


def _addresses(section: object) -> Iterator[tuple[str, int]]:
    """Return host and port of every address that a source or a channel is set to."""
    host, port = getattr(section, "host", None), getattr(section, "port", None)
    if isinstance(host, str) and isinstance(port, int):
        yield host, port
    for key in _DEFAULT_ADDRESSES:
        value = getattr(section, key, None)
        value = value.get_secret_value() if isinstance(value, SecretStr) else value
        if isinstance(value, str):
            yield from _address(value)


def _address(url: str) -> Iterator[tuple[str, int]]:
    try:
        parts = urlsplit(url)
        port = parts.port or _PORTS.get(parts.scheme.partition("+")[0])
    except ValueError:
        return
    if parts.hostname and port:
        yield parts.hostname, port


def _connect(
    name: str,
    host: str,
    port: int,
    connect: Callable[..., socket.socket] = socket.create_connection,
) -> Finding:
    try:
        connect((host, port), timeout=TIMEOUT_S).close()
    except OSError as error:
        reason = error.strerror or str(error) or type(error).__name__
        return Finding(f"reach {name}", State.FAIL, f"{host}:{port} cannot be reached: {reason}")
    return Finding(f"reach {name}", State.OK, f"{host}:{port} answers")
