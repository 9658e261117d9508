"""Fill the tables of `docs/comparison.md`: `python -m benchmarks.comparison`.

They come from `docs/figures/comparison_*.json`, `denoiser.json` (the shipped ones, on the same crops), `search.csv`
and `ablations.csv`, which `training.evaluate`, `training.identify`, `training.search` and `training.train` measured.
"""

import csv
from typing import Any

from benchmarks.tables import FIGURES, GENERATORS, ROOT, best_filter, filled, read, table

COMPARED = ("DMDNet", "3D-FRM", "DDRNet", "U-Net", "NAFNet")
NAMED_SINCE = {"DMDNet live": "plain DMDNet", "LDNFNet as shipped": "LDNFNet, 266,688 looks"}  # shipped when measured
TUNED_FOR = ("rmse_mm", "angle_deg")
COLUMNS = (("psnr_db", 2), ("ssim", 3), ("rmse_mm", 2), ("angle_deg", 1))
HEAD = ("PSNR, dB", "SSIM", "RMSE, mm", "normal angle, °")


def mean_with_interval(cell: dict[str, Any], column: str, digits: int) -> str:
    """A mean with its 95 % interval over people."""
    low, high = cell[column + "_95"]
    return f"{cell[column]:.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"


def denoisers() -> str:
    """Networks of one budget beside no denoising and the best filter, as in the paper's table 1."""
    found, shipped = read("comparison_denoisers.json"), read("denoiser.json")
    parts = []
    for key, title in GENERATORS.items():
        cells, own = found["pooled"][key], shipped["pooled"][key]
        named = [("nothing", cells["raw"]), *((name, cells[name]) for name in COMPARED)]
        named += [(f"*{name}, as shipped*", own[name]) for name in shipped["networks"]]
        rows = [[text, *(mean_with_interval(cell, *column) for column in COLUMNS)] for text, cell in named]
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
    """Parts of DMDNet left out, as in the paper's tables 5 and 9: the mean of the seeds, the least and the most."""
    seeds: dict[str, list[dict[str, str]]] = {}
    with (FIGURES / "ablations.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            seeds.setdefault(row["name"], []).append(row)
    rows = []
    for name, runs in seeds.items():
        shown = [name, str(len(runs))]
        for column, digits in COLUMNS[2:]:
            values = [float(run[column]) for run in runs]
            mean, low, high = (f"{value:.{digits}f}" for value in (sum(values) / len(values), min(values), max(values)))
            shown.append(f"{mean} ({low} to {high})")
        rows.append(shown)
    return table(["", "seeds", *HEAD[2:]], rows)


def candidates() -> str:
    """Cost and quality of each network, cheapest first."""
    with (FIGURES / "search.csv").open(newline="") as file:
        rows = [
            [row["name"], f"{float(row['time_ratio']):.2f}", row["multiply_adds"], f"{int(row['parameters']):,}",
             f"{float(row['rmse_mm']):.2f}", f"{float(row['angle_deg']):.1f}"]
            for row in csv.DictReader(file)
        ]  # fmt: skip
    return table(["experiment", "time", "multiply-adds, millions", "parameters", "RMSE, mm", "normal angle, °"], rows)


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
        names = [NAMED_SINCE.get(one[part], one[part]) for part in ("recogniser", "denoiser")]
        rows.append([*names, *rank1, f"{100 * missed:.1f}"])
    subsets = list(found["combinations"][0]["subsets"])
    return table(["recogniser", "on", *(f"{name}, %" for name in subsets), "FNIR, NU, %"], rows)


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
