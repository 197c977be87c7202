"""Fetch the browser assets that we ship, from the npm registry, and check what came.

    python tools/vendor.py            # fetch what VENDOR.json pins, check integrity, write the files
    python tools/vendor.py --check    # only compare the files here with VENDOR.json; no network
    python tools/vendor.py --dev      # also axe-core into .cache/ (MPL-2.0: for tests, never shipped)

To take a newer version, change ``version`` and ``integrity`` (``npm view NAME@VERSION
dist.integrity``) in VENDOR.json, run this, and read the diff. Needs npm for its registry settings
only; nothing of a package is executed.
"""

from __future__ import annotations

import base64
import hashlib
import json
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
VENDOR = ROOT / "dashboards" / "web" / "static" / "vendor"
CACHE = ROOT / ".cache"
AXE = {
    "name": "axe-core",
    "version": "4.14.0",
    "integrity": "sha512-9WTZxEjsZ7b13TH8JPmbV2z8CHbl80/2hm3XPEG4JgNdQLK81IBRXmSxHfMAOkSqQeRxT/0dwNDz2GOm3zzpcQ==",
    "files": [{"from": "package/axe.min.js", "to": "axe.min.js"}],
}


def main(arguments: list[str]) -> int:
    pinned = json.loads((VENDOR / "VENDOR.json").read_text("utf-8"))
    if "--check" not in arguments:
        for package in pinned["packages"]:
            fetch(package, VENDOR)
            for file in package["files"]:
                file["sha256"] = digest(VENDOR / file["to"])
        text = json.dumps(pinned, indent=2, ensure_ascii=False) + "\n"
        (VENDOR / "VENDOR.json").write_text(text, "utf-8")
    if "--dev" in arguments:
        CACHE.mkdir(exist_ok=True)
        fetch(AXE, CACHE)
    wrong = differences(pinned)
    print("\n".join(wrong) or "vendored files are as pinned")
    return 1 if wrong else 0


def fetch(package: dict[str, Any], folder: Path) -> None:
    """Write the pinned files of one package; SystemExit where its integrity is not the pinned one."""
    spec = f"{package['name']}@{package['version']}"
    with tempfile.TemporaryDirectory() as temporary:
        packed = subprocess.run(
            ["npm", "pack", spec, "--silent", "--pack-destination", temporary],
            check=True, capture_output=True, text=True,
        )  # fmt: skip
        archive = Path(temporary) / packed.stdout.strip().splitlines()[-1]
        found = "sha512-" + base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
        if found != package["integrity"]:
            raise SystemExit(f"{spec}: integrity {found}, expected {package['integrity']}")
        with tarfile.open(archive) as tar:
            for file in package["files"]:
                member = tar.extractfile(file["from"])
                if member is None:
                    raise SystemExit(f"{spec}: no file {file['from']}")
                (folder / file["to"]).write_bytes(member.read())


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def differences(pinned: dict[str, Any]) -> list[str]:
    """Return a line for every file that is missing, changed, or not pinned at all."""
    known = {"VENDOR.json"}
    wrong = []
    for package in pinned["packages"]:
        for file in package["files"]:
            known.add(file["to"])
            path = VENDOR / file["to"]
            if not path.exists():
                wrong.append(f"{file['to']}: missing")
            elif digest(path) != file["sha256"]:
                wrong.append(f"{file['to']}: differs from VENDOR.json; run tools/vendor.py")
    wrong += [f"{p.name}: not in VENDOR.json" for p in VENDOR.iterdir() if p.name not in known]
    return wrong


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
