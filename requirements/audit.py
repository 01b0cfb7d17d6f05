"""`make audit`: do the locked packages have known vulnerabilities? Asks OSV through pip-audit.

A found vulnerability is a failure. A source that can not be reached is none: it is said.
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

OSV = "https://api.osv.dev/v1/query"
LOCKS = tuple(Path(__file__).with_name(name) for name in ("base.txt", "dev.txt"))
_PIP_AUDIT = str(Path(sys.executable).with_name("pip-audit"))
_OPTIONS = [
    "-s",
    "osv",
    "--format",
    "json",
    "--disable-pip",
    "--no-deps",
    "--progress-spinner",
    "off",
]
_UNREACHABLE = ("requests.exceptions.", "pip_audit._service.interface.")


def main(osv: str = OSV, *locks: str) -> int:
    """Print one line a lock and one a finding; the exit code."""
    return max(audit(osv, Path(lock)) for lock in locks or LOCKS)


def audit(osv: str, lock: Path) -> int:
    """Audit one lock; 1 for a finding, and for a pip-audit that fails of itself."""
    command = [_PIP_AUDIT, "--requirement", str(lock), "--osv-url", osv, *_OPTIONS]
    done = subprocess.run(command, capture_output=True, check=False, text=True)  # noqa: S603 - our own arguments
    if done.stdout:
        return _report(lock, json.loads(done.stdout)["dependencies"])
    why = (done.stderr.strip().splitlines() or ["no word"])[-1]
    if why.startswith(_UNREACHABLE):
        print(f"{lock.name}: NOT AUDITED, {osv} can not be reached or does not answer as OSV.")
        return 0
    print(f"{lock.name}: pip-audit failed: {why}")
    return 1


def _report(lock: Path, packages: Sequence[dict[str, Any]]) -> int:
    skipped = [package["name"] for package in packages if "skip_reason" in package]
    findings = [
        f"{package['name']} {package['version']}: {found['id']}, mended in "
        f"{', '.join(found['fix_versions']) or 'no version yet'}"
        for package in packages
        for found in package.get("vulns", ())
    ]
    audited = len(packages) - len(skipped)
    print(f"{lock.name}: {audited} packages audited, {len(findings)} known vulnerabilities")
    for line in (*findings, *(f"{name}: NOT AUDITED" for name in skipped)):
        print(f"  {line}")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
