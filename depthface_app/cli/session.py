"""`depthface session`: what is in a recording, whether it is sound, and ways in and out."""

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from depthface_app.cameras.session import Mark, SessionReader, append_mark, verify
from depthface_app.cli.importing import import_into
from depthface_app.cli.saying import note, number_of, progress, say, say_json
from depthface_app.core.errors import CameraError, DepthFaceError, InputError
from depthface_app.pipeline.export import WRITERS, export_faces, export_pictures
from depthface_app.pipeline.film import export_film

session = typer.Typer(help="Look into, check, mark, export and import recordings.", no_args_is_help=True)
Json = Annotated[bool, typer.Option("--json", help="One JSON object per recording.")]
Recording = Annotated[Path, typer.Argument(metavar="FILE", help="A recording.")]


class Kind(StrEnum):
    """What a recording is exported as."""

    PNG = "png"
    NPZ = "npz"
    PLY = "ply"
    PCD = "pcd"
    CSV = "csv"
    MP4 = "mp4"


@session.command()
def info(file: Recording, as_json: Json = False) -> None:
    """What a recording holds: frames, length, camera, results and marks."""
    with SessionReader(file) as reader:
        facts = _facts(reader)
    if as_json:
        say_json(facts)
        return
    whole = "" if facts["complete"] else ", cut off"
    say(f"{file}: {number_of(facts['frames'], 'frame', 'frames')}, {facts['seconds']:.1f} s{whole}")
    for name in ("camera", "created", "pictures", "results"):
        say(f"  {name}: {facts[name]}")
    for mark in facts["marks"]:
        where = "the whole recording" if mark["frame"] is None else f"{mark['time_s']:.2f} s, frame {mark['frame']}"
        say(f"  mark at {where}: {mark['text']}")


def _facts(reader: SessionReader) -> dict[str, Any]:
    first, times_s = reader.read(0), reader.times_s
    shown = {"depth": first.depth_mm, "colour": first.colour, "infrared": first.infrared}
    return {
        "file": str(reader.path),
        "frames": len(reader),
        "seconds": float(times_s[-1]),
        "complete": reader.is_complete,
        "camera": reader.notes.get("name", ""),
        "serial": reader.notes.get("serial", ""),
        "created": reader.notes.get("created", ""),
        "pictures": ", ".join(
            f"{name} {p.shape[1]}×{p.shape[0]} {p.dtype}" for name, p in shown.items() if p is not None
        ),
        "results": len(reader.with_results),
        "processing": reader.processing,
        "sha256": reader.digest or None,
        "marks": [
            {"text": m.text, "frame": m.frame, "time_s": None if m.frame is None else times_s[m.frame], "made": m.made}
            for m in reader.marks()
        ],
    }


@session.command("verify")
def verify_files(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Recordings.")], as_json: Json = False
) -> None:
    """Read every byte and say whether it is what was recorded; exit status 1 if a recording is damaged."""
    bad = 0
    for file in files:
        try:
            bad += not _verify(file, as_json)
        except DepthFaceError as error:
            bad += 1
            note(str(error))
    if bad:
        raise typer.Exit(1)


def _verify(file: Path, as_json: bool) -> bool:
    with progress(f"checking {file.name}") as move:
        verdict = verify(file, lambda done, total: move(done, f"checking {file.name}: {done} of {total}"))
    if as_json:
        say_json(
            {
                "file": str(file),
                "sound": verdict.is_sound,
                "complete": verdict.is_complete,
                "frames": verdict.frames,
                "damaged_frames": verdict.damaged_frames,
                "results": verdict.results,
                "damaged_results": verdict.damaged_results,
                "marks": verdict.marks,
                "damaged_marks": verdict.damaged_marks,
                "sha256": verdict.digest,
                "stated_sha256": verdict.stated_digest or None,
            }
        )
        return verdict.is_sound
    problems = []
    for what, damaged in (("frame", verdict.damaged_frames), ("the result of frame", verdict.damaged_results)):
        problems += [f"{what}s {_ranges(damaged)} damaged"] if damaged else []
    if verdict.damaged_marks:
        problems.append(f"{number_of(verdict.damaged_marks, 'mark', 'marks')} damaged")
    if not problems and not verdict.is_sound:
        problems.append("something before the first frame was changed")
    ending = "" if verdict.stated_digest else "; it states no digest (cut off, or of an older version)"
    what = "; ".join(problems) or f"sound, {number_of(verdict.frames, 'frame', 'frames')}"
    say(f"{file}: {what}{ending}")
    say(f"  sha256 {verdict.digest}")
    return verdict.is_sound


def _ranges(numbers: tuple[int, ...]) -> str:
    """`3, 7-9` of 3, 7, 8, 9."""
    cuts = np.flatnonzero(np.diff(numbers) != 1) + 1
    runs = np.split(np.array(numbers), cuts)
    return ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)


@session.command()
def mark(
    file: Recording,
    text: Annotated[str, typer.Argument(help="What to note.")],
    at: Annotated[float | None, typer.Option(help="At that many seconds from the beginning.")] = None,
    frame: Annotated[int | None, typer.Option(min=0, help="At the frame with that index.")] = None,
) -> None:
    """Add a note at a moment, or on the whole recording. Frames and results stay as they are."""
    if at is not None and frame is not None:
        raise typer.BadParameter("give --at or --frame, not both")
    if at is not None:
        frame = _frame_at(file, at)
    append_mark(file, Mark(text, frame))


def _frame_at(file: Path, time_s: float) -> int:
    with SessionReader(file) as reader:
        times_s = reader.times_s
    if not 0 <= time_s <= times_s[-1]:
        raise CameraError(f"{file} lasts {times_s[-1]:.2f} s; there is nothing at {time_s:g} s.")
    return int(np.abs(times_s - time_s).argmin())


@session.command()
def export(
    file: Recording,
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder; for csv and mp4 a file may be named.")],
    kind: Annotated[Kind, typer.Option("--as", help="What to make.")],
    begin: Annotated[float, typer.Option("--from", min=0, help="Begin at that many seconds.")] = 0.0,
    end: Annotated[float | None, typer.Option("--to", min=0, help="End at that many seconds.")] = None,
    every: Annotated[int, typer.Option(min=1, help="Take every Nth frame.")] = 1,
    processed: Annotated[bool, typer.Option(help="Depth with the faces as they were denoised.")] = False,
    as_json: Json = False,
) -> None:
    """Write a recording as pictures, clouds, a table or a film."""
    if processed and kind.value not in WRITERS:
        raise typer.BadParameter(f"--processed is for {', '.join(WRITERS)}; {kind.value} shows results anyway")
    with SessionReader(file) as reader:
        last_s = np.inf if end is None else end
        indices = [index for index, at_s in enumerate(reader.times_s.tolist()) if begin <= at_s <= last_s]
        if not indices[::every]:
            raise InputError(f"{file} has no frame between {begin:g} s and {end if end is not None else 'its end'}.")
        if processed and not reader.with_results:
            raise InputError(f"{file} holds no results; record with --processed, or denoise what you export raw.")
        made = _export(reader, indices[::every], output, kind, processed)
    if as_json:
        say_json({"file": str(file), "output": str(made[0]), "frames": made[1]})
    else:
        say(f"{made[0]}: {number_of(made[1], 'frame', 'frames')}")


def _export(reader: SessionReader, indices: list[int], output: Path, kind: Kind, processed: bool) -> tuple[Path, int]:
    if kind.value in WRITERS:
        with progress("exporting", len(indices)) as move:
            count = 0
            for count, path in enumerate(export_pictures(reader, indices, output, kind.value, processed), start=1):
                move(count, path.name)
        return output, count
    target = output if output.suffix.lower() == f".{kind.value}" else output / f"{reader.path.stem}.{kind.value}"
    make: Callable[[SessionReader, list[int], Path], int] = export_film if kind is Kind.MP4 else export_faces
    make(reader, indices, target)
    return target, len(indices)


@session.command("import")
def import_session(
    source: Annotated[Path, typer.Argument(metavar="INPUT", help="A .bag, a .db3, a folder of pictures or a dump.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The recording to make.")],
    fps: Annotated[float, typer.Option(min=0.1, max=1000, help="Rate of pictures that state no times.")] = 30.0,
    intrinsics: Annotated[Path | None, typer.Option(help="JSON with fx fy cx cy width height, for pictures.")] = None,
    as_json: Json = False,
) -> None:
    """Make a recording of a RealSense file, a folder of depth pictures, or a Kinect dump of libfreenect."""
    frames = import_into(output, source, fps, intrinsics)
    if as_json:
        say_json({"file": str(output), "frames": frames})
    else:
        say(f"{output}: {number_of(frames, 'frame', 'frames')}")
