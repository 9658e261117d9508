"""`depthface enroll`: a person from pictures, recordings or a live source."""

import time
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from depthface_app.build import Setup, build_models
from depthface_app.cameras.pictures import is_picture
from depthface_app.cli.asking import gallery_for
from depthface_app.cli.inputs import frames_of, only_face, started, stream
from depthface_app.cli.saying import note, number_of, progress, say, say_json
from depthface_app.core.errors import InputError
from depthface_app.core.face import FaceResult
from depthface_app.core.frame import Frame
from depthface_app.gallery.roles import Duty
from depthface_app.gallery.snapshot import Gallery
from depthface_app.gallery.store import EnrolmentFrame, Template, clean_name
from depthface_app.pipeline.enrolment import Enrolment, advance
from depthface_app.pipeline.stages import Models, recognise
from depthface_app.pipeline.tracker import Tracks

POOR = 0.3  # capture quality below which a picture is refused as a template


def enroll(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="Name of the person.")],
    inputs: Annotated[list[Path] | None, typer.Argument(metavar="INPUT...", help="Pictures or recordings.")] = None,
    source: Annotated[str | None, typer.Option("--source", "-s", help="A live source instead.")] = None,
    seconds: Annotated[float, typer.Option(min=1, help="Longest time to spend with a live source.")] = 60.0,
    intrinsics: Annotated[Path | None, typer.Option(help="JSON with fx fy cx cy width height.")] = None,
    keep_frames: Annotated[
        bool, typer.Option("--keep-frames", help="Keep the sealed crops too, for recognisers to come.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object at the end.")] = False,
) -> None:
    """Add a person, or further views of one: a template per picture, one per pose of a recording or a source."""
    if bool(inputs) == (source is not None):
        raise typer.BadParameter("give either INPUT... or --source")
    setup: Setup = ctx.obj
    name = clean_name(name)
    store, models = gallery_for(setup, Duty.CHANGE_PEOPLE), build_models(setup.settings)
    if source is not None:
        with started(setup, source) as camera:
            templates = _from_stream(stream(camera), source, models, seconds)
    else:
        templates = [each for path in inputs or [] for each in _from_file(path, setup, intrinsics, models)]
    if not (keep_frames or setup.settings.keep_frames):
        templates = [replace(template, frame=None) for template in templates]
    person = store.add(name, templates)
    if as_json:
        say_json({"name": person.name, "added": len(templates), "templates": person.templates})
    else:
        say(f"{person.name} is enrolled: {number_of(len(templates), 'view', 'views')} added, {person.templates} in all")


def _from_file(path: Path, setup: Setup, intrinsics: Path | None, models: Models) -> list[Template]:
    frames = frames_of(path, setup, intrinsics)
    if is_picture(path):
        return [_from_picture(next(frames), path, models)]
    return _from_stream(frames, str(path), models, None)


def _from_picture(frame: Frame, path: Path, models: Models) -> Template:
    """The one face of a picture.

    Raises:
        InputError: if there is no face, more than one, or one too poor to know anybody by.
    """
    face = only_face(frame, path, models)
    if face.quality < POOR and face.hint:
        raise InputError(f"The face in {path} is too poor to know anybody by ({face.hint}); nobody was enrolled.")
    return _template(face, models, path.name)


def _template(face: FaceResult, models: Models, source: str) -> Template:
    card = models.recogniser.card
    assert face.embedding is not None  # `recognise` ran every stage
    assert face.crop is not None
    frame = EnrolmentFrame(face.crop, face.location.pose)
    return Template(face.embedding, card.name, card.version, face.quality, source, frame=frame)


def _from_stream(frames: Iterable[Frame], source: str, models: Models, seconds: float | None) -> list[Template]:
    """Templates of several poses, asked for one after the other.

    Raises:
        InputError: if the frontal view did not come together.
    """
    card = models.recogniser.card
    enrolment = _guided(frames, models, None if seconds is None else time.monotonic() + seconds)
    if not enrolment.is_enough:
        raise InputError(
            f"{source} did not show one face well enough for long enough (last: {enrolment.instruction}); "
            "nobody was enrolled."
        )
    return [
        Template(capture.embedding, card.name, card.version, capture.quality, source, frame=capture.frame)
        for capture in enrolment.templates()
    ]


def _guided(frames: Iterable[Frame], models: Models, until_s: float | None) -> Enrolment:
    """Follow one person through the frames; says each new instruction."""
    enrolment, tracks, said = Enrolment(), Tracks(), ""
    nobody = Gallery.empty(models.recogniser.card.identity)
    with progress("enrolling", 100) as move:
        for frame in frames:
            result, tracks = recognise(frame, models, nobody, tracks)
            enrolment = advance(enrolment, result)
            move(round(enrolment.progress * 100), enrolment.instruction)
            if frame.is_live and enrolment.instruction != said:
                said = enrolment.instruction
                note(said)
            if enrolment.is_done or (until_s is not None and time.monotonic() > until_s):
                break
    return enrolment
