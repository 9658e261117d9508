"""Write the measured figures into the README: `python benchmarks/tables.py` fills the marked place from docs/figures.

So that no number in the README was typed by hand.
"""

import json
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
FIGURES = ROOT / "docs/figures"
BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"
GENERATORS = {"ict": "ICT test people", "makehuman": "MakeHuman people (generator never trained on)"}
CONDITIONS = ("frontal", "±20°", "±40°", "expression")


def read(name: str) -> dict[str, Any]:
    """One file of figures."""
    return json.loads((FIGURES / name).read_text())


def table(head: list[str], rows: list[list[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def best_filter(cell: dict[str, Any], column: str) -> tuple[str, float]:
    """The classical filter with the least error in one column."""
    filters = [name for name in cell if name not in ("raw", "DMDNet live")]
    name = min(filters, key=lambda f: cell[f][column])
    return name, cell[name][column]


def denoising() -> str:
    """RMSE and normal angle per sensor family: raw, the best of the tuned filters, the network."""
    found = read("denoiser.json")
    parts = [
        "**Denoising** (simulated). Error on the face, one crop per person at a random distance, pose, hair and "
        f"expression, {found['pairs_per_cell']} people per row; ± is the half-width of the mean's 95 % interval. "
        "Each of five filters (bilateral, median, total variation, non-local means, RealSense spatial) was tuned per "
        "family on validation people, separately for each column; the best of the five stands here."
    ]
    for key, title in GENERATORS.items():
        rows = []
        for sensor, cell in found[key].items():
            row = [sensor + (" (held out)" if sensor == found["held_out_sensor"] else "")]
            for column, digits in (("rmse_mm", 2), ("angle_deg", 1)):
                name, value = best_filter(cell, column)
                own = cell["DMDNet live"]
                row += [
                    f"{cell['raw'][column]:.{digits}f}",
                    f"{value:.{digits}f} ({name})",
                    f"**{own[column]:.{digits}f}** ± {own[column + '_95']:.{digits}f}",
                ]
            rows.append(row)
        head = [title, "raw, mm", "best filter, mm", "DMDNet live, mm", "raw, °", "best filter, °", "DMDNet live, °"]
        parts.append(table(head, rows))
    return "\n\n".join(parts)


def identification() -> str:
    """Rank-1 and FNIR per condition and generator."""
    parts, rows = [], []
    for key, title in GENERATORS.items():
        found = read(f"identification_{key}.json")
        at = found["at_fpir_1_percent"]
        rows.append([title, *(f"{at[c]['rank1']:.1%} / {at[c]['fnir']:.1%}" for c in CONDITIONS)])
        own = found["at_card_threshold"]
        shipped = [f"{own[c]['rank1']:.1%} / {own[c]['fnir']:.1%}" for c in CONDITIONS]
        rows.append([f"… at the shipped threshold (FPIR {own['fpir']:.1%})", *shipped])
        probes = at["frontal"]["probes"]
        people, strangers = found["enrolled"], at["strangers"]
    parts.append(
        f"**Identification** (simulated). {people} people enrolled with one frontal picture by a D415, looked for "
        f"again by other sensors (Kinect v1, v2, D435, TrueDepth-like) at other distances, {probes} probes per cell, "
        f"and {strangers} searches for strangers; whole pictures through the whole program, a face that is not found "
        "counts as an error. Rank-1 / FNIR at FPIR 1 %."
    )
    parts.append(table(["", *CONDITIONS], rows))
    return "\n\n".join(parts)


def main() -> None:
    """Fill the place between the marks."""
    readme = ROOT / "README.md"
    text = readme.read_text()
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    body = "\n\n".join((denoising(), identification()))
    readme.write_text(f"{before}{BEGIN}\n\n{body}\n\n{END}{after}")


if __name__ == "__main__":
    main()
