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


def infrared(frame: Any, shape: tuple[int, int]) -> NDArray[np.uint8] | NDArray[np.uint16] | None:
    """(H, W) brightness in the pixels of a depth map of that shape, which decimation may have made smaller.

    None if the frame is missing, packed in another way, or no whole multiple of that shape.
    """
    picture = np.asarray(frame.get_data()) if frame else None
    if picture is None or picture.ndim != 2:
        return None
    if picture.shape == shape:
        return picture.copy()
    times = picture.shape[0] // shape[0]
    if picture.shape != (times * shape[0], times * shape[1]):
        return None
    return np.asarray(cv2.resize(picture, shape[::-1], interpolation=cv2.INTER_AREA))
