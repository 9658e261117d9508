"""Recordings as files that other programs read: pictures, clouds, tables and a film."""

import csv
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from depthface_app.cameras.cloud_writers import write_pcd, write_ply
from depthface_app.cameras.session import SessionReader, StoredFace, StoredResult
from depthface_app.core.errors import InputError
from depthface_app.core.face import DenoisedFace, FaceCrop
from depthface_app.core.files import whole_file
from depthface_app.core.frame import DepthArray, Frame
from depthface_app.pipeline.denoising import DenoisedFrame, compose
from depthface_app.pipeline.stages import STAGES

TABLE = "frames.csv"  # beside exported pictures: when each was taken
TABLE_COLUMNS = ("name", "number", "captured_s", "device_timestamp_ms", "timestamp_domain")
FACE_COLUMNS = (
    "frame", "number", "time_s", "device_timestamp_ms", "face", "track", "score", "nose_x_mm", "nose_y_mm", "nose_z_mm",
    "yaw_deg", "pitch_deg", "roll_deg", "distance_mm", "person", "similarity", "threshold", "quality", "live",
    *(f"{stage}_ms" for stage in STAGES),
)  # fmt: skip


def export_pictures(
    reader: SessionReader, indices: Iterable[int], folder: Path, kind: str, processed: bool
) -> Iterator[Path]:
    """Write one file per frame, and beside them a table of when each was taken; yields every file when it is there.

    Args:
        kind: "png", "npz", "ply" or "pcd".
        processed: with the faces denoised, as they were recorded; frames without a result are left out.

    Raises:
        InputError: a file cannot be written.
        CameraError: a frame is damaged.
    """
    rows: list[dict[str, Any]] = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for index in indices:
            frame, denoised = reader.read(index), None
            if processed:
                result = reader.result(index)
                if result is None:
                    continue
                denoised = denoised_frame(frame, result)
            name = f"{reader.path.stem}-{index:06d}"
            path = folder / f"{name}.{kind}"
            WRITERS[kind](path, frame, denoised)
            rows.append({"name": name} | {key: getattr(frame, key) for key in TABLE_COLUMNS[1:]})
            yield path
        _write_table(folder / TABLE, TABLE_COLUMNS, rows)
    except OSError as error:
        raise _unwritable(folder, error) from error


def export_faces(reader: SessionReader, indices: Iterable[int], path: Path) -> int:
    """Write one row per face as CSV, and one without a face for a frame without any; returns how many.

    Raises:
        InputError: the file cannot be written.
        CameraError: a frame is damaged.
    """
    rows = [row for index in indices for row in _face_rows(reader, index)]
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _write_table(path, FACE_COLUMNS, rows)
    except OSError as error:
        raise _unwritable(path, error) from error
    return len(rows)


def denoised_frame(frame: Frame, result: StoredResult) -> DenoisedFrame:
    """A frame with the faces in place as they were denoised when it was recorded."""
    return compose(frame, [(face.location, surface) for face in result.faces if (surface := _surface(face))])


def as_millimetres(depth: DepthArray) -> NDArray[np.uint16]:
    """(H, W) uint16: depth in whole millimetres, which is what a PNG can hold; what is no reading becomes 0."""
    if depth.dtype == np.uint16:
        return np.asarray(depth, np.uint16)
    return np.rint(np.clip(np.nan_to_num(depth), 0, 65535)).astype(np.uint16)


def _surface(face: StoredFace) -> DenoisedFace | None:
    if face.pinhole is None or face.depth_mm is None or face.normals is None:
        return None
    crop = FaceCrop(face.depth_mm, face.pinhole, face.nose_mm, face.window_mm)
    return DenoisedFace(crop, face.depth_mm, face.normals)


def _write_png(path: Path, frame: Frame, denoised: DenoisedFrame | None) -> None:
    depth = frame.depth_mm if denoised is None else denoised.depth_mm
    _write_picture(path, as_millimetres(depth))
    with whole_file(path.with_suffix(".json")) as part:
        part.write_text(json.dumps(asdict(frame.intrinsics)), encoding="utf-8")
    colour = None if frame.colour is None else np.ascontiguousarray(frame.colour[..., ::-1])
    for name, picture in (("colour", colour), ("infrared", frame.infrared)):
        if picture is not None:
            (path.parent / name).mkdir(exist_ok=True)
            _write_picture(path.parent / name / path.name, picture)


def _write_picture(path: Path, picture: NDArray[np.generic]) -> None:
    with whole_file(path) as part:
        part.write_bytes(cv2.imencode(".png", picture)[1].tobytes())


def _write_npz(path: Path, frame: Frame, denoised: DenoisedFrame | None) -> None:
    pinhole = frame.intrinsics
    arrays: dict[str, Any] = {"depth_mm": frame.depth_mm}
    if denoised is not None:
        arrays = {
            "depth_mm": denoised.depth_mm,
            "raw_depth_mm": frame.depth_mm,
            "face_mask": denoised.face_mask,
            "normals": denoised.normals,
            "faces": np.array(denoised.faces_json()),
        }
    arrays |= {key: np.array(getattr(pinhole, key)) for key in ("fx", "fy", "cx", "cy")}
    arrays |= {"captured_s": np.array(frame.captured_s), "device_timestamp_ms": np.array(frame.device_timestamp_ms)}
    arrays |= {key: getattr(frame, key) for key in ("colour", "infrared") if getattr(frame, key) is not None}
    with whole_file(path) as part:
        np.savez_compressed(part, **arrays)


def _write_cloud(write: Callable[[Path, NDArray[np.float32]], None]) -> Callable[..., None]:
    def write_it(path: Path, frame: Frame, denoised: DenoisedFrame | None) -> None:
        if denoised is not None:
            frame = replace(frame, depth_mm=denoised.depth_mm)
        write(path, frame.intrinsics.back_project(frame.depth_float()))

    return write_it


WRITERS: dict[str, Callable[[Path, Frame, DenoisedFrame | None], None]] = {
    "png": _write_png,
    "npz": _write_npz,
    "ply": _write_cloud(write_ply),
    "pcd": _write_cloud(write_pcd),
}


def _face_rows(reader: SessionReader, index: int) -> list[dict[str, Any]]:
    frame, result = reader.read(index), reader.result(index)
    of_frame = {
        "frame": index,
        "number": frame.number,
        "time_s": round(float(reader.times_s[index]), 6),
        "device_timestamp_ms": frame.device_timestamp_ms,
    }
    if result is None:
        return [of_frame]
    of_frame |= {f"{name}_ms": round(value, 3) for name, value in result.stages_ms.items()}
    return [of_frame | _face_row(number, face) for number, face in enumerate(result.faces)] or [of_frame]


def _face_row(number: int, face: StoredFace) -> dict[str, Any]:
    place = face.location
    x, y, z = place.nose_mm
    return {
        "face": number,
        "track": place.track,
        "score": round(place.score, 4),
        "nose_x_mm": round(x, 2),
        "nose_y_mm": round(y, 2),
        "nose_z_mm": round(z, 2),
        "yaw_deg": round(place.pose.yaw_deg, 2),
        "pitch_deg": round(place.pose.pitch_deg, 2),
        "roll_deg": round(place.pose.roll_deg, 2),
        "distance_mm": round(place.distance_mm, 2),
        "person": face.person or "",
        "similarity": "" if np.isnan(face.similarity) else round(face.similarity, 4),
        "threshold": "" if np.isnan(face.threshold) else round(face.threshold, 4),
        "quality": round(face.quality, 4),
        "live": "" if face.live is None else face.live,
    }


def _write_table(path: Path, columns: tuple[str, ...], rows: list[dict[str, Any]]) -> None:
    with whole_file(path) as part, part.open("w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, columns, extrasaction="ignore")
        table.writeheader()
        table.writerows(rows)


def _unwritable(path: Path, error: OSError) -> InputError:
    return InputError(f"{path} cannot be written: {(error.strerror or str(error)).lower()}; free some space there.")
