"""A kept view: one file with a moment, what the methods made of it and how it was looked at, which opens as it was.

A zip archive with `view.json` and arrays in NumPy's format. It holds a face, as a recording does.
"""

import io
import json
import math
import struct
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from depthface_app.core.errors import InputError
from depthface_app.core.face import DenoisedFace, FaceCrop, FaceLocation, HeadPose
from depthface_app.core.files import whole_file
from depthface_app.core.frame import Frame, Intrinsics
from depthface_app.core.normals import normals
from depthface_app.pipeline.comparison import DENOISED, Moment

SUFFIX = ".dfview"
FORMAT, VERSION = "depthface view", 1
LARGEST_BYTES = 256 * 2**20  # of one part when unpacked: more than any sensor's picture
_TABLE = "view.json"
# What zipfile, zlib, json and NumPy raise over bytes that are not what they should be; RuntimeError: a password is set.
_DAMAGE = (
    KeyError, TypeError, ValueError, AttributeError, EOFError, OverflowError, NotImplementedError, RuntimeError,
    zlib.error, struct.error, SyntaxError,
)  # fmt: skip

Array = NDArray[Any]


@dataclass(frozen=True, eq=False, slots=True)
class KeptView:
    """Everything in such a file.

    faces:  what each method made of the moment, the running model among them
    models: network and version of those that are networks, as their cards say; the version holds a fingerprint
    labels: what the methods are called
    looks:  how it was looked at, plain values that only the window reads
    """

    moment: Moment
    faces: Mapping[str, DenoisedFace]
    models: Mapping[str, str]
    labels: Mapping[str, str]
    looks: Mapping[str, Any]


def save_view(path: Path, view: KeptView) -> None:
    """Write a view; an older file of that name stays until the new one is whole. Raises InputError if it cannot be."""
    frame, crop, location = view.moment.frame, view.moment.crop, view.moment.location
    arrays: dict[str, Array] = {"frame.depth": frame.depth_mm, "crop.depth": crop.depth_mm}
    if frame.truth_mm is not None:
        arrays["frame.truth"] = frame.truth_mm
    names = list(view.faces)
    for number, face in enumerate(view.faces.values()):
        parts = {"depth": face.depth_mm, "fine": face.fine_depth_mm, "surface": face.surface}
        arrays |= {f"face{number}.{part}": array for part, array in parts.items() if array is not None}
    table = {
        "format": FORMAT,
        "version": VERSION,
        "frame": {
            "intrinsics": asdict(frame.intrinsics),
            "number": frame.number,
            "serial": frame.serial,
            "device_timestamp_ms": frame.device_timestamp_ms,
            "timestamp_domain": frame.timestamp_domain,
            "depth_scale_mm": frame.depth_scale_mm,
        },
        "location": asdict(location),
        "crop": {"intrinsics": asdict(crop.intrinsics), "nose_mm": crop.nose_mm, "window_mm": crop.window_mm},
        "methods": names,
        "models": dict(view.models),
        "labels": {name: view.labels[name] for name in names},
        "looks": dict(view.looks),
    }
    try:
        with whole_file(path, private=True) as part, zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(_TABLE, json.dumps(table, indent=1, default=float))
            for name, array in arrays.items():
                packed = io.BytesIO()
                np.save(packed, array, allow_pickle=False)
                archive.writestr(f"{name}.npy", packed.getvalue())
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror}; nothing of it was kept.") from error


def load_view(path: Path) -> KeptView:
    """Read a view. Raises InputError, in one sentence, for whatever is not one."""
    try:
        with zipfile.ZipFile(path) as archive:
            return _read(archive, path)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}; give another file.") from error
    except zipfile.BadZipFile as error:
        raise InputError(f"{path} is no kept view, or not all of one ({error}); give another file.") from error
    except _DAMAGE as error:
        raise InputError(f"{path} is a damaged view ({error}); ask for it again.") from error


def _read(archive: zipfile.ZipFile, path: Path) -> KeptView:
    if _TABLE not in archive.namelist():
        raise InputError(f"{path} is an archive but no kept view; give a {SUFFIX} file.")
    table = json.loads(_part(archive, _TABLE))
    if not isinstance(table, dict) or table.get("format") != FORMAT:
        raise InputError(f"{path} is an archive but no kept view; give a {SUFFIX} file.")
    version = table["version"]
    if not isinstance(version, int) or version > VERSION:
        raise InputError(
            f"{path} was kept by a newer version of this program (its format is {version}, this one reads {VERSION}); "
            "update it."
        )
    frame, crop = _frame(archive, table["frame"]), _crop(archive, table["crop"])
    methods = [str(name) for name in table["methods"]]
    faces = {name: _face(archive, number, crop) for number, name in enumerate(methods)}
    if DENOISED not in faces:
        raise ValueError("the running model's surface is missing")
    moment = Moment(frame, _location(table["location"]), faces[DENOISED])
    models, labels = ({str(k): str(v) for k, v in table[key].items()} for key in ("models", "labels"))
    if set(labels) != set(methods) or not isinstance(table["looks"], dict):
        raise ValueError("its labels or looks do not fit its methods")
    return KeptView(moment, faces, models, labels, table["looks"])


def _part(archive: zipfile.ZipFile, name: str) -> bytes:
    if archive.getinfo(name).file_size > LARGEST_BYTES:
        raise ValueError(f"{name} is larger than any picture")
    return archive.read(name)


def _array(archive: zipfile.ZipFile, name: str, shape: tuple[int, int]) -> Array:
    array: Array = np.load(io.BytesIO(_part(archive, f"{name}.npy")), allow_pickle=False)
    if array.shape != shape or array.dtype not in (np.dtype(np.float32), np.dtype(np.uint16)):
        raise ValueError(f"{name} is {array.dtype} {array.shape}, not {shape}")
    return array


def _intrinsics(table: Mapping[str, Any]) -> Intrinsics:
    found = Intrinsics(
        int(table["width"]), int(table["height"]), *(_finite(table[key]) for key in ("fx", "fy", "cx", "cy"))
    )
    if min(found.width, found.height, found.fx, found.fy) <= 0:
        raise ValueError("a pinhole has no size")
    return found


def _finite(value: Any) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(f"{value} is no number")
    return number


def _numbers(values: Any, count: int) -> tuple[float, ...]:
    found = tuple(_finite(value) for value in values)
    if len(found) != count:
        raise ValueError(f"{len(found)} numbers in place of {count}")
    return found


def _frame(archive: zipfile.ZipFile, table: Mapping[str, Any]) -> Frame:
    pinhole = _intrinsics(table["intrinsics"])
    shape = (pinhole.height, pinhole.width)
    has_truth = "frame.truth.npy" in archive.namelist()
    return Frame(
        _array(archive, "frame.depth", shape),
        pinhole,
        captured_s=0.0,
        number=int(table["number"]),
        device_timestamp_ms=_finite(table["device_timestamp_ms"]),
        timestamp_domain=str(table["timestamp_domain"]),
        depth_scale_mm=_finite(table["depth_scale_mm"]),
        serial=str(table["serial"]),
        is_live=False,
        truth_mm=_array(archive, "frame.truth", shape).astype(np.float32) if has_truth else None,
    )


def _crop(archive: zipfile.ZipFile, table: Mapping[str, Any]) -> FaceCrop:
    pinhole = _intrinsics(table["intrinsics"])
    if pinhole.width != pinhole.height:
        raise ValueError("the crop is not square")
    x, y, z = _numbers(table["nose_mm"], 3)
    depth = _array(archive, "crop.depth", (pinhole.height, pinhole.width)).astype(np.float32)
    depth.setflags(write=False)
    return FaceCrop(depth, pinhole, (x, y, z), _finite(table["window_mm"]))


def _face(archive: zipfile.ZipFile, number: int, crop: FaceCrop) -> DenoisedFace:
    side, names = crop.intrinsics.width, archive.namelist()
    depth = _array(archive, f"face{number}.depth", (side, side)).astype(np.float32)
    if np.array_equal(depth, crop.depth_mm, equal_nan=True):
        depth = crop.depth_mm  # by which what is raw is known
    surface = _array(archive, f"face{number}.surface", (side, side)) if f"face{number}.surface.npy" in names else None
    fine = None
    if f"face{number}.fine.npy" in names:
        fine = np.load(io.BytesIO(_part(archive, f"face{number}.fine.npy")), allow_pickle=False)
        if fine.dtype != np.float32 or fine.shape not in ((2 * side, 2 * side), (4 * side, 4 * side)):
            raise ValueError(f"face{number}.fine is {fine.dtype} {fine.shape}")
    return DenoisedFace(crop, depth, normals(depth, crop.intrinsics), fine, surface=surface)


def _location(table: Mapping[str, Any]) -> FaceLocation:
    x, y, z = _numbers(table["nose_mm"], 3)
    column, row = _numbers(table["nose_px"], 2)
    left, top, right, bottom = _numbers(table["box_px"], 4)
    pose = HeadPose(*(_finite(table["pose"][key]) for key in ("yaw_deg", "pitch_deg", "roll_deg")))
    box = (left, top, right, bottom)
    return FaceLocation((x, y, z), (column, row), pose, _finite(table["score"]), box, int(table["track"]))
