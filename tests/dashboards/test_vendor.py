"""The browser assets in the repository are the ones we pinned, licences beside them."""

from __future__ import annotations

import hashlib
import json

from dashboards.web.render import STATIC

VENDOR = STATIC / "vendor"
PINNED = json.loads((VENDOR / "VENDOR.json").read_text("utf-8"))["packages"]


def test_every_vendored_file_has_the_pinned_hash() -> None:
    found = {
        file["to"]: hashlib.sha256((VENDOR / file["to"]).read_bytes()).hexdigest()
        for package in PINNED
        for file in package["files"]
    }
    assert found == {f["to"]: f["sha256"] for p in PINNED for f in p["files"]}
    assert found


def test_nothing_unpinned_lies_in_the_folder() -> None:
    pinned = {file["to"] for package in PINNED for file in package["files"]}
    assert {path.name for path in VENDOR.iterdir()} == pinned | {"VENDOR.json"}


def test_every_package_states_its_licence_and_ships_the_text() -> None:
    for package in PINNED:
        texts = [f["to"] for f in package["files"] if "LICENSE" in f["to"]]
        assert package["licence"]
        assert texts
        assert all((VENDOR / name).read_text("utf-8").strip() for name in texts)
