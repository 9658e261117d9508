"""`depthface record`: a source into a session file."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from depthface_app.build import Setup, build_models, describe_results, open_gallery, pipeline_options
from depthface_app.cameras.base import DepthCamera
from depthface_app.cameras.recorder import Recorder, RecordingProgress
from depthface_app.cli.beside import Beside
from depthface_app.cli.inputs import started, stream
from depthface_app.cli.saying import note, number_of, progress, say, say_json
from depthface_app.core.errors import CameraError, DepthFaceError
from depthface_app.core.frame import Frame


def record(
    ctx: typer.Context,
    source: Annotated[str, typer.Option("--source", "-s", help="What to record, e.g. realsense:")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The session file to make.")],
    seconds: Annotated[float | None, typer.Option(min=0.1, help="Stop after this long.")] = None,
    frames: Annotated[int | None, typer.Option(min=1, help="Stop after this many frames.")] = None,
    processed: Annotated[bool, typer.Option(help="Record what is made of the frames beside them.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object at the end.")] = False,
) -> None:
    """Record a session until --seconds or --frames are over, or until Ctrl+C."""
    if seconds is not None and frames is not None:
        raise typer.BadParameter("give --seconds or --frames, not both")
    setup: Setup = ctx.obj
    beside = _beside(setup) if processed else None
    with started(setup, source) as camera:
        done = _write(camera, _until(stream(camera), seconds, frames), output, beside, seconds, frames)
    _tell(done, as_json)


def _beside(setup: Setup) -> Beside:
    models, options = build_models(setup.settings), pipeline_options(setup.settings)
    card = models.recogniser.card
    gallery = open_gallery(setup).snapshot(card.name, card.version)
    processing = describe_results(setup.settings, setup.data_dir, models, gallery, options)
    return Beside(models, gallery, options, processing)


def _until(frames: Iterator[Frame], seconds: float | None, most: int | None) -> Iterator[Frame]:
    begun_s = None
    for count, frame in enumerate(frames, start=1):
        begun_s = frame.captured_s if begun_s is None else begun_s
        if seconds is not None and frame.captured_s - begun_s > seconds:
            return
        yield frame
        if count == most:
            return


def _write(
    camera: DepthCamera,
    frames: Iterator[Frame],
    output: Path,
    beside: Beside | None,
    seconds: float | None,
    most: int | None,
) -> RecordingProgress:
    """Record the frames; whatever ends them, what was recorded is kept."""
    recorder = beside.recorder(output, camera.info) if beside else Recorder(output, camera.info)
    begun_s = time.monotonic()
    problem = ""
    try:
        with progress(f"recording to {output.name}", most or seconds) as move:
            for count, frame in enumerate(frames, start=1):
                recorder.put(frame)
                if beside:
                    beside.take(frame)
                move(count if most else time.monotonic() - begun_s, "")
                if recorder.progress.problem:
                    break
    except KeyboardInterrupt:
        note("stopped")
    except DepthFaceError as error:
        problem = str(error)
    if beside:
        beside.finish()
    done = recorder.close()
    if problem:
        raise CameraError(f"{problem} The {done.frames} frames until then are kept in {output}.")
    return done


def _tell(done: RecordingProgress, as_json: bool) -> None:
    values = {
        "output": str(done.path),
        "frames": done.frames,
        "dropped": done.dropped,
        "results": done.results,
        "seconds": done.duration_s,
        "bytes": done.size_bytes,
    }
    if as_json:
        say_json(values)
    else:
        size_mb = done.size_bytes / 1e6
        frames = number_of(done.frames, "frame", "frames")
        results = f" with {number_of(done.results, 'result', 'results')}" if done.results else ""
        say(f"{done.path}: {frames}{results}, {done.duration_s:.1f} s, {size_mb:.1f} MB, {done.dropped} dropped")
