"""`depthface inspect`: what denoising does to depth, in figures."""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from depthface_app.build import Setup, build_models, open_denoiser
from depthface_app.cli.inputs import frames_of, started, stream
from depthface_app.cli.saying import counted, note, say_json
from depthface_app.core.errors import DepthFaceError, InputError
from depthface_app.core.files import whole_file
from depthface_app.core.frame import Frame
from depthface_app.pipeline.inspection import FIGURES, FrameFigures, Region, inspect_frame, summary
from depthface_app.pipeline.methods import FIXED_METHODS, Method
from depthface_app.pipeline.stages import Models

TRUTH = "truth"
RAW, DENOISED = "raw", "denoised"
Reference = NDArray[np.float32] | None


def inspect(
    ctx: typer.Context,
    inputs: Annotated[list[Path] | None, typer.Argument(metavar="INPUT...", help="Pictures or recordings.")] = None,
    source: Annotated[str | None, typer.Option("--source", "-s", help="A live source instead; give --frames.")] = None,
    frames: Annotated[int | None, typer.Option(min=1, help="Stop after this many frames of each.")] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Folder for NAME.csv, a row per frame.")] = None,
    reference: Annotated[
        str | None, typer.Option(help="The true surface: a picture or recording, or `truth` of a simulated source.")
    ] = None,
    region: Annotated[
        str | None, typer.Option(metavar="LEFT,TOP,WIDTH,HEIGHT", help="Something flat, in pixels: how flat it reads.")
    ] = None,
    intrinsics: Annotated[Path | None, typer.Option(help="JSON with fx fy cx cy width height.")] = None,
    model: Annotated[str | None, typer.Option(help="Another denoiser: a shipped name or a file.")] = None,
    against: Annotated[
        str,
        typer.Option(metavar="NAME", help="What it is compared with: raw, bilateral, median, or a denoiser's file."),
    ] = RAW,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object per input.")] = False,
) -> None:
    """Measure depth quality, denoised against raw or another method, on the nearest face of every frame."""
    if bool(inputs) == (source is not None) or (source is not None and frames is None):
        raise typer.BadParameter("give either INPUT..., or --source with --frames")
    setup: Setup = ctx.obj
    settings = replace(setup.settings, denoiser=model or setup.settings.denoiser)
    other = FIXED_METHODS.get(against) or open_denoiser(replace(setup.settings, denoiser=against))
    work = _Inspection(setup, build_models(settings), other, against, parsed_region(region), reference, output)
    if source is not None:
        with started(setup, source) as camera:
            _tell(work.figures(source, "source", islice(stream(camera), frames)), as_json)
        return
    failed = 0
    for path in counted(inputs or [], "inspecting", len(inputs or [])):
        try:
            _tell(work.figures(str(path), path.stem, islice(frames_of(path, setup, intrinsics), frames)), as_json)
        except DepthFaceError as error:
            failed += 1
            note(str(error))
    if failed:
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


class _Inspection:
    """What all inputs of one call share."""

    def __init__(
        self,
        setup: Setup,
        models: Models,
        other: Method,
        other_name: str,
        region: Region | None,
        reference: str | None,
        output: Path | None,
    ) -> None:
        self._setup, self._models, self._region, self._output = setup, models, region, output
        self._other, self._sides, self._reference = other, (other_name, DENOISED), reference
        if output is not None:
            try:
                output.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise InputError(f"The folder {output} cannot be made: {error.strerror}; give another one.") from error

    def figures(self, name: str, stem: str, frames: Iterable[Frame]) -> dict[str, Any]:
        """Means over one input; its frames' own figures go into the output folder."""
        reports = list(self._each(frames))
        if self._output is not None:
            write_rows(reports, self._output / f"{stem}.csv", self._sides)
        return {"input": name, "against": self._sides[0], **summary(reports, self._sides)}

    def _each(self, frames: Iterable[Frame]) -> Iterator[FrameFigures]:
        references, look = self._references(), None
        for frame in frames:
            if self._region is not None:
                _check_inside(self._region, frame)
            known = frame.truth_mm if self._reference == TRUTH else next(references, None)
            if known is None and self._reference is not None:
                raise InputError(
                    f"{self._reference} has no surface for frame {frame.number}; give one that covers all."
                )
            if known is not None and known.shape != frame.depth_mm.shape:
                sizes = " pixels and the input ".join(f"{w}x{h}" for h, w in (known.shape, frame.depth_mm.shape))
                raise InputError(f"the reference is {sizes}; give one of the same size.")
            report, look = inspect_frame(frame, self._models, look, known, self._region, self._other)
            yield report

    def _references(self) -> Iterator[Reference]:
        """The surface for each frame in turn; a single picture serves all of them."""
        if self._reference is None or self._reference == TRUTH:
            return
        depth: Reference = None
        count = 0
        for frame in frames_of(Path(self._reference), self._setup):
            depth, count = frame.depth_float(), count + 1
            yield depth
        while count == 1:
            yield depth


def _check_inside(region: Region, frame: Frame) -> None:
    height, width = frame.depth_mm.shape
    if region.left + region.width > width or region.top + region.height > height:
        raise InputError(f"the region reaches beyond the picture, which is {width}x{height} pixels.")


def write_rows(reports: list[FrameFigures], target: Path, sides: tuple[str, str]) -> None:
    """One row per frame; an empty cell was not measured. Raises InputError if it cannot be written."""
    names = [f"{side}.{figure}" for side in sides for figure in FIGURES]
    try:
        with whole_file(target) as part, part.open("w", newline="") as file:
            table = csv.writer(file)
            table.writerow(("frame", "faces", *names, "identity_drift"))
            for report in reports:
                values = [side.get(name, np.nan) for side in (report.first, report.second) for name in FIGURES]
                cells = ["" if np.isnan(value) else f"{value:.5g}" for value in (*values, report.identity)]
                table.writerow((report.number, report.faces, *cells))
    except OSError as error:
        raise InputError(f"{target} cannot be written: {error.strerror}; nothing of it was kept.") from error


def _tell(found: dict[str, Any], as_json: bool) -> None:
    if as_json:
        say_json(found)
        return
    seen = f"{found['input']}: a face in {found['frames_with_face']} of {found['frames']} frames"
    sides = found["against"], DENOISED
    table = Table("", *sides, title=seen, title_justify="left")
    for name in FIGURES:
        pair = [found[side][name] for side in sides]
        if not np.isnan(pair).all():
            table.add_row(name, *("" if np.isnan(value) else f"{value:.3f}" for value in pair))
    if not np.isnan(found["identity_drift"]):
        table.add_row("identity_drift", "1", f"{found['identity_drift']:.3f}")
    Console().print(table)
