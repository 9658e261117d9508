"""`depthface inspect`: what denoising does to depth, in figures."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from depthface_app.build import Setup
from depthface_app.cli.inspecting import Bench, Runner, live, prepared, write_report
from depthface_app.cli.saying import note, say_json
from depthface_app.cli.searching import files_in
from depthface_app.core.errors import InputError
from depthface_app.core.metrics.catalogue import CATALOGUE, FIGURES, IDENTITY, Figure
from depthface_app.pipeline.inspection import Region
from depthface_app.pipeline.runs.plan import IDENTITY_EVERY, Question
from depthface_app.pipeline.runs.results import DRIFT, Inspected, Run, means
from depthface_app.pipeline.runs.run import usable_cores

RAW = "raw"


def inspect(
    ctx: typer.Context,
    inputs: Annotated[
        list[Path] | None, typer.Argument(metavar="INPUT...", help="Recordings, pictures, or folders of them.")
    ] = None,
    source: Annotated[str | None, typer.Option("--source", "-s", help="A live source instead; give --frames.")] = None,
    frames: Annotated[int | None, typer.Option(min=1, help="Stop after this many frames of each.")] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Folder for the results; goes on with a run that was stopped.")
    ] = None,
    reference: Annotated[
        str | None, typer.Option(help="The true surface: a picture or recording, or `truth` of a simulated source.")
    ] = None,
    region: Annotated[
        str | None, typer.Option(metavar="LEFT,TOP,WIDTH,HEIGHT", help="Something flat, in pixels: how flat it reads.")
    ] = None,
    intrinsics: Annotated[Path | None, typer.Option(help="JSON with fx fy cx cy width height.")] = None,
    model: Annotated[str | None, typer.Option(help="Another denoiser: a shipped name or a file.")] = None,
    against: Annotated[
        str, typer.Option(metavar="NAME", help="What it is compared with: raw, a filter's name, or a denoiser's file.")
    ] = RAW,
    person: Annotated[
        str | None, typer.Option(metavar="NAME", help="How like this enrolled person each side is.")
    ] = None,
    nearest: Annotated[bool, typer.Option("--nearest", help="The same for whoever enrolled is most alike.")] = False,
    identity_every: Annotated[
        int, typer.Option(min=1, metavar="N", help="Ask the recogniser about every N-th frame.")
    ] = IDENTITY_EVERY,
    workers: Annotated[int | None, typer.Option(min=1, help="Processes; one per core if not given.")] = None,
    report: Annotated[bool, typer.Option("--report", help="Also write report.html and report.pdf into -o.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object per input.")] = False,
) -> None:
    """Measure depth quality, denoised against raw or another method, on the nearest face of every frame."""
    if bool(inputs) == (source is not None) or (source is not None and frames is None):
        raise typer.BadParameter("give either INPUT..., or --source with --frames")
    if person is not None and nearest:
        raise typer.BadParameter("give either --person or --nearest")
    if report and output is None:
        raise typer.BadParameter("--report needs a folder: -o DIR")
    question = Question(against, reference, parsed_region(region), person, nearest, identity_every, frames, intrinsics)
    setup: Setup = ctx.obj
    setup = replace(setup, settings=replace(setup.settings, denoiser=model or setup.settings.denoiser))
    bench = prepared(setup, question, is_live=source is not None)
    run = live(bench, source, output) if source else _files(bench, inputs or [], output, workers)
    for each in run.inputs:
        _tell(each, run, as_json)
    if report and output is not None:
        for path in write_report(run, output, bench.tools, bench.read):
            note(f"{path} is written.")
    for problem in run.problems:
        note(problem)
    if run.problems:
        raise typer.Exit(1)


def parsed_region(text: str | None) -> Region | None:
    """`LEFT,TOP,WIDTH,HEIGHT` in pixels. Raises InputError."""
    if text is None:
        return None
    try:
        left, top, width, height = (int(part) for part in text.split(","))
    except ValueError as error:
        raise InputError(f"{text} is no region; write LEFT,TOP,WIDTH,HEIGHT in whole pixels.") from error
    if min(left, top) < 0 or min(width, height) < 3:
        raise InputError(f"the region {text} must begin at 0 or later and span 3 pixels or more.")
    return Region(left, top, width, height)


def _files(bench: Bench, inputs: list[Path], output: Path | None, workers: int | None) -> Run:
    return Runner(bench, workers or usable_cores(), output).run(*files_in(inputs))


def _tell(inspected: Inspected, run: Run, as_json: bool) -> None:
    found = {"input": inspected.given, "against": run.sides[0], **means(inspected.rows, run.sides)}
    if inspected.damaged:
        found["damaged_frames"] = list(inspected.damaged)
    if as_json:
        say_json(found)
        return
    table = Table("figure", "unit", *run.sides, "good", title=_seen(found), title_justify="left")
    for name in FIGURES:
        pair = [found[side][name] for side in run.sides]
        if not np.isnan(pair).all():
            _add(table, name, CATALOGUE[name], pair)
    if not np.isnan(found[DRIFT]):
        _add(table, DRIFT, IDENTITY, [1.0, found[DRIFT]])
    Console().print(table)


def _seen(found: dict[str, Any]) -> str:
    seen = f"{found['input']}: a face in {found['frames_with_face']} of {found['frames']} frames"
    damaged = found.get("damaged_frames")
    return f"{seen}; damaged and left out: {', '.join(map(str, damaged))}" if damaged else seen


def _add(table: Table, name: str, figure: Figure, pair: list[float]) -> None:
    cells = ("" if np.isnan(value) else f"{value:.{figure.digits}f}" for value in pair)
    good = {1: "large", -1: "small", 0: ""}[figure.sign]
    table.add_row(name, figure.unit, *cells, good)
