"""Fill the tables of `docs/comparison.md`: `python -m benchmarks.comparison`.

They come from `docs/figures/comparison_*.json`, `denoiser.json` (the shipped ones, on the same crops) and `search.csv`,
which `training.evaluate`, `training.identify` and `training.search` measured.
"""

import csv
from typing import Any

from benchmarks.tables import FIGURES, GENERATORS, ROOT, best_filter, filled, read, table

COMPARED = ("DMDNet", "3D-FRM", "DDRNet", "U-Net", "NAFNet")
NAMED_SINCE = {"DMDNet live": "plain DMDNet", "LDNFNet as shipped": "LDNFNet, 266,688 looks"}  # shipped when measured
TUNED_FOR = ("rmse_mm", "angle_deg")
PARTS = {
    "losses (table 4)": (
        ("L1", "l1"),
        ("L1, SSIM", "l1_ssim"),
        ("L1, SSIM, perceptual", "l1_ssim_perceptual"),
        ("*ours: millimetres, angle, surface*", "dmdnet"),
    ),
    "decoder (table 5)": (
        ("none of them", "none"),
        ("Fourier features", "fourier"),
        ("coordinate embedding", "embedding"),
        ("multi-scale fusion", "multi_scale"),
        ("Fourier features, coordinate embedding", "fourier_embedding"),
        ("all three", "dmdnet"),
    ),
    "input (table 9)": (("depth", "depth"), ("depth, normals", "dmdnet")),
}  # experiments of `training/configs/ablate`, and compare/dmdnet
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


def parts() -> str:
    """What the parts of DMDNet's loss, decoder and input are worth, as in the paper's tables 4, 5 and 9.

    The mean over seeds, the least and the most.
    """
    cells = read("comparison_parts.json")["pooled"]["makehuman"]
    tables = []
    for title, named in PARTS.items():
        rows = []
        for text, experiment in named:
            seeds = [cell for name, cell in cells.items() if name.rpartition(" ")[0] == experiment]
            rows.append([text, str(len(seeds)), *(_mean_with_range(seeds, *column) for column in COLUMNS)])
        tables.append(table([title, "seeds", *HEAD], rows))
    return "\n\n".join(tables)


def _mean_with_range(seeds: list[dict[str, Any]], column: str, digits: int) -> str:
    values = [seed[column] for seed in seeds]
    mean, low, high = (f"{value:.{digits}f}" for value in (sum(values) / len(values), min(values), max(values)))
    return f"{mean} ({low} to {high})"


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


SECTIONS = {"denoisers": denoisers, "parts": parts, "candidates": candidates, "recognisers": recognisers}


def main() -> None:
    """Fill the place between each section's marks."""
    page = ROOT / "docs/comparison.md"
    text = page.read_text()
    for name, write in SECTIONS.items():
        text = filled(text, name, write())
    page.write_text(text)


if __name__ == "__main__":
    main()
