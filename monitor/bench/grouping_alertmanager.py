"""The other side of `bench grouping`: Prometheus' Alertmanager, a process of its own on a loopback port."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from time import sleep
from typing import Any

import httpx

from monitor.bench.grouping_storms import MINUTES, SCENES, Page, Scene, level
from monitor.bench.machine import free_port
from monitor.clock import stopwatch, wall_seconds

FACTOR = 180.0
"""How much faster than life: all of Alertmanager's times are divided by it."""
THRESHOLDS = (4, 5, 6)
"""One alerting rule for each level that wakes, so that a rise is told."""
KEPT_MINUTES = 15
"""Prometheus' ``keep_firing_for`` of the rules that have one."""
VARIANTS = {
    "by_topic": (("brand", "topic"), False),
    "by_brand": (("brand",), False),
    "by_topic_kept": (("brand", "topic"), True),
    "by_brand_kept": (("brand",), True),
}
"""Receiver -> what is grouped by, and whether its alerts keep firing for a while."""
GROUP_WAIT_S, GROUP_INTERVAL_S, REPEAT_S = 30, 300, 4 * 3_600
NAMES = ("prometheus-alertmanager", "alertmanager")
START_S = 20.0


def program() -> str | None:
    """Return the path of the binary, None where it is not installed."""
    return next((found for name in NAMES if (found := shutil.which(name))), None)


def version(binary: str) -> str:
    said = subprocess.run([binary, "--version"], capture_output=True, text=True, check=True)
    found = re.search(r"version (\S+)", said.stdout + said.stderr)
    return found[1] if found else "unknown"


def configuration(port: int, factor: float = FACTOR) -> dict[str, Any]:
    """Return the configuration; times in milliseconds, because they are shortened."""

    def ms(seconds: float) -> str:
        return f"{round(1_000 * seconds / factor)}ms"

    routes = [
        {
            "receiver": name,
            "matchers": [f'kept="{str(kept).lower()}"'],
            "group_by": list(by),
            "continue": True,
        }
        for name, (by, kept) in VARIANTS.items()
    ]
    hooks = [
        {
            "name": name,
            "webhook_configs": [{"url": f"http://127.0.0.1:{port}/{name}", "send_resolved": False}],
        }
        for name in VARIANTS
    ]
    return {
        "route": {
            "receiver": "nobody",
            "group_wait": ms(GROUP_WAIT_S),
            "group_interval": ms(GROUP_INTERVAL_S),
            "repeat_interval": ms(REPEAT_S),
            "routes": routes,
        },
        "receivers": [{"name": "nobody"}, *hooks],
    }


def pages() -> dict[str, list[Page]]:
    """Play all scenes at once; return what each receiver was told. Takes `MINUTES` / `FACTOR`."""
    binary = program()
    if binary is None:
        raise FileNotFoundError("prometheus-alertmanager is not installed")
    heard: list[tuple[float, str, dict[str, Any]]] = []
    with _receiver(heard) as port, _running(binary, port) as url:
        began = stopwatch()
        _play(url, began)
    found: dict[str, list[Page]] = {name: [] for name in VARIANTS}
    for at, name, body in heard:
        found[name].append(_page((at - began) * FACTOR / 60, body))
    return found


def first_page_s() -> float:
    """Return the seconds from one alert to its page, with no time shortened: of what the factor makes large by the
    machine's own delays, the truth. Takes half a minute."""
    binary = program()
    if binary is None:
        raise FileNotFoundError("prometheus-alertmanager is not installed")
    heard: list[tuple[float, str, dict[str, Any]]] = []
    with _receiver(heard) as port, _running(binary, port, 1.0) as url:
        began = stopwatch()
        until = datetime.fromtimestamp(wall_seconds(), UTC) + timedelta(minutes=4)
        alert = _alert(("Acme Bahn", "bahn", 4, False), until)
        httpx.post(f"{url}/api/v2/alerts", json=[alert], trust_env=False).raise_for_status()
        while not heard and stopwatch() - began < 2 * GROUP_WAIT_S:
            sleep(0.05)
    return heard[0][0] - began if heard else float("inf")


def _page(minute: float, body: dict[str, Any]) -> Page:
    firing = [a["labels"] for a in body["alerts"] if a["status"] == "firing"]
    holds = frozenset((labels["topic"], int(labels["level"])) for labels in firing)
    return Page(minute, body["groupKey"], holds)


def _play(url: str, began: float) -> None:
    """Post what fires once a minute of the scenes, as Prometheus does at each evaluation."""
    fired: dict[tuple[str, str, int, bool], int] = {}
    with httpx.Client(trust_env=False) as client:
        for minute in range(MINUTES):
            sleep(max(0.0, began + 60 * minute / FACTOR - stopwatch()))
            alerts = [a for scene in SCENES for a in _alerts(scene, minute, fired)]
            client.post(f"{url}/api/v2/alerts", json=alerts).raise_for_status()


def _alerts(
    scene: Scene, minute: int, fired: dict[tuple[str, str, int, bool], int]
) -> Iterator[dict[str, Any]]:
    """Yield the alerts of one evaluation; one that no longer fires is sent with its end, as Prometheus does."""
    now = datetime.fromtimestamp(wall_seconds(), UTC)
    for topic in scene.says:
        for threshold in THRESHOLDS:
            for kept in (False, True):
                key = (scene.brand, topic, threshold, kept)
                if level(scene, topic, minute) >= threshold:
                    fired[key] = minute
                if key not in fired:
                    continue
                held = KEPT_MINUTES if kept else 0
                fires = minute - fired[key] <= held
                until = now + timedelta(seconds=4 * 60 / FACTOR) if fires else now
                if not fires:
                    del fired[key]
                yield _alert(key, until)


def _alert(key: tuple[str, str, int, bool], until: datetime) -> dict[str, Any]:
    brand, topic, threshold, kept = key
    labels = {"alertname": "Storm", "brand": brand, "topic": topic}
    labels |= {"level": str(threshold), "kept": str(kept).lower()}
    return {"labels": labels, "endsAt": until.isoformat()}


@contextmanager
def _receiver(heard: list[tuple[float, str, dict[str, Any]]]) -> Iterator[int]:
    """Run a webhook receiver on a free loopback port that writes down what it is told, and when."""

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            at = stopwatch()
            body = self.rfile.read(int(self.headers["content-length"]))
            heard.append((at, self.path.strip("/"), json.loads(body)))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            return None

    server = ThreadingHTTPServer(("127.0.0.1", 0), Hook)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield int(server.server_address[1])
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def _running(binary: str, hook: int, factor: float = FACTOR) -> Iterator[str]:
    """Run Alertmanager alone, without a cluster, in a folder of its own; yield its address."""
    port = free_port()
    with TemporaryDirectory(prefix="sturmglas-am-") as folder:
        config = Path(folder) / "alertmanager.yml"
        config.write_text(json.dumps(configuration(hook, factor)))  # JSON is YAML
        command = [
            binary,
            f"--config.file={config}",
            f"--storage.path={folder}/data",
            f"--web.listen-address=127.0.0.1:{port}",
            "--cluster.listen-address=",
        ]
        with (Path(folder) / "log").open("wb") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            url = f"http://127.0.0.1:{port}"
            _wait_until_ready(url, process, Path(folder) / "log")
            yield url
        finally:
            process.terminate()
            process.wait(timeout=20)


def _wait_until_ready(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    until = stopwatch() + START_S
    while stopwatch() < until and process.poll() is None:
        try:
            if httpx.get(f"{url}/-/ready", trust_env=False).status_code == 200:
                return
        except httpx.TransportError:
            sleep(0.05)
    raise RuntimeError(f"alertmanager did not come up: {log.read_text()[-500:]}")
