"""The report's three forms: HTML, CSV and Markdown."""

import base64
import csv
import io
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from depthface_app.core.assets import asset
from training.report.figures import PEOPLE, Figure, Table, denoising_figures, denoising_tables, generators_of
from training.report.pictures import rows_of
from training.report.plots import cumulative_match, per_sensor, trade_off
from training.report.recognition import recognition_figures, recognition_tables

TITLE = "DepthFace networks: evaluation on simulated people"


@dataclass(frozen=True, slots=True)
class Section:
    """One chapter of the page; plots are SVG files, pictures PNG files."""

    title: str
    tables: list[Table]
    plots: list[bytes]
    pictures: list[bytes]


def denoising_sections(denoising: dict[str, Any], work: Path) -> list[Section]:
    """One chapter per generator."""
    out = []
    everything = denoising_tables(denoising)
    for generator in generators_of(denoising):
        plots = [per_sensor(denoising, generator, name) for name in ("rmse_mm", "angle_deg", "still_mm")]
        pictures = [row for sensor in denoising[generator] for row in rows_of(work, denoising, generator, sensor)]
        tables = [table for table in everything if PEOPLE[generator] in table.title]
        out.append(Section(f"Denoising, {PEOPLE[generator]}", tables, plots, pictures))
    return out


def recognition_section(found: dict[str, Any]) -> Section:
    """The chapter of one identification run."""
    plots = [cumulative_match(found, "total")]
    plots.append(
        trade_off(found, "det_identification", "FPIR: strangers taken for somebody", "FNIR: enrolled not found")
    )
    plots.append(trade_off(found, "det_verification", "FMR: wrong pairs accepted", "FNMR: right pairs refused"))
    return Section(f"Recognition, {PEOPLE[found['generator']]}", recognition_tables(found), plots, [])


def html(sections: list[Section], facts: str) -> str:
    """The page, which needs no other file."""
    loader = FileSystemLoader((Path(__file__).parent, asset("report")))  # the looks are those of an inspection's report
    environment = Environment(loader=loader, autoescape=True, undefined=StrictUndefined)
    environment.filters["coded"] = lambda file: base64.b64encode(file).decode()
    return environment.get_template("page.html").render(title=TITLE, facts=facts, sections=sections)


def markdown(sections: list[Section], facts: str) -> str:
    """The tables."""
    lines = [f"# {TITLE}", "", facts]
    for section in sections:
        lines += ["", f"## {section.title}"]
        for table in section.tables:
            lines += ["", f"### {table.title}", "", table.note, ""]
            lines += ["| " + " | ".join(cells) + " |" for cells in (table.head, ["---"] * len(table.head), *table.rows)]
    return "\n".join(lines) + "\n"


def all_figures(denoising: dict[str, Any] | None, recognition: list[dict[str, Any]]) -> list[Figure]:
    """Every number of the report."""
    out = denoising_figures(denoising) if denoising else []
    return out + [figure for found in recognition for figure in recognition_figures(found)]


def comma_separated(figures: list[Figure]) -> str:
    """One line per number."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([field.name for field in fields(Figure)])
    writer.writerows(astuple(figure) for figure in figures)
    return out.getvalue()
