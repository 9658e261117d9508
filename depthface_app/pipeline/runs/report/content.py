"""What stands in a report, before it is set as a page or on paper."""

import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure as Canvas

from depthface_app.cameras.session import SessionReader
from depthface_app.core.errors import CameraError
from depthface_app.core.metrics.catalogue import CATALOGUE, FIGURES, IDENTITY, Figure
from depthface_app.pipeline.runs.plan import Read
from depthface_app.pipeline.runs.report import worst
from depthface_app.pipeline.runs.report.plots import distribution, spectrum
from depthface_app.pipeline.runs.report.roughness import mean_roughness
from depthface_app.pipeline.runs.report.worst import Place, Shown
from depthface_app.pipeline.runs.results import DRIFT, Run
from depthface_app.pipeline.runs.statistics import Difference, Spread, difference, groups_of, of_run, spread
from depthface_app.pipeline.runs.work import Tools

NOTHING = "–"

Cells = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """One figure of the table. verdict: one word for a colour, "" for none."""

    title: str
    unit: str
    count: str
    first: str
    second: str
    change: str
    verdict: str
    good: str


@dataclass(frozen=True, slots=True)
class Plot:
    """One drawing with what to see in it."""

    title: str
    good: str
    canvas: Canvas


@dataclass(frozen=True, eq=False, slots=True)
class Bad:
    """One of the worst frames: what it is, where, how to open it, and its pictures."""

    title: str
    where: str
    share: float
    link: str
    command: str
    shown: Shown


@dataclass(frozen=True, slots=True)
class Table:
    """Words in rows."""

    head: Cells
    rows: tuple[Cells, ...]


@dataclass(frozen=True, eq=False, slots=True)
class Report:
    """All of it, in the order in which it is read. cards: each model's name and its whole card as JSON, for a page."""

    title: str
    sides: tuple[str, str]
    facts: str
    how_to_read: str
    how_to_see: str
    lines: tuple[Line, ...]
    plots: tuple[Plot, ...]
    worst: tuple[tuple[str, tuple[Bad, ...]], ...]
    scale_mm: float
    unpictured: int
    inputs: Table
    settings: Table
    models: Table
    cards: tuple[tuple[str, str], ...]
    problems: tuple[str, ...]


def report_of(run: Run, tools: Tools, read: Read) -> Report:
    """The report of a finished run; the worst frames are read and processed again for their pictures.

    Raises:
        ModelError: a network fails.
    """
    rows = sum(len(each.rows) for each in run.inputs)
    faces = sum(row.faces > 0 for each in run.inputs for row in each.rows)
    groups = groups_of(run.inputs)
    found = [(name, difference(*of_run(run, name), groups.number, CATALOGUE[name])) for name in FIGURES]
    ranked = worst.ranked(run)
    places = [place for _, each in ranked for place in each]
    shown, scale_mm = worst.shown(places, tools, read)
    first, second = run.sides
    return Report(
        title=f"Inspection: {second} against {first}",
        sides=run.sides,
        facts=f"{_counted(len(run.inputs), 'input')}, {_counted(rows, 'frame')}, a face in {faces} of them.",
        how_to_read=(
            "Means over frames, in brackets what 5 % and 95 % of the frames are under. Change is the mean of "
            f"{second} less {first} on the same frames. {groups.words}"
        ),
        how_to_see=(
            "Relief is lit from the upper left; hatched is where there is no surface. The difference is "
            f"{second} less {first} along the line of sight, on one scale for all:"
        ),
        lines=(*(line_of(CATALOGUE[name], each) for name, each in found if each.change.count), *_identity(run)),
        plots=(*_plots(run), *_spectrum(run, tools, read)),
        worst=tuple(_worst(ranked, shown)),
        scale_mm=scale_mm,
        unpictured=len(places) - len(shown),
        inputs=_inputs(run),
        settings=_settings(run.settings),
        models=_models(run.settings),
        cards=tuple(_cards(run.settings)),
        problems=run.problems,
    )


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def number(value: float, figure: Figure, signed: bool = False) -> str:
    """A value with the figure's digits; a dash for what is not known."""
    if np.isnan(value):
        return NOTHING
    rounded = round(value, figure.digits) + 0.0  # no sign before a zero
    text = f"{rounded:{'+' if signed and rounded else ''}.{figure.digits}f}"
    return text.replace("-", "−")


def with_range(found: Spread, figure: Figure) -> str:
    """Mean, and in brackets what 5 and 95 % of the frames are under."""
    return f"{number(found.mean, figure)} ({number(found.p5, figure)} … {number(found.p95, figure)})"


def with_interval(found: Difference, figure: Figure) -> str:
    """The mean difference with its interval."""
    change = found.change
    if np.isnan(change.low):
        return number(change.value, figure, signed=True)
    low, high = (number(value, figure, signed=True) for value in (change.low, change.high))
    return f"{number(change.value, figure, signed=True)} ({low} … {high})"


def line_of(figure: Figure, found: Difference) -> Line:
    """A figure as it stands in a table."""
    return Line(
        figure.title,
        figure.unit,
        f"{found.change.count:,}",
        with_range(found.first, figure),
        with_range(found.second, figure),
        with_interval(found, figure),
        found.verdict,
        figure.good,
    )


def _identity(run: Run) -> tuple[Line, ...]:
    found = spread(run.values()[DRIFT])
    if found.count == 0:
        return ()
    shown = with_range(found, IDENTITY)
    return (Line(IDENTITY.title, IDENTITY.unit, f"{found.count:,}", NOTHING, shown, NOTHING, "", IDENTITY.good),)


def _plots(run: Run) -> list[Plot]:
    out = []
    for name in FIGURES:
        first, second = of_run(run, name)
        if spread(np.concatenate((first, second))).count > 1:
            figure = CATALOGUE[name]
            out.append(Plot(figure.title, figure.good, distribution(first, second, figure)))
    drift = run.values()[DRIFT]
    if spread(drift).count > 1:
        nothing = np.full_like(drift, np.nan)
        out.append(Plot(IDENTITY.title, IDENTITY.good, distribution(nothing, drift, IDENTITY)))
    return out


def _spectrum(run: Run, tools: Tools, read: Read) -> list[Plot]:
    wavelength_mm, first_mm, second_mm, frames = mean_roughness(run, tools, read)
    if frames == 0:
        return []
    good = (
        f"Low at the left: no grain. At the right a face's own relief counts too. Mean of {_counted(frames, 'frame')} "
        "spread evenly over the run."
    )
    return [Plot("roughness by wavelength", good, spectrum(wavelength_mm, first_mm, second_mm))]


def _worst(ranked: Sequence[tuple[Figure, list[Place]]], shown: Sequence[Shown]) -> list[tuple[str, tuple[Bad, ...]]]:
    pictures = {id(each.place): each for each in shown}
    out = []
    for figure, places in ranked:
        bad = tuple(_bad(pictures[id(place)]) for place in places if id(place) in pictures)
        if bad:
            out.append((f"By {figure.title}. {figure.good}", bad))
    return out


def _bad(shown: Shown) -> Bad:
    place = shown.place
    moment = place.moment
    unit = f" {place.figure.unit}" if place.figure.unit else ""
    return Bad(
        f"{place.figure.title}: {number(place.value, place.figure)}{unit}",
        f"{place.inspected.stem}, frame {place.index}, {clock(place.time_s)}",
        place.share,
        "" if moment is None else moment.link,
        "" if moment is None else f"depthface app {shlex.quote(moment.link)}",
        shown,
    )


def clock(time_s: float) -> str:
    """Minutes, seconds and tenths."""
    minutes, seconds = divmod(round(time_s, 1), 60)
    return f"{int(minutes)}:{seconds:04.1f}"


def _inputs(run: Run) -> Table:
    rows = []
    for each in run.inputs:
        faces = sum(row.faces > 0 for row in each.rows)
        length = clock(each.rows[-1].time_s) if each.rows else NOTHING
        damaged = ", ".join(map(str, each.damaged)) or "none"
        rows.append((each.stem, each.path, _camera(each.path), f"{len(each.rows):,}", length, f"{faces:,}", damaged))
    return Table(
        ("input", "file", "camera", "frames", "length, min:s", "frames with a face", "damaged frames"), tuple(rows)
    )


def _camera(path: str) -> str:
    """What a recording says it was recorded from; a simulated camera says that it is one."""
    try:
        with SessionReader(Path(path)) as reader:
            return reader.notes.get("name", NOTHING)
    except CameraError:
        return NOTHING


def _settings(settings: Mapping[str, Any]) -> Table:
    rows = [
        (key.replace("_", " "), _words(value))
        for key, value in settings.items()
        if key != "models" and value is not None
    ]
    return Table(("setting", "value"), tuple(rows))


def _words(value: Any) -> str:
    if value is None:
        return "not set"
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {inner}" for key, inner in value.items())
    if isinstance(value, list):
        return "; ".join(map(_words, value))
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def _models(settings: Mapping[str, Any]) -> Table:
    keys = ("kind", "name", "version", "licence", "training_commit", "data", "attributions")
    cards = [{**card, "training_commit": (card.get("training_commit") or NOTHING)[:10]} for card in settings["models"]]
    rows = [tuple(_words(card.get(key)) for key in keys) for card in cards]
    head = ("used as", "name", "version", "licence", "training commit", "trained on", "made from")
    return Table(head, tuple(rows))


def _cards(settings: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(f"{c['name']} {c['version']}", json.dumps(c, indent=1, ensure_ascii=False)) for c in settings["models"]]
