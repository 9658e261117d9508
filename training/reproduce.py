"""Tables 1 to 6 and 9 of arXiv 2401.00719, on its databases: `python -m training reproduce table1 --data DIR`.

DIR holds one folder per database, see docs/databases.md. Prepared pictures and trainings are kept in the output folder
and serve every table; a command that was stopped goes on where it was when it is given again.
"""

import csv
import io
import logging
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import torch
import typer

from depthface_app.core.files import whole_file
from depthface_app.core.metrics.intervals import Estimate
from training.databases.judge import denoising, rank_1
from training.databases.stages import Workshop
from training.databases.tables import FIGURES, TABLES, Row, Table
from training.trouble import said_plainly

DIGITS = {"RMSE": 4}
# What the paper says it has: recordings and people (section 5.1).
PAPER_SIZES = {
    "FRGCv2": (4007, 466), "BU3DFE": (2500, 100), "Bosphorus": (4666, 105), "Lock3DFace": (5671, 509),
    "USTC": (24839, 873), "MultiSFace": (496, 31), "IIIT-D": (4603, 106),
}  # fmt: skip


class Which(StrEnum):
    """Tables that can be asked for."""

    table1 = "table1"
    table2 = "table2"
    table3 = "table3"
    table4 = "table4"
    table5 = "table5"
    table6 = "table6"
    table9 = "table9"


@dataclass(frozen=True, slots=True)
class Line:
    """One measured row."""

    name: str
    figures: dict[str, Estimate]


def measure(row: Row, table: Table, shop: Workshop) -> Line:
    """Train what the row needs and measure it."""
    denoiser = shop.denoiser(row.denoiser) if row.denoiser else None
    figures: dict[str, Estimate] = {}
    if table.measures_denoising and denoiser:
        figures |= denoising(denoiser, shop.scans())
    if row.recogniser:
        recogniser = shop.recogniser(row.recogniser, row.faces, denoiser)
        faces = shop.clean_faces(row.faces, denoiser) if denoiser else shop.faces(row.faces)
        figures |= rank_1(recogniser, faces.gallery, faces.probes)
    return Line(row.name, figures)


def sizes(shop: Workshop, names: list[str]) -> list[str]:
    """What was found of each database, beside what the paper states."""
    out = []
    for name in names:
        recordings = shop.recordings(name)
        files = len(
            Counter(r.path if r.path.suffix.lower() != ".png" else (r.person, r.path.parent) for r in recordings)
        )
        people = len({recording.person for recording in recordings})
        stated = "{:,} recordings of {:,} people".format(*PAPER_SIZES[name])
        out.append(
            f"{name}: {len(recordings):,} pictures from {files:,} files or folders, {people:,} people; paper: {stated}"
        )
    return out


def columns(lines: list[Line]) -> list[str]:
    """Figures that any row has, in the paper's order."""
    return [name for name in FIGURES if any(name in line.figures for line in lines)]


def as_csv(lines: list[Line]) -> str:
    """One line per figure: row, figure, value, 95 % interval, what it was measured on."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("row", "figure", "value", "low", "high", "count", "people"))
    for line in lines:
        for name, figure in line.figures.items():
            numbers = (f"{value:.6g}" for value in (figure.value, figure.low, figure.high))
            writer.writerow((line.name, name, *numbers, figure.count, figure.people))
    return text.getvalue()


def _cell(name: str, figure: Estimate | None) -> str:
    if figure is None:
        return "-"
    digits = DIGITS.get(name, 2)
    return f"{figure.value:.{digits}f} ({figure.low:.{digits}f} to {figure.high:.{digits}f})"


def as_markdown(table: Table, lines: list[Line], notes: list[str]) -> str:
    """The table as the paper prints it, with 95 % intervals over people and what it was measured on."""
    names = columns(lines)
    counts = {name: max(line.figures[name].count for line in lines if name in line.figures) for name in names}
    head = [f"{name} (n = {counts[name]:,})" for name in names]
    rows = [[line.name, *(_cell(name, line.figures.get(name)) for name in names)] for line in lines]
    body = [f"| {' | '.join(cells)} |" for cells in (["", *head], ["---"] * (len(names) + 1), *rows)]
    said = "\n".join(f"- {note}" for note in notes)
    return f"# Table {table.number}: {table.title}\n\n{chr(10).join(body)}\n\n{said}\n"


def reproduced(table: Table, shop: Workshop) -> list[Path]:
    """Make everything that a table needs, measure it and write it; returns the two files.

    Raises:
        DatabaseError: if a folder is of the wrong kind or a file is broken.
        OSError: if a file cannot be read or the disk is full.
    """
    notes = [
        *sizes(shop, table.databases()),
        "Values with 95 % bootstrap intervals over people; PSNR in dB, SSIM and ranks in %.",
    ]
    if shop.steps:
        notes.insert(
            0,
            f"**Every training was cut short (steps: {shop.steps}): these figures only show that the command works.**",
        )
    lines = [measure(row, table, shop) for row in table.rows]
    written = {"csv": as_csv(lines), "md": as_markdown(table, lines, notes)}
    paths = []
    for ending, text in written.items():
        path = shop.out / f"table{table.number}.{ending}"
        with whole_file(path) as part:
            part.write_text(text, encoding="utf-8")
        paths.append(path)
    return paths


def reproduce(
    which: Annotated[Which, typer.Argument(help="Which table of the paper.")],
    data: Annotated[Path, typer.Option(help="Folder with one folder per database.")],
    out: Annotated[Path, typer.Option(help="Folder for pictures, trainings and tables.")] = Path("runs/reproduce"),
    steps: Annotated[int | None, typer.Option(min=1, help="Cut every training short, to try the command.")] = None,
    workers: Annotated[int, typer.Option(min=0, help="Processes that prepare and load pictures.")] = 1,
) -> None:
    """Repeat a table of the paper on the databases it was measured on."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    torch.set_num_threads(max(1, (torch.get_num_threads() - workers)))
    with said_plainly():
        out.mkdir(parents=True, exist_ok=True)
        for path in reproduced(TABLES[int(which.removeprefix("table"))], Workshop(data, out, steps, workers)):
            typer.echo(path)
