"""Servers for tests and benchmarks: a PostgreSQL of one's own, on a port of this machine."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from monitor.bench.machine import alive, children, free_port

_START_S = 60.0
_PLACES = (
    *sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True),  # Debian
    Path("/usr/pgsql-17/bin"),  # the project's own RPMs
    Path("/opt/homebrew/bin"),
)
_USERS = ("postgres", "nobody")


class NotInstalled(Exception):
    """The server's binaries are not on this machine."""


def postgres_binaries() -> Path:
    """Return the folder of ``initdb`` and ``postgres``; `NotInstalled` where there is none."""
    found = shutil.which("postgres")
    for place in (*([Path(found).parent] if found else []), *_PLACES):
        if (place / "initdb").exists() and (place / "postgres").exists():
            return place
    raise NotInstalled("postgresql is not installed")


class PostgresServer:
    """One PostgreSQL server in a folder of its own, reachable from this machine only.

    Data goes to disk as in service (``fsync=on``), so that what survives `kill` is what would
    survive there; ``fsync=False`` only for what measures nothing and kills nothing. Under root
    it runs as another user, because it refuses root. ``settings`` are lines of postgresql.conf.

    Started by hand, ended by `stop`; also a context manager.
    """

    def __init__(
        self,
        folder: Path | None = None,
        *,
        fsync: bool = True,
        settings: dict[str, str] | None = None,
    ) -> None:
        self._binaries = postgres_binaries()
        self._own = None if folder else tempfile.TemporaryDirectory(prefix="sturmglas-pg-")
        self.folder = folder or Path(str(self._own and self._own.name))
        self.port = free_port()
        self._user = _other_user()
        self._process: subprocess.Popen[bytes] | None = None
        self._databases = 0
        self._initdb()
        self._configure(fsync, settings or {})

    def __enter__(self) -> PostgresServer:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        """The postmaster's process id; RuntimeError when it does not run."""
        if self._process is None:
            raise RuntimeError("the server does not run; call start() first")
        return self._process.pid

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def start(self) -> None:
        """Start and wait until it takes connections; does nothing when it runs."""
        if self._process is not None:
            return
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._binaries / "postgres", "-D", self.data],
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                start_new_session=True,  # a Ctrl-C for the tests is none for the server
                cwd=self.folder,
                user=self._user.pw_uid if self._user else None,
                group=self._user.pw_gid if self._user else None,
                extra_groups=[] if self._user else None,
            )
        self._wait()

    def stop(self) -> None:
        """Stop at once but cleanly, and remove a folder of its own; may be called twice."""
        self._end(signal.SIGINT)
        if self._own is not None:
            self._own.cleanup()

    def kill(self) -> None:
        """End every process of it with SIGKILL, as a crash does; `start` recovers."""
        if self._process is None:
            return
        # The postmaster first: it would answer a dead child by a clean restart of the others.
        pids = [self._process.pid, *children(self._process.pid)]
        for pid in pids:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        self._process.wait()
        self._process = None
        self._await_gone(pids[1:])

    def restart(self) -> None:
        """Stop (sessions are cut off) and start again on the same port."""
        self._end(signal.SIGINT)
        self.start()

    def make_database(self, template: str = "template1") -> str:
        """Make an empty database, or a copy of ``template``; returns its name."""
        self._databases += 1
        name = f"sturmglas_{self._databases}"
        self.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return name

    def drop_database(self, name: str) -> None:
        """Drop a database, whoever still uses it."""
        self.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def url(self, database: str = "postgres") -> str:
        """Return the address of a database for `open_store`."""
        return f"postgresql://sturmglas@127.0.0.1:{self.port}/{database}"

    def execute(self, sql: str, database: str = "postgres") -> list[tuple[object, ...]]:
        """Run one statement outside any transaction as the owner; returns its rows."""
        import psycopg

        with psycopg.connect(self.url(database), autocommit=True) as connection:
            cursor = connection.execute(sql.encode())
            return cursor.fetchall() if cursor.description else []

    # --- inside -----------------------------------------------------------------------------

    def _initdb(self) -> None:
        if self._user is not None:
            os.chown(self.folder, self._user.pw_uid, self._user.pw_gid)
        subprocess.run(
            [
                *(self._binaries / "initdb", "-D", self.data, "-U", "sturmglas"),
                *("--auth=trust", "--encoding=UTF8", "--locale=C", "--no-instructions"),
            ],
            check=True,
            capture_output=True,
            cwd=self.folder,
            user=self._user.pw_uid if self._user else None,
            group=self._user.pw_gid if self._user else None,
            extra_groups=[] if self._user else None,
        )

    def _configure(self, fsync: bool, settings: dict[str, str]) -> None:
        lines = {
            "listen_addresses": "'127.0.0.1'",
            "port": str(self.port),
            "unix_socket_directories": "''",
            "fsync": "on" if fsync else "off",
            "max_connections": "100",
            "shared_buffers": "'128MB'",
            "log_min_messages": "fatal",
            **settings,
        }
        with (self.data / "postgresql.conf").open("a") as conf:
            conf.writelines(f"{name} = {value}\n" for name, value in lines.items())

    def _wait(self) -> None:
        import psycopg

        end = time.monotonic() + _START_S
        while True:
            if self._process is None or self._process.poll() is not None:
                self._process = None
                raise RuntimeError(f"postgres did not start: {self._tail()}")
            try:
                psycopg.connect(self.url(), connect_timeout=5).close()
                return
            except psycopg.OperationalError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.02)

    def _end(self, how: signal.Signals) -> None:
        if self._process is None:
            return
        self._process.send_signal(how)
        self._process.wait(_START_S)
        self._process = None

    def _await_gone(self, pids: list[int]) -> None:
        """Wait until killed children are gone: a server started before that finds the folder used."""
        end = time.monotonic() + _START_S
        while any(alive(pid) for pid in pids) and time.monotonic() < end:
            time.sleep(0.01)
        (self.data / "postmaster.pid").unlink(missing_ok=True)

    def _tail(self) -> str:
        return (self.folder / "log").read_text(errors="replace")[-500:]


def _other_user() -> pwd.struct_passwd | None:
    """Return whom the server runs as when we are root, None when we are not."""
    if os.geteuid() != 0:
        return None
    for name in _USERS:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise NotInstalled(f"postgresql does not run as root, and there is no user {_USERS}")
