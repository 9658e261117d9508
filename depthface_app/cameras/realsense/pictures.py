"""What the RealSense SDK delivers, as arrays of our own; copies, because the SDK uses its memory again."""

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from depthface_app.core.frame import Intrinsics


def millimetres(counts: NDArray[np.uint16], scale_mm: float) -> NDArray[np.uint16] | NDArray[np.float32]:
    """Depth in mm, a copy of its own; whole millimetres stay integers."""
    if abs(scale_mm - 1) < 1e-6:
        return counts.copy()
    return counts.astype(np.float32) * np.float32(scale_mm)


def pinhole(intrinsics: Any) -> Intrinsics:
    """The SDK's pinhole as ours; the cameras deliver depth without distortion."""
    return Intrinsics(intrinsics.width, intrinsics.height, intrinsics.fx, intrinsics.fy, intrinsics.ppx, intrinsics.ppy)


def rgb(picture: NDArray[Any], pixels: str) -> NDArray[np.uint8] | None:
    """A copy of the picture as RGB, None if its format is not a colour that is known here."""
    if pixels == "rgb8":
        return picture.copy()
    if pixels == "bgr8":
        return picture[..., ::-1].copy()
    if pixels == "yuyv":
        return np.asarray(cv2.cvtColor(picture.view(np.uint8).reshape(*picture.shape[:2], 2), cv2.COLOR_YUV2RGB_YUYV))
    return None


def infrared(frame: Any) -> NDArray[np.uint8] | NDArray[np.uint16] | None:
    """(H, W) brightness, None if the frame is missing or packed in another way."""
    picture = np.asarray(frame.get_data()).copy() if frame else None
    return picture if picture is not None and picture.ndim == 2 else None
