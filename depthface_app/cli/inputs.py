"""What commands work on: picture files, recordings, and live sources, all as frames."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from depthface_app.build import Setup, camera_maker
from depthface_app.cameras.base import DepthCamera, StreamRequest
from depthface_app.cameras.pictures import is_picture, read_picture
from depthface_app.cli.saying import note
from depthface_app.core.errors import CameraError, EndOfStream, InputError
from depthface_app.core.face import FaceResult
from depthface_app.core.frame import Frame
from depthface_app.gallery.snapshot import Gallery
from depthface_app.pipeline.stages import Models, recognise

READ_TIMEOUT_S = 0.5
SILENCE_S = 10.0  # a source that sends nothing for this long has failed


def frames_of(path: Path, setup: Setup, intrinsics: Path | None = None) -> Iterator[Frame]:
    """The one frame of a picture, or every frame of a recording.

    Raises:
        InputError: if the file is missing or no such thing.
        CameraError: if a recording cannot be played.
    """
    if is_picture(path):
        picture = read_picture(path, intrinsics)
        for warning in picture.warnings:
            note(warning)
        yield picture.frame
        return
    if intrinsics is not None:
        raise InputError(f"{path} is no picture; a recording brings its own intrinsics, leave --intrinsics out.")
    with started(setup, str(path), paced=False) as camera:
        yield from stream(camera)


def only_face(frame: Frame, path: Path, models: Models) -> FaceResult:
    """The one face of a picture.

    Raises:
        InputError: if there is no face, or more than one.
    """
    result, _ = recognise(frame, models, Gallery.empty(models.recogniser.card.identity))
    if len(result.faces) != 1:
        found = "no face" if not result.faces else f"{len(result.faces)} faces"
        raise InputError(f"{path} shows {found}; nothing was changed. Give pictures with one face each.")
    return result.faces[0]


@contextmanager
def started(setup: Setup, source: str, *, paced: bool = True) -> Iterator[DepthCamera]:
    """A camera that streams, closed at the end.

    Args:
        paced: False delivers the frames of a recording as fast as they are taken, every one of them.
    """
    camera = camera_maker(setup.settings, source, paced=paced)()
    try:
        camera.open()
        camera.start(StreamRequest())
        yield camera
    finally:
        camera.close()


def stream(camera: DepthCamera) -> Iterator[Frame]:
    """Frames until the source ends.

    Raises:
        CameraError: if it is lost, or sends nothing for SILENCE_S.
    """
    heard_s = time.monotonic()
    while True:
        try:
            frame = camera.read(READ_TIMEOUT_S)
        except EndOfStream:
            return
        now_s = time.monotonic()
        if frame is not None:
            heard_s = now_s
            yield frame
        elif now_s - heard_s > SILENCE_S:
            raise CameraError(f"{camera.info.name} has sent nothing for {SILENCE_S:.0f} s; check its cable and power.")


def stem_of(path: Path, frame: Frame, is_single: bool) -> str:
    """Name for what is made of a frame: the file's own, with the frame's number if the file has several."""
    return path.stem if is_single else f"{path.stem}-{frame.number:06d}"
