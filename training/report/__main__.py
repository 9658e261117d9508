"""`python -m training.report --denoising FILE --work DIR --recognition FILE ... --out DIR`.

Reads what `training.evaluate` and `training.identify` wrote; measures nothing.
"""

import argparse
import sys
from pathlib import Path
from typing import Any

from depthface_app.core.files import whole_file
from training.json_file import read_json
from training.report.page import (
    all_figures,
    comma_separated,
    denoising_sections,
    html,
    markdown,
    recognition_section,
)
from training.trouble import said_plainly


def write_report(denoising: dict[str, Any] | None, work: Path, recognition: list[dict[str, Any]], out: Path) -> None:
    """Write index.html, figures.csv and tables.md into a folder."""
    sections = denoising_sections(denoising, work) if denoising else []
    sections += [recognition_section(found) for found in recognition]
    commits = sorted({found["commit"][:10] for found in (*([denoising] if denoising else []), *recognition)})
    facts = f"Simulated data; measured by commit {', '.join(commits)}. Definitions and sources: docs/metrics.md."
    out.mkdir(parents=True, exist_ok=True)
    figures = all_figures(denoising, recognition)
    written = {"index.html": html(sections, facts), "figures.csv": comma_separated(figures)}
    written["tables.md"] = markdown(sections, facts)
    for name, text in written.items():
        with whole_file(out / name) as path:
            path.write_text(text, encoding="utf-8")


@said_plainly()
def main() -> None:
    """Write a report."""
    parser = argparse.ArgumentParser(prog="training.report", description="Write the evaluation report.")
    parser.add_argument("--denoising", type=Path, help="figures of training.evaluate")
    parser.add_argument("--work", type=Path, default=Path("runs/evaluate"), help="its work folder, for the pictures")
    parser.add_argument("--recognition", type=Path, nargs="*", default=[], help="figures of training.identify")
    parser.add_argument("--out", type=Path, required=True, help="folder to write")
    arguments = parser.parse_args()
    if not arguments.denoising and not arguments.recognition:
        sys.exit("Give --denoising, --recognition or both: there is nothing to report.")
    denoising = read_json(arguments.denoising, "pooled") if arguments.denoising else None
    recognition = [read_json(path, "combinations") for path in arguments.recognition]
    write_report(denoising, arguments.work, recognition, arguments.out)
    print(arguments.out / "index.html")


if __name__ == "__main__":
    main()
