"""The metric window around a nose tip: cut out of a frame, and put back."""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from depthface_app.core.face import FaceCrop
from depthface_app.core.frame import Intrinsics

WINDOW_MM = 200.0
SIZE_PX = 128
DEPTH_RANGE_MM = 100.0  # half the depth kept around the nose tip; the networks' value range is this to [-1, 1]
MIN_VALID_WEIGHT = 0.5  # share of a crop pixel that readings must cover


def crop_intrinsics(
    intrinsics: Intrinsics, nose_mm: tuple[float, float, float], window_mm: float, size_px: int
) -> Intrinsics:
    """Pinhole of the window: `size_px` pixels span `window_mm` at the nose's depth, the nose in the middle."""
    x, y, z = nose_mm
    scale = size_px * z / (intrinsics.fx * window_mm)
    left = intrinsics.fx * x / z + intrinsics.cx - (size_px - 1) / 2 / scale
    top = intrinsics.fy * y / z + intrinsics.cy - (size_px - 1) / 2 / scale
    return intrinsics.resampled(left, top, scale, size_px, size_px)


def _frame_from_crop(frame: Intrinsics, crop: Intrinsics, fold: int = 1) -> NDArray[np.float64]:
    """(2, 3) affine map from pixels of the crop, `fold` times finer, to pixels of the frame."""
    step = frame.fx / crop.fx
    shift = (fold - 1) / (2 * fold)  # the centre of the first of `fold` sub-pixels lies this far before the pixel's own
    left = frame.cx - crop.cx * step
    top = frame.cy - crop.cy * step
    return np.array(((step / fold, 0, left - shift * step), (0, step / fold, top - shift * step)))


def crop_face(
    depth_mm: NDArray[np.float32],
    intrinsics: Intrinsics,
    nose_mm: tuple[float, float, float],
    window_mm: float = WINDOW_MM,
    size_px: int = SIZE_PX,
) -> FaceCrop:
    """Cut a metric window around the nose tip out of the depth map.

    The window is metric, not in pixels, so that a face fills the crop alike at 0.4 m and 1.5 m and from every sensor.
    Readings further than `DEPTH_RANGE_MM` in front of or behind the tip are left out before resampling, and missing
    ones are ignored, since averaging across a gap invents a surface.

    Args:
        depth_mm: (H, W) float32, NaN = no reading.
        nose_mm: tip (x, y, z) in camera axes.

    Raises:
        ValueError: if the nose tip is not in front of the camera.

    Source: nose-tip cropping after Led3D (Mu et al., CVPR 2019, section 3), made metric.
    """
    if not nose_mm[2] > 0:
        raise ValueError(f"the nose tip must lie in front of the camera, not at {nose_mm}")
    crop = crop_intrinsics(intrinsics, nose_mm, window_mm, size_px)
    fold = max(1, math.ceil(intrinsics.fx / crop.fx))
    relative = depth_mm - np.float32(nose_mm[2])
    near = np.abs(relative) <= DEPTH_RANGE_MM  # False for NaN
    matrix = _frame_from_crop(intrinsics, crop, fold)
    side = (size_px * fold, size_px * fold)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    value = cv2.warpAffine(np.where(near, relative, np.float32(0)), matrix, side, flags=flags)
    weight = cv2.warpAffine(near.astype(np.float32), matrix, side, flags=flags)
    if fold > 1:
        value = cv2.resize(value, (size_px, size_px), interpolation=cv2.INTER_AREA)
        weight = cv2.resize(weight, (size_px, size_px), interpolation=cv2.INTER_AREA)
    depth = np.full((size_px, size_px), np.nan, np.float32)
    valid = weight >= MIN_VALID_WEIGHT
    depth[valid] = value[valid] / weight[valid] + np.float32(nose_mm[2])
    depth.setflags(write=False)
    return FaceCrop(depth, crop, nose_mm, window_mm)


def paste(
    values: NDArray[np.float32], crop: Intrinsics, frame: Intrinsics
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Bring a picture of the crop back into the frame's own pixels.

    Args:
        values: (S, S) or (S, S, C) float32, NaN = nothing.

    Returns:
        (H, W[, C]) float32 and the (H, W) mask of pixels that lie on values; elsewhere NaN.
    """
    known = ~np.isnan(values if values.ndim == 2 else values[..., 0])
    matrix = cv2.invertAffineTransform(_frame_from_crop(frame, crop))
    size = (frame.width, frame.height)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    weight = cv2.warpAffine(known.astype(np.float32), matrix, size, flags=flags)
    out = cv2.warpAffine(np.nan_to_num(values), matrix, size, flags=flags)
    mask = weight >= MIN_VALID_WEIGHT
    scale = np.where(mask, weight, np.float32(np.nan))
    out = out / (scale if values.ndim == 2 else scale[..., None])
    return out, mask
