"""`depthface identify`: who is in a picture, a recording or a live source."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import typer

from depthface_app.build import Setup, build_models, open_gallery, pipeline_options
from depthface_app.cameras.pictures import is_picture
from depthface_app.cli.inputs import frames_of, started, stream
from depthface_app.cli.saying import note, say, say_json
from depthface_app.core.errors import DepthFaceError
from depthface_app.core.face import FaceResult, Result
from depthface_app.core.frame import Frame
from depthface_app.core.match import CANDIDATES
from depthface_app.gallery.snapshot import Gallery
from depthface_app.pipeline.stages import Models, recognise
from depthface_app.pipeline.tracker import Tracks


def identify(
    ctx: typer.Context,
    inputs: Annotated[list[Path] | None, typer.Argument(metavar="INPUT...", help="Pictures or recordings.")] = None,
    source: Annotated[str | None, typer.Option("--source", "-s", help="A live source instead.")] = None,
    frames: Annotated[int | None, typer.Option(min=1, help="Stop after this many frames of a source.")] = None,
    intrinsics: Annotated[Path | None, typer.Option(help="JSON with fx fy cx cy width height.")] = None,
    top: Annotated[int | None, typer.Option(min=1, help="Also list the K best, whatever the threshold.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object per line.")] = False,
) -> None:
    """Say who it is: one line per picture, or per frame and face of a recording or a source."""
    if bool(inputs) == (source is not None):
        raise typer.BadParameter("give either INPUT... or --source")
    setup: Setup = ctx.obj
    asking = _Asking(setup, top, as_json)
    if source is not None:
        with started(setup, source) as camera:
            asking.each(source, islice(stream(camera), frames))
    elif asking.all_files(inputs or [], intrinsics, frames):
        raise typer.Exit(1)


class _Asking:
    """The networks and people of one call, and how answers are told."""

    def __init__(self, setup: Setup, top: int | None, as_json: bool) -> None:
        self._setup, self._top, self._as_json = setup, top, as_json
        self._models: Models = build_models(setup.settings)
        card = self._models.recogniser.card
        self._store = open_gallery(setup)
        self._gallery: Gallery = self._store.snapshot(card.name, card.version)
        self._options = replace(pipeline_options(setup.settings), candidates=max(top or 0, CANDIDATES))
        for problem in (self._gallery.problem, self._store.problem):
            if problem:
                note(problem)

    def all_files(self, inputs: list[Path], intrinsics: Path | None, most: int | None) -> int:
        """Ask about every file; returns how many could not be read."""
        failed = 0
        for path in inputs:
            try:
                is_single = is_picture(path)
                self.each(str(path), islice(frames_of(path, self._setup, intrinsics), most), is_single)
            except DepthFaceError as error:
                failed += 1
                note(str(error))
        return failed

    def each(self, name: str, frames: Iterable[Frame], is_single: bool = False) -> None:
        """Ask about every frame; Ctrl+C ends a live source in an orderly way."""
        stop = self._store.watch(self._follow, lambda _: None)
        try:
            for result in self._results(frames):
                self._tell(name, result, is_single)
        except KeyboardInterrupt:
            note("stopped")
        finally:
            stop()

    def _follow(self) -> None:
        """On the watching thread: others have changed the gallery."""
        card = self._models.recogniser.card
        self._gallery = self._store.snapshot(card.name, card.version)

    def _results(self, frames: Iterable[Frame]) -> Iterator[Result]:
        tracks = Tracks()
        for frame in frames:
            result, tracks = recognise(frame, self._models, self._gallery, tracks, self._options)
            yield result

    def _tell(self, name: str, result: Result, is_single: bool) -> None:
        """A picture is one line; a frame of a stream is one line per face, and one if there is no face."""
        groups = [result.faces] if is_single or not result.faces else [(face,) for face in result.faces]
        for faces in groups:
            number = None if is_single else result.frame.number
            if self._as_json:
                described = [describe(face, self._top, is_single) for face in faces]
                say_json({"input": name, "frame": number, "faces": described})
            else:
                where = name if number is None else f"{name} {number}"
                say(f"{where}: {'; '.join(_in_words(face, self._top) for face in faces) or 'no face'}")


def describe(face: FaceResult, top: int | None, is_single: bool = True) -> dict[str, Any]:
    """One face as the promised JSON."""
    match, location = face.match, face.location
    runner_up = match.runner_up if match else None
    values: dict[str, Any] = {
        "name": match.name if match else None,
        "similarity": match.similarity if match else None,
        "runner_up": runner_up[0] if runner_up else None,
        "runner_up_similarity": runner_up[1] if runner_up else None,
        "threshold": match.threshold if match else None,
        "quality": face.quality,
        "live": face.live,
        "nose_xy": [round(value, 1) for value in location.nose_px],
        "distance_mm": round(location.distance_mm, 1),
    }
    if not is_single:
        values |= {"track": location.track, "still": face.still}
    if top is not None and match is not None:
        values["candidates"] = [list(candidate) for candidate in match.candidates[:top]]
    return values


def _in_words(face: FaceResult, top: int | None) -> str:
    match = face.match
    assert match is not None  # `recognise` ran every stage
    words = match.name or "unknown"
    if match.candidates:
        words += f" {match.similarity:.2f}"
    others = match.candidates[: top or 0] if top else match.candidates[1:2] if match.name else match.candidates[:1]
    if others:
        label = "best" if top else "next" if match.name else "nearest"
        words += f" ({label} {', '.join(f'{name} {value:.2f}' for name, value in others)})"
    hint = f", {face.hint}" if face.hint else ""
    return f"{words} at {face.location.distance_mm / 1000:.2f} m{hint}"
