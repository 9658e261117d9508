"""Other people's recordings, as ours."""

import functools
from collections.abc import Iterable, Iterator
from pathlib import Path

from depthface_app.cameras.base import CameraInfo, DepthCamera, StreamRequest
from depthface_app.cameras.dumps import frames_of_dump, is_dump
from depthface_app.cameras.folders import frames_in
from depthface_app.cameras.found import open_source
from depthface_app.cameras.isolated.camera import IsolatedCamera
from depthface_app.cameras.recording import RecordingCamera
from depthface_app.cameras.session import SessionWriter
from depthface_app.cli.inputs import stream
from depthface_app.cli.saying import note, progress
from depthface_app.core.errors import InputError
from depthface_app.core.frame import Frame

LONGEST_GAP_S = 60.0  # a device's clock that jumps further, or back, is not believed
USUAL_GAP_S = 1 / 30


def import_into(output: Path, source: Path, fps: float, intrinsics: Path | None) -> int:
    """Make a recording of a RealSense file, a folder of pictures, or a Kinect dump. Returns how many frames it has.

    Raises:
        InputError: the source is nothing of the kind; no recording is left behind then.
        CameraError: it cannot be played, or the recording cannot be made.
    """
    if source.is_dir() and is_dump(source):
        info = CameraInfo(f"kinect1:{source.name}", "Kinect v1 dump", detail="imported")
        return _write(output, info, retimed(frames_of_dump(source)))
    if source.is_dir():
        info = CameraInfo(f"folder:{source.name}", f"Pictures of {source.name}", detail="imported")
        return _write(output, info, _of_folder(source, fps, intrinsics))
    if not source.is_file():
        raise InputError(f"There is no file and no folder {source} to import.")
    camera = _isolated(source)
    try:
        camera.open()
        camera.start(StreamRequest())
        return _write(output, camera.info, retimed(stream(camera)))
    finally:
        camera.close()


def _isolated(source: Path) -> DepthCamera:
    """The camera that plays a vendor's file, in a process of its own: a damaged file can hang or crash its library."""
    make = functools.partial(open_source, str(source.absolute()), paced=False)
    camera = make()
    if isinstance(camera, IsolatedCamera | RecordingCamera):
        return camera
    return IsolatedCamera(make, CameraInfo(str(source), source.name))


def retimed(frames: Iterable[Frame]) -> Iterator[Frame]:
    """Frames with the pace of the device's own clock: a file is read faster than it was recorded.

    Where that clock jumps back or far ahead, as it does when a recording was looped, the usual gap is taken.
    """
    captured_s, before_ms = 0.0, None
    for frame in frames:
        if before_ms is not None:
            gap_s = (frame.device_timestamp_ms - before_ms) / 1000
            captured_s += gap_s if 0 < gap_s <= LONGEST_GAP_S else USUAL_GAP_S
        before_ms = frame.device_timestamp_ms
        yield frame.at(captured_s)


def _of_folder(folder: Path, fps: float, intrinsics: Path | None) -> Iterator[Frame]:
    told: set[str] = set()
    for frame, warnings in frames_in(folder, fps, intrinsics):
        for warning in warnings:
            if not told:
                note(f"{warning} The same holds for pictures after it.")
            told.add(warning)
        yield frame


def _write(output: Path, info: CameraInfo, frames: Iterator[Frame]) -> int:
    """Write a whole recording or none."""
    writer = SessionWriter(output, info)
    try:
        with progress(f"importing to {output.name}") as move:
            for frame in frames:
                writer.add(frame)
                move(writer.frames, f"frame {frame.number}")
        if not writer.frames:
            raise InputError(f"{info.source} holds no frame; nothing was imported.")
        writer.finish()
    except BaseException:
        writer.abandon()
        raise
    return writer.frames
