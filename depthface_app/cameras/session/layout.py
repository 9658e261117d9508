"""What stands in a session file: names, limits, and how a frame becomes messages and back."""

import json
import platform
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import numpy as np

from depthface_app import __version__
from depthface_app.cameras.base import CameraInfo
from depthface_app.cameras.session.codec import Packer, unpack
from depthface_app.core.frame import Frame, Intrinsics

PROFILE = "depthface"
FORMAT = "1"
ENCODING = "depthface.zstd"
LIBRARY = f"depthface {__version__}"
PICTURES = {"depth": "depth_mm", "colour": "colour", "infrared": "infrared"}
DTYPES = {"uint8", "uint16", "float32"}
PIXELS_AT_MOST = 64_000_000
RECORD_BYTES_AT_MOST = 1 << 30


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


def to_messages(frame: Frame, packer: Packer) -> dict[str, bytes]:
    """Topic → message: the frame's header, and one message for each picture that it has."""
    pictures = {name: getattr(frame, attribute) for name, attribute in PICTURES.items()}
    present = {name: picture for name, picture in pictures.items() if picture is not None}
    header = {
        "number": int(frame.number),
        "captured_s": float(frame.captured_s),
        "device_timestamp_ms": float(frame.device_timestamp_ms),
        "timestamp_domain": frame.timestamp_domain,
        "depth_scale_mm": float(frame.depth_scale_mm),
        "serial": frame.serial,
        "intrinsics": {name: float(value) for name, value in asdict(frame.intrinsics).items()},
        "pictures": {name: {"shape": p.shape, "dtype": p.dtype.name} for name, p in present.items()},
    }
    packed = {f"/{name}": packer.pack(picture) for name, picture in present.items()}
    return {"/frame": json.dumps(header).encode(), **packed}


def from_messages(messages: dict[str, bytes]) -> Frame:
    """The frame that was made into these messages.

    Raises:
        ValueError, KeyError, TypeError: they are not what `to_messages` makes.
    """
    header = json.loads(messages["/frame"])
    kinds = {name: _shape_and_dtype(kind) for name, kind in header["pictures"].items()}
    pictures: dict[str, Any] = {PICTURES[name]: unpack(messages[f"/{name}"], *kind) for name, kind in kinds.items()}
    size = {name: int(header["intrinsics"].pop(name)) for name in ("width", "height")}
    return Frame(
        intrinsics=Intrinsics(**size, **header["intrinsics"]),
        captured_s=header["captured_s"],
        number=header["number"],
        device_timestamp_ms=header["device_timestamp_ms"],
        timestamp_domain=header["timestamp_domain"],
        depth_scale_mm=header["depth_scale_mm"],
        serial=header["serial"],
        is_live=False,
        **pictures,
    )


def _shape_and_dtype(kind: dict[str, Any]) -> tuple[tuple[int, ...], np.dtype]:
    """Shape and type of one picture, once they are known to be plausible."""
    shape, dtype = tuple(int(side) for side in kind["shape"]), kind["dtype"]
    if dtype not in DTYPES or len(shape) not in (2, 3) or not 0 < int(np.prod(shape)) <= PIXELS_AT_MOST:
        raise ValueError(f"a picture of {shape} {dtype} is not one that a camera delivers")
    return shape, np.dtype(dtype)
