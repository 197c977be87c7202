"""Start and stop: a server that ends in under two seconds although pages hold open streams."""

from __future__ import annotations

import errno
import socket
from collections.abc import Callable
from types import FrameType
from typing import Protocol

import uvicorn
from starlette.types import Receive, Scope, Send

GRACE_S = 1
"""How long requests under way may still take; then they are cancelled. A sender whose request was
cancelled got no answer and sends again: nothing that was answered is lost."""


class CannotListen(OSError):
    """The address cannot be listened on; the message says why, and what to do."""


class AddressTaken(CannotListen):
    """Somebody listens there already."""


class Application(Protocol):
    """What `serve` needs of an application (`monitor.server.app.App`)."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None: ...

    def wake_streams(self) -> None:
        """End all open streams; called in the event loop when the server begins to stop."""
        ...


class Server(uvicorn.Server):
    """uvicorn, but stopping begins by ending the live streams.

    uvicorn waits for open responses *before* it runs the application's shutdown, so an open
    stream would hold it for as long as the page stays open. A signal ends it with exit code 0:
    being stopped is no failure.
    """

    def __init__(
        self,
        app: Application,
        *,
        on_ready: Callable[[], None] | None = None,
        on_stop: Callable[[], None] | None = None,
    ) -> None:
        config = uvicorn.Config(
            app,
            lifespan="on",
            access_log=False,
            log_config=None,
            server_header=False,
            proxy_headers=False,
            ws="none",
            timeout_graceful_shutdown=GRACE_S,
        )
        super().__init__(config)
        self._app = app
        self._on_ready = on_ready
        self._on_stop = on_stop

    def stop(self) -> None:
        """Begin to stop; from any thread, again is fine."""
        self.should_exit = True

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Take a signal as `stop`; a second one ends without waiting for requests."""
        if self.should_exit:
            self.force_exit = True
        self.should_exit = True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started and self._on_ready is not None:
            self._on_ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._app.wake_streams()
        if self._on_stop is not None:
            self._on_stop()
        await super().shutdown(sockets)


def listen(host: str, port: int) -> socket.socket:
    """Return a bound socket; ``port`` 0 takes a free one. Raises `CannotListen`, `AddressTaken`."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host.strip("[]"), port))
        listener.listen(2048)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise AddressTaken(
                f"{host}:{port} is taken: another program listens there; "
                "choose another server.port, or 0 for a free one"
            ) from None
        raise CannotListen(
            f"cannot listen on {host}:{port} ({error.strerror or error}); "
            "set server.host and server.port to an address of this machine"
        ) from error
    listener.set_inheritable(False)
    return listener


def address(listener: socket.socket) -> str:
    """Return the URL under which a bound socket is reached from this machine."""
    host, port = listener.getsockname()[:2]
    if host in ("0.0.0.0", "::"):  # noqa: S104 - compared, not bound
        host = "127.0.0.1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def serve(
    app: Application,
    host: str,
    port: int,
    on_ready: Callable[[str], None] | None = None,
    on_server: Callable[[Server], None] | None = None,
    on_stop: Callable[[], None] | None = None,
) -> None:
    """Serve until a signal or `Server.stop`; returns when everything under way is answered.

    ``on_ready`` gets the real URL once requests are answered; ``on_server`` gets the server
    before it starts, so that another thread can stop it. ``on_stop`` is called when stopping
    begins, in the event loop: it must not wait. Raises `AddressTaken`.
    """
    listener = listen(host, port)
    url = address(listener)
    ready = (lambda: on_ready(url)) if on_ready else None
    server = Server(app, on_ready=ready, on_stop=on_stop)
    if on_server is not None:
        on_server(server)
    try:
        server.run(sockets=[listener])
    finally:
        listener.close()
