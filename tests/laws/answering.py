"""Small HTTP servers that answer every request alike: at once, or a byte at a time."""

from __future__ import annotations

import asyncio
import threading


class answering:  # reads as a verb in a with statement
    """A raw HTTP server that gives every request the same answer."""

    def __init__(self, status: int, body: str, *, location: str = "") -> None:
        head = (
            f"HTTP/1.1 {status} X\r\ncontent-length: {len(body.encode())}\r\nconnection: close\r\n"
        )
        head += f"location: {location}\r\n" if location else ""
        self._pieces = [f"{head}\r\n{body}".encode()]
        self._pause = 0.0
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)
        self._stop: asyncio.Event | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._port = 0
        self._answers: list[asyncio.Task[None]] = []

    def __enter__(self) -> str:
        self._thread.start()
        assert self._ready.wait(10)
        return f"http://127.0.0.1:{self._port}/"

    def __exit__(self, *_: object) -> None:
        assert self._loop is not None
        assert self._stop is not None
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        server = await asyncio.start_server(self._take, "127.0.0.1", 0)
        self._port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._stop.wait()
        server.close()
        await asyncio.gather(*self._answers)

    def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._answers.append(asyncio.create_task(self._answer(reader, writer)))

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        lengths = [h for h in head.lower().split(b"\r\n") if h.startswith(b"content-length:")]
        await reader.readexactly(int(lengths[0].split(b":")[1]) if lengths else 0)
        try:
            for piece in self._pieces:
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(self._pause)
                if self._stop is not None and self._stop.is_set():
                    break
            writer.close()
            await writer.wait_closed()
        except ConnectionError:
            pass  # the sender had enough


class dripping(answering):
    """Answers 200 and then a byte every tenth of a second, a thousand of them."""

    def __init__(self) -> None:
        super().__init__(200, "")
        self._pieces = [b"HTTP/1.1 200 X\r\ncontent-length: 1000\r\n\r\n", *[b"x"] * 1000]
        self._pause = 0.1
