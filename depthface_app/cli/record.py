"""`depthface record`: a source into a session file."""

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from depthface_app.build import Setup, open_denoiser, open_locator
from depthface_app.cameras.base import DepthCamera
from depthface_app.cameras.recorder import Recorder, RecordingProgress
from depthface_app.cli.inputs import started, stream
from depthface_app.cli.saying import note, number_of, progress, say, say_json
from depthface_app.core.errors import CameraError
from depthface_app.core.frame import Frame
from depthface_app.pipeline.denoising import denoise_frame


def record(
    ctx: typer.Context,
    source: Annotated[str, typer.Option("--source", "-s", help="What to record, e.g. realsense:")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The session file to make.")],
    seconds: Annotated[float | None, typer.Option(min=0.1, help="Stop after this long.")] = None,
    frames: Annotated[int | None, typer.Option(min=1, help="Stop after this many frames.")] = None,
    processed: Annotated[bool, typer.Option(help="Record the denoised depth instead of the raw one.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object at the end.")] = False,
) -> None:
    """Record a session until --seconds or --frames are over, or until Ctrl+C."""
    if seconds is not None and frames is not None:
        raise typer.BadParameter("give --seconds or --frames, not both")
    setup: Setup = ctx.obj
    with started(setup, source) as camera:
        taken = _until(stream(camera), seconds, frames)
        done = _write(camera, _denoised(taken, setup) if processed else taken, output, seconds, frames)
    _tell(done, as_json)


def _until(frames: Iterator[Frame], seconds: float | None, most: int | None) -> Iterator[Frame]:
    begun_s = None
    for count, frame in enumerate(frames, start=1):
        begun_s = frame.captured_s if begun_s is None else begun_s
        if seconds is not None and frame.captured_s - begun_s > seconds:
            return
        yield frame
        if count == most:
            return


def _denoised(frames: Iterator[Frame], setup: Setup) -> Iterator[Frame]:
    """The frames with every face's denoised depth in place; as many as the networks can make."""
    locator, denoiser = open_locator(setup.settings), open_denoiser(setup.settings)
    for frame in frames:
        depth = np.rint(np.clip(denoise_frame(frame, locator, denoiser).depth_mm, 0, 65535)).astype(np.uint16)
        yield replace(frame, depth_mm=depth)


def _write(
    camera: DepthCamera, frames: Iterator[Frame], output: Path, seconds: float | None, most: int | None
) -> RecordingProgress:
    """Record the frames; whatever ends them, what was recorded is kept."""
    recorder = Recorder(output, camera.info)
    begun_s = time.monotonic()
    problem = ""
    try:
        with progress(f"recording to {output.name}", most or seconds) as move:
            for count, frame in enumerate(frames, start=1):
                recorder.put(frame)
                move(count if most else time.monotonic() - begun_s, "")
                if recorder.progress.problem:
                    break
    except KeyboardInterrupt:
        note("stopped")
    except CameraError as error:
        problem = str(error)
    done = recorder.close()
    if problem:
        raise CameraError(f"{problem} The {done.frames} frames until then are kept in {output}.")
    return done


def _tell(done: RecordingProgress, as_json: bool) -> None:
    values = {
        "output": str(done.path),
        "frames": done.frames,
        "dropped": done.dropped,
        "seconds": done.duration_s,
        "bytes": done.size_bytes,
    }
    if as_json:
        say_json(values)
    else:
        size_mb = done.size_bytes / 1e6
        frames = number_of(done.frames, "frame", "frames")
        say(f"{done.path}: {frames}, {done.duration_s:.1f} s, {size_mb:.1f} MB, {done.dropped} dropped")
