"""`depthface denoise`: the faces of depth pictures without their noise."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import cv2
import numpy as np
import typer

from depthface_app.build import Setup, open_denoiser, open_locator
from depthface_app.cameras.pictures import is_picture
from depthface_app.cli.inputs import frames_of, stem_of
from depthface_app.cli.saying import counted, note, number_of, say, say_json
from depthface_app.core.errors import DepthFaceError, InputError
from depthface_app.core.files import whole_file
from depthface_app.pipeline.denoising import DenoisedFrame, denoise_frame, panes_picture
from depthface_app.pipeline.stages import FaceDenoiser, FaceLocator


def denoise(
    ctx: typer.Context,
    inputs: Annotated[list[Path], typer.Argument(metavar="INPUT...", help="Depth pictures or recordings.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder for NAME.npz and NAME.png.")],
    intrinsics: Annotated[Path | None, typer.Option(help="JSON with fx fy cx cy width height.")] = None,
    model: Annotated[str | None, typer.Option(help="Another denoiser: a shipped name or a file.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object per picture.")] = False,
) -> None:
    """Denoise the faces of each input; an input that cannot be read does not stop the others."""
    setup: Setup = ctx.obj
    settings = replace(setup.settings, denoiser=model or setup.settings.denoiser)
    _check_names(inputs)
    _make_folder(output)
    networks = open_locator(settings), open_denoiser(settings)
    given = frozenset(path.resolve() for path in inputs)
    failed = 0
    for path in counted(inputs, "denoising", len(inputs)):
        try:
            _denoise_one(path, output, given, setup, intrinsics, networks, as_json)
        except DepthFaceError as error:
            failed += 1
            note(str(error))
    if failed:
        raise typer.Exit(1)


def _check_names(inputs: list[Path]) -> None:
    """Two inputs of one name would write to the same files, and one result would be lost."""
    seen: dict[str, Path] = {}
    for path in inputs:
        if path.stem in seen:
            raise InputError(f"{seen[path.stem]} and {path} would both become {path.stem}.npz; denoise them apart.")
        seen[path.stem] = path


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"The folder {folder} cannot be made: {error.strerror}; give another one.") from error


def _denoise_one(
    path: Path,
    folder: Path,
    given: frozenset[Path],
    setup: Setup,
    intrinsics: Path | None,
    networks: tuple[FaceLocator, FaceDenoiser],
    as_json: bool,
) -> None:
    is_single = is_picture(path)
    for frame in frames_of(path, setup, intrinsics):
        target = folder / f"{stem_of(path, frame, is_single)}.npz"
        for output in (target, beside(target)):
            if output.resolve() in given:
                raise InputError(f"{output} would be written over; give another folder than its own.")
        done = denoise_frame(frame, *networks)
        save(done, target)
        _tell(path, target, done, as_json)


def beside(target: Path) -> Path:
    """The panes that lie beside the figures."""
    return target.with_suffix(".png")


def save(done: DenoisedFrame, target: Path) -> None:
    """Write `target` (.npz) and the four panes beside it (.png), each wholly or not at all.

    Raises:
        InputError: if they cannot be written.
    """
    pinhole = done.frame.intrinsics
    picture = cv2.imencode(".png", panes_picture(done)[..., ::-1])[1].tobytes()
    try:
        with whole_file(target) as part, whole_file(beside(target)) as picture_part:
            np.savez_compressed(
                part,
                depth_mm=done.depth_mm,
                face_mask=done.face_mask,
                normals=done.normals,
                faces=np.array(done.faces_json()),
                fx=pinhole.fx,
                fy=pinhole.fy,
                cx=pinhole.cx,
                cy=pinhole.cy,
            )
            picture_part.write_bytes(picture)
    except OSError as error:
        raise InputError(f"{target} cannot be written: {error.strerror}; nothing of it was kept.") from error


def _tell(path: Path, target: Path, done: DenoisedFrame, as_json: bool) -> None:
    count = len(done.faces)
    if as_json:
        say_json({"input": str(path), "frame": done.frame.number, "faces": count, "output": str(target)})
    else:
        faces = number_of(count, "face", "faces") if count else "no face"
        say(f"{path}: {faces} -> {target}")
