"""The shipped rules are valid, fire for what is wrong and for nothing else, and name real metrics."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from monitor import metrics

ROOT = Path(__file__).resolve().parents[2]
RULES = ROOT / "dashboards/prometheus/rules.yaml"
CASES = Path(__file__).with_name("rules_test.yaml")


def promtool(*args: str) -> str:
    found = shutil.which("promtool")
    if found is None:
        if os.environ.get("REQUIRE_SERVERS"):
            pytest.fail("promtool is not installed; see tools/servers.sh")
        pytest.skip("promtool is not installed; see tools/servers.sh")
    done = subprocess.run([found, *args], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_rules_are_valid() -> None:
    rules = yaml.safe_load(RULES.read_text())["groups"][0]["rules"]
    assert f"{len(rules)} rules found" in promtool("check", "rules", str(RULES))


def test_they_fire_for_what_is_wrong_and_for_nothing_else(tmp_path: Path) -> None:
    cases = yaml.safe_load(CASES.read_text()) | {"rule_files": [str(RULES)]}
    given = tmp_path / "cases.yaml"
    given.write_text(yaml.safe_dump(cases))
    assert "SUCCESS" in promtool("test", "rules", str(given))


def test_every_alert_is_tested() -> None:
    rules = yaml.safe_load(RULES.read_text())["groups"][0]["rules"]
    tested = set(re.findall(r'alertname="(\w+)"', CASES.read_text()))
    assert {rule["alert"] for rule in rules} == tested


def test_they_name_metrics_that_there_are() -> None:
    named = set(re.findall(r"\b(sturmglas_\w+)", RULES.read_text()))
    told = {
        line.split()[2]
        for line in metrics.exposition().decode().splitlines()
        if line[:6] == "# HELP"
    }
    assert named <= told
