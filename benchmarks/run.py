"""Measures this machine against the project's goals: `.venv/bin/python benchmarks/run.py` prints a table in Markdown.

The figures come from `depthface bench --json`, that is, from the program itself and not from a copy of its loop.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("numpy", "opencv-python", "onnxruntime-gpu", "PySide6-Essentials", "pyrealsense2")


@dataclass(frozen=True, slots=True)
class Goal:
    """One figure of `depthface bench --json` and what it should be.

    path:    keys from the outermost object inwards
    at_most: True for a ceiling, False for a floor
    """

    label: str
    path: tuple[str, ...]
    value: float
    at_most: bool = True

    def measured(self, figures: dict[str, Any]) -> float:
        """This goal's figure out of the whole report."""
        found: Any = figures
        for key in self.path:
            found = found[key]
        return float(found)

    def met(self, figures: dict[str, Any]) -> bool:
        """Whether the figure is on the right side of the goal."""
        measured = self.measured(figures)
        return measured <= self.value if self.at_most else measured >= self.value


# One face at 640×480 on two cores. 29.5 rather than 30: the source itself runs at 30, give or take its clock.
GOALS = (
    Goal("pictures per second", ("picture_fps",), 29.5, at_most=False),
    Goal("age of picture, p99, ms", ("picture_age_ms", "p99"), 33),
    Goal("identities per second", ("identity_hz",), 10, at_most=False),
    Goal("age of identity, p95, ms", ("identity_age_ms", "p95"), 150),
    Goal("first picture, s", ("first_picture_s",), 2.5),
    Goal("denoise, median, ms", ("stages_ms", "denoise", "median"), 20),
    Goal("embed, median, ms", ("stages_ms", "embed", "median"), 12),
)


def measure() -> dict[str, Any]:
    """One run of the program's own benchmark; its progress goes to this terminal.

    Raises:
        subprocess.CalledProcessError: if the benchmark fails.
    """
    command = [sys.executable, "-m", "depthface_app", "bench", "--json"]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True, text=True)
    return json.loads(done.stdout)


def machine() -> dict[str, Any]:
    """What the figures depend on; the load says how quiet the machine was."""
    return {
        "measured": datetime.now(UTC).isoformat(timespec="minutes"),
        "commit": subprocess.run(
            ["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True
        ).stdout.strip(),
        "processor": processor(),
        "cores": os.cpu_count(),
        "load": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
        "system": platform.platform(),
        "python": platform.python_version(),
        "packages": {name: version(name) for name in PACKAGES},
    }


def processor() -> str:
    """Name of the processor as the system gives it."""
    listing = Path("/proc/cpuinfo")
    if listing.exists():
        for line in listing.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor()


def table(figures: dict[str, Any]) -> str:
    """The goals as a Markdown table."""
    rows = ["| figure | measured | goal | |", "|---|---|---|---|"]
    for goal in GOALS:
        sign = "≤" if goal.at_most else "≥"
        verdict = "met" if goal.met(figures) else "**missed**"
        rows.append(f"| {goal.label} | {goal.measured(figures):.4g} | {sign} {goal.value:g} | {verdict} |")
    return "\n".join(rows)


def main() -> int:
    """Measure, print, and with `--output` keep everything as JSON; exit status 1 when a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, help="also write the machine and every figure to this JSON file")
    options = parser.parse_args()
    report = {"machine": machine(), "figures": measure()}
    if options.output is not None:
        options.output.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    where = report["machine"]
    print(f"{where['processor']}, {where['cores']} cores, load {where['load']:.1f}; commit {where['commit']}\n")
    print(table(report["figures"]))
    return 0 if all(goal.met(report["figures"]) for goal in GOALS) else 1


if __name__ == "__main__":
    sys.exit(main())
