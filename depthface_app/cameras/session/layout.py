"""What stands in a session file: names, limits, and how a frame becomes messages and back."""

import json
import math
import platform
import struct
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import numpy as np
from mcap.exceptions import McapError

from depthface_app import __version__
from depthface_app.cameras.base import CameraInfo
from depthface_app.cameras.session.codec import Packer, unpack
from depthface_app.core.frame import Frame, Intrinsics

PROFILE = "depthface"
FORMAT = "2"
READABLE = ("1", "2")  # files of format 1 hold frames only
ENCODING = "depthface.zstd"
LIBRARY = f"depthface {__version__}"
PICTURES = {"depth": "depth_mm", "colour": "colour", "infrared": "infrared"}
# The channels of every file, in this order and under these numbers, which also tell what a chunk holds.
TOPICS = ("/frame", "/depth", "/colour", "/infrared", "/result", "/denoised", "/normals", "/mark")
CHANNELS = {topic: number for number, topic in enumerate(TOPICS, start=1)}
JSON_TOPICS = ("/frame", "/result", "/mark")
SIDE_PX_AT_MOST = 4096  # no depth camera makes more; refused before memory is asked for
RECORD_BYTES_AT_MOST = 1 << 28  # three such pictures, unpacked
REASON_AT_MOST = 120  # characters
DTYPES = {"depth": ("uint16", "float32"), "colour": ("uint8",), "infrared": ("uint8", "uint16")}

# What reading bytes that are not what they should be can raise.
DAMAGE = (
    McapError,
    OSError,
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    IndexError,
    OverflowError,
    RecursionError,
    struct.error,
)

Messages = list[tuple[str, bytes]]
"""(topic, data) of one chunk, in order."""


def short(error: BaseException) -> str:
    """What is wrong, on one line of bearable length: it may quote a damaged file."""
    text = " ".join(str(error).split())
    return text if len(text) <= REASON_AT_MOST else f"{text[:REASON_AT_MOST]}…"


def session_notes(info: CameraInfo, epoch_s: float) -> dict[str, str]:
    """What a recording says about itself. `clock_offset_s` added to `captured_s` gives seconds since 1970."""
    facts = {
        "format": FORMAT,
        "written_by": LIBRARY,
        "platform": platform.platform(),
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "clock_offset_s": repr(epoch_s),
        "source": info.source,
        "name": info.name,
        "serial": info.serial,
        "detail": info.detail,
    }
    return facts | {f"setting.{name}": value for name, value in info.settings.items()}


def to_messages(frame: Frame, packer: Packer) -> Messages:
    """The frame's header, and one message for each picture that it has."""
    pictures = {name: getattr(frame, attribute) for name, attribute in PICTURES.items()}
    present = {name: picture for name, picture in pictures.items() if picture is not None}
    header = {
        "number": int(frame.number),
        "captured_s": float(frame.captured_s),
        "device_timestamp_ms": float(frame.device_timestamp_ms),
        "timestamp_domain": frame.timestamp_domain,
        "depth_scale_mm": float(frame.depth_scale_mm),
        "serial": frame.serial,
        "segment": frame.segment,
        "intrinsics": pinhole_values(frame.intrinsics),
        "pictures": {name: {"shape": p.shape, "dtype": p.dtype.name} for name, p in present.items()},
    }
    return [("/frame", json.dumps(header).encode()), *((f"/{name}", packer.pack(p)) for name, p in present.items())]


def from_messages(messages: Messages) -> Frame:
    """The frame that was made into these messages.

    Raises:
        ValueError, KeyError, TypeError: they are not what `to_messages` makes.
    """
    data = dict(messages)
    header = json.loads(data["/frame"])
    pinhole = pinhole_of(header["intrinsics"])
    kinds = {name: _shape_and_dtype(name, kind, pinhole) for name, kind in header["pictures"].items()}
    pictures: dict[str, Any] = {PICTURES[name]: unpack(data[f"/{name}"], *kind) for name, kind in kinds.items()}
    return Frame(
        intrinsics=pinhole,
        captured_s=number_of(header["captured_s"]),
        number=int(header["number"]),
        device_timestamp_ms=number_of(header["device_timestamp_ms"]),
        timestamp_domain=str(header["timestamp_domain"]),
        depth_scale_mm=number_of(header["depth_scale_mm"]),
        serial=str(header["serial"]),
        is_live=False,
        segment=int(header.get("segment", 0)),  # sessions of earlier versions have none
        **pictures,
    )


def pinhole_values(pinhole: Intrinsics) -> dict[str, float]:
    """Intrinsics as JSON numbers."""
    return {name: float(value) for name, value in asdict(pinhole).items()}


def pinhole_of(values: dict[str, Any]) -> Intrinsics:
    """Intrinsics from what `pinhole_values` made. Raises ValueError, KeyError, TypeError if they are impossible."""
    width, height = int(values["width"]), int(values["height"])
    fx, fy, cx, cy = (number_of(values[name]) for name in ("fx", "fy", "cx", "cy"))
    if not (0 < width <= SIDE_PX_AT_MOST and 0 < height <= SIDE_PX_AT_MOST and fx > 0 and fy > 0):
        raise ValueError(f"{width}×{height} with fx {fx:g} and fy {fy:g} is no camera's pinhole")
    return Intrinsics(width, height, fx, fy, cx, cy)


def number_of(value: Any) -> float:
    """A finite number. Raises ValueError or TypeError for anything else."""
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(f"{value} stands where a number is expected")
    return number


def _shape_and_dtype(name: str, kind: dict[str, Any], pinhole: Intrinsics) -> tuple[tuple[int, ...], np.dtype]:
    """Shape and type of one picture, once they are known to be plausible."""
    shape, dtype = tuple(int(side) for side in kind["shape"]), kind["dtype"]
    wanted = (pinhole.height, pinhole.width, 3) if name == "colour" else (pinhole.height, pinhole.width)
    if dtype not in DTYPES[name] or shape != wanted:
        raise ValueError(f"{name} of {shape} {dtype} is not what a camera of {wanted} delivers")
    return shape, np.dtype(dtype)
