"""The wheel holds everything: installed into an empty environment, the demo runs to its end."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.long

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = {"monitor", "dashboards", "playbooks", "alerts", "detectors"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    subprocess.run([*pip, "wheel", "--no-deps", "-w", folder, ROOT], check=True, timeout=170)
    [built] = folder.glob("sturmglas-*.whl")
    return built


def test_the_wheel_lists_five_packages_and_ships_what_they_need(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.split("/")[0] for name in names if ".dist-info" not in name}
    assert tops == PACKAGES
    for folder, ending in (
        ("dashboards/web/templates", ".html"),
        ("dashboards/web/static", ".css"),
        ("dashboards/web/static/vendor", ".js"),
        ("playbooks/library", ".yaml"),
        ("detectors/score/weights", ".npz"),
        ("monitor/store/migrations", ".py"),
    ):
        assert [n for n in names if n.startswith(folder) and n.endswith(ending)], folder
    labelled = {n for n in names if n.endswith(".tsv")}
    assert {n.rsplit("/", 1)[0] for n in labelled} == {"detectors/score/kinds"}, "our own alone"


@pytest.mark.timeout(900)
def test_the_demo_runs_from_the_wheel_in_an_empty_environment(wheel: Path, tmp_path: Path) -> None:
    venv = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", venv], check=True, timeout=120)
    pip = [venv / "bin/python", "-m", "pip", "--disable-pip-version-check", "--quiet"]
    constraints = ROOT / "constraints.txt"
    subprocess.run(
        [*pip, "install", "--no-compile", "-c", constraints, wheel], check=True, timeout=600
    )
    done = subprocess.run(
        [venv / "bin/sturmglas", "demo", "--once", "--json"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    last = json.loads(done.stdout.splitlines()[-1])
    assert last["type"] == "summary"
    assert last["peak_level"] >= 4
