"""Fill the tables of `docs/comparison.md`: `python -m benchmarks.comparison`.

They come from `docs/figures/comparison_*.json` and `search.csv`, which `training.evaluate`, `training.identify` and
`training.search` measured.
"""

import csv
import statistics
from typing import Any

from benchmarks.tables import FIGURES, GENERATORS, ROOT, best_filter, filled, read, table

COMPARED = ("DMDNet", "3D-FRM", "DDRNet", "U-Net", "NAFNet")
SHIPPED = {"*DMDNet live, as shipped*": "DMDNet live", "*reference, as shipped*": "reference"}
TUNED_FOR = ("rmse_mm", "angle_deg")
WHOLE = "all"
ROWS = {  # of the paper's tables 5, 4 and 9, by the name that each network has in the figures
    "none": "neither (table 5, row 1)",
    "fourier": "Fourier features (row 2)",
    "embedding": "coordinate embedding (row 3)",
    "multi_scale": "multi-scale fusion (row 4)",
    "fourier_embedding": "Fourier features and coordinate embedding (row 5)",
    "all": "all three: DMDNet (row 6)",
    "l1": "L1 alone (table 4, row 1)",
    "l1_ssim": "L1 and SSIM (row 2)",
    "depth": "depth without normals (table 9, row 1)",
}
COLUMNS = (("psnr_db", 2), ("ssim", 3), ("rmse_mm", 2), ("angle_deg", 1))
HEAD = ("PSNR, dB", "SSIM", "RMSE, mm", "normal angle, °")


def mean_with_interval(cell: dict[str, Any], column: str, digits: int) -> str:
    """A mean with its 95 % interval over people."""
    low, high = cell[column + "_95"]
    return f"{cell[column]:.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"


def costs() -> dict[str, dict[str, str]]:
    """What the search measured of each network, by the name of its experiment."""
    with (FIGURES / "search.csv").open(newline="") as file:
        return {row["name"]: row for row in csv.DictReader(file)}


def denoisers() -> str:
    """Networks of one budget beside no denoising and the best filter, as in the paper's table 1."""
    found = read("comparison_denoisers.json")
    parts = []
    for key, title in GENERATORS.items():
        cells = found["pooled"][key]
        named = [("nothing", "raw"), *zip(COMPARED, COMPARED, strict=True), *SHIPPED.items()]
        rows = [[text, *(mean_with_interval(cells[name], *column) for column in COLUMNS)] for text, name in named]
        rows.insert(1, ["best tuned filter of each column", *(filtered(cells, found["filters"], *c) for c in COLUMNS)])
        parts.append(table([title, *HEAD], rows))
    return "\n\n".join(parts)


def filtered(cells: dict[str, Any], filters: list[str], column: str, digits: int) -> str:
    """The best filter's figure; filters were tuned for millimetres and angles only."""
    if column not in TUNED_FOR:
        return ""
    name, value = best_filter(cells, filters, column)
    return f"{value:.{digits}f} ({name})"


def ablations() -> str:
    """One part of DMDNet at a time, as in the paper's tables 4, 5 and 9; and what another seed changes."""
    found = read("comparison_ablations.json")
    parts = []
    for key, title in GENERATORS.items():
        cells = found["pooled"][key]
        rows = [[text, *(mean_with_interval(cells[f"{row}-1"], *c) for c in COLUMNS)] for row, text in ROWS.items()]
        seeds = [cell for name, cell in cells.items() if name.rpartition("-")[0] == WHOLE]
        rows.append(
            [f"*all three, {len(seeds)} seeds*", *(over_seeds([run[c] for run in seeds], d) for c, d in COLUMNS)]
        )
        parts.append(table([title, *HEAD], rows))
    return "\n\n".join(parts)


def over_seeds(values: list[float], digits: int) -> str:
    """Mean and standard deviation over runs with different seeds."""
    return f"{statistics.mean(values):.{digits}f} ± {statistics.stdev(values):.{digits}f}"


def candidates() -> str:
    """Cost and quality of the live denoiser's candidates."""
    rows = [
        [name, row["time_ratio"], row["multiply_adds"], row["parameters"], row["rmse_mm"], row["angle_deg"]]
        for name, row in costs().items()
    ]
    head = ["experiment", "time", "multiply-adds, millions", "parameters", "RMSE, mm", "normal angle, °"]
    return table(head, rows)


def recognisers() -> str:
    """Rank-1 per subset with and without denoising, as in the paper's tables 2 and 6."""
    found = read("comparison_recognisers.json")
    rows = []
    for one in found["combinations"]:
        parts = one["subsets"]
        shares = [part["rank1"] for part in parts.values()]
        rank1 = [f"{100 * share['value']:.1f}" for share in shares[:-1]]
        total = shares[-1]
        rank1.append(f"{100 * total['value']:.1f} ({100 * total['low']:.1f} to {100 * total['high']:.1f})")
        rates = parts["NU"]["fnir_at_fpir"]
        missed = rates["missed"][rates["false"].index(0.01)]
        rows.append([one["recogniser"], one["denoiser"], *rank1, f"{100 * missed:.1f}"])
    names = list(found["combinations"][0]["subsets"])
    return table(["recogniser", "on", *(f"{name}, %" for name in names), "FNIR, NU, %"], rows)


SECTIONS = {"denoisers": denoisers, "ablations": ablations, "candidates": candidates, "recognisers": recognisers}


def main() -> None:
    """Fill the place between each section's marks."""
    page = ROOT / "docs/comparison.md"
    text = page.read_text()
    for name, write in SECTIONS.items():
        text = filled(text, name, write())
    page.write_text(text)


if __name__ == "__main__":
    main()
