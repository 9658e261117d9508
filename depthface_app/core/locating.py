"""What the two networks of the locator read: the whole frame in small, and a window that looks straight at a face."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from depthface_app.core.crop import MIN_VALID_WEIGHT
from depthface_app.core.frame import Intrinsics
from depthface_app.core.normals import normals

OVERVIEW_FOCAL_PX = 120.0
OVERVIEW_FAR_MM = 2000.0
OVERVIEW_BLOCK_PX = 16  # the network halves the picture four times
ALIGNER_WINDOW_MM = 280.0
ALIGNER_SIZE_PX = 64
ALIGNER_DEPTH_MM = 140.0  # half the depth kept around the centre of the window
_RELATIVE_SCALE_MM = 100.0
_NEAR_SCALE_MM = 300.0
_MIN_OVERVIEW_WEIGHT = 0.3


@dataclass(frozen=True, eq=False, slots=True)
class Overview:
    """The frame at one focal length for all sensors, so that a face at 1 m is equally large from each of them.

    depth_mm: (h, w) float32, NaN = no reading or beyond OVERVIEW_FAR_MM; h and w are multiples of OVERVIEW_BLOCK_PX
    """

    depth_mm: NDArray[np.float32]
    intrinsics: Intrinsics


@dataclass(frozen=True, eq=False, slots=True)
class LookAt:
    """A picture by a camera turned in place so that it looks straight at a point.

    A face at the border of a wide picture is seen as one in its middle, so the network needs no knowledge of where it
    stood.

    depth_mm:   (S, S) float32 along the turned axis, NaN = no reading
    rotation:   (3, 3) from the turned camera's axes to the real camera's
    distance_mm: of the point, which is the middle of the window
    """

    depth_mm: NDArray[np.float32]
    intrinsics: Intrinsics
    rotation: NDArray[np.float64]
    distance_mm: float


def overview(depth_mm: NDArray[np.float32], intrinsics: Intrinsics) -> Overview:
    """Shrink a depth map, averaging only over readings within reach.

    Args:
        depth_mm: (H, W) float32, NaN or 0 = no reading.
    """
    near = (depth_mm > 0) & (depth_mm < OVERVIEW_FAR_MM)
    width = max(1, round(intrinsics.width * OVERVIEW_FOCAL_PX / intrinsics.fx))
    height = max(1, round(intrinsics.height * OVERVIEW_FOCAL_PX / intrinsics.fy))
    value = cv2.resize(np.where(near, depth_mm, np.float32(0)), (width, height), interpolation=cv2.INTER_AREA)
    weight = cv2.resize(near.astype(np.float32), (width, height), interpolation=cv2.INTER_AREA)
    padded = np.full(
        [-(-side // OVERVIEW_BLOCK_PX) * OVERVIEW_BLOCK_PX for side in (height, width)], np.nan, np.float32
    )
    valid = weight >= _MIN_OVERVIEW_WEIGHT
    padded[:height, :width][valid] = value[valid] / weight[valid]
    return Overview(padded, _shrunk(intrinsics, (height, width), padded.shape))


def _shrunk(full: Intrinsics, size: tuple[int, int], padded: tuple[int, ...]) -> Intrinsics:
    """Pinhole of the whole picture resized to (height, width) `size` and padded at the right and below."""
    across, down = size[1] / full.width, size[0] / full.height
    centre = (full.cx + 0.5) * across - 0.5, (full.cy + 0.5) * down - 0.5
    return Intrinsics(padded[1], padded[0], full.fx * across, full.fy * down, *centre)


def overview_input(depth_mm: NDArray[np.float32], intrinsics: Intrinsics) -> NDArray[np.float32]:
    """(6, h, w) float32: distance, nearness, normal, validity; 0 where there is no reading."""
    out = np.empty((6, *depth_mm.shape), np.float32)
    valid = ~np.isnan(depth_mm)
    out[0] = depth_mm * np.float32(1e-3) - 1
    out[1] = _NEAR_SCALE_MM / depth_mm - np.float32(0.3)
    out[2:5] = normals(depth_mm, intrinsics).transpose(2, 0, 1)
    out[5] = valid
    return np.nan_to_num(out, copy=False)


def look_rotation(point_mm: NDArray[np.floating]) -> NDArray[np.float64]:
    """(3, 3) whose columns are the axes of a camera that looks at the point and keeps its x axis level."""
    z = np.asarray(point_mm, np.float64) / np.linalg.norm(point_mm)
    x = np.array((z[2], 0.0, -z[0]))
    x /= np.linalg.norm(x)
    return np.stack((x, np.cross(z, x), z), 1)


def look_at(
    depth_mm: NDArray[np.float32],
    intrinsics: Intrinsics,
    point_mm: NDArray[np.floating],
    window_mm: float = ALIGNER_WINDOW_MM,
    size_px: int = ALIGNER_SIZE_PX,
) -> LookAt:
    """The metric window around a point, seen by the camera turned towards it.

    Turning a pinhole camera about its centre only bends the picture by a homography and rescales each depth by its own
    ray, so nothing is lost but what resampling loses. Readings further than ALIGNER_DEPTH_MM from the point are left
    out before resampling, since averaging across a gap invents a surface.

    Args:
        depth_mm: (H, W) float32, NaN or 0 = no reading.

    Raises:
        ValueError: if the point is not in front of the camera.

    Source: Hartley & Zisserman, Multiple View Geometry, 2nd ed., section 8.4 (rotating camera).
    """
    if not point_mm[2] > 0:
        raise ValueError(f"the point to look at must lie in front of the camera, not at {tuple(point_mm)}")
    rotation, distance = look_rotation(point_mm), float(np.linalg.norm(point_mm))
    focal, middle = size_px * distance / window_mm, (size_px - 1) / 2
    window = Intrinsics(size_px, size_px, focal, focal, middle, middle)
    to_frame = _matrix(intrinsics) @ rotation @ np.linalg.inv(_matrix(window))
    depth = _resampled(depth_mm, to_frame, float(point_mm[2]), size_px)
    columns, rows = window.rays()
    along = rotation[2, 0] * columns[None, :] + rotation[2, 1] * rows[:, None] + rotation[2, 2]
    relative = depth / along.astype(np.float32)
    relative[np.abs(relative - np.float32(distance)) > ALIGNER_DEPTH_MM] = np.nan
    return LookAt(relative, window, rotation, distance)


def _matrix(pinhole: Intrinsics) -> NDArray[np.float64]:
    return np.array(((pinhole.fx, 0, pinhole.cx), (0, pinhole.fy, pinhole.cy), (0, 0, 1.0)))


def _resampled(
    depth_mm: NDArray[np.float32], to_frame: NDArray[np.float64], centre_mm: float, size_px: int
) -> NDArray[np.float32]:
    """(S, S) depth under a homography from the window's pixels to the frame's, averaged where it shrinks."""
    corners = np.array(((0, 0, 1), (size_px - 1, 0, 1), (0, size_px - 1, 1), (size_px - 1, size_px - 1, 1.0)))
    placed = corners @ to_frame.T
    placed = placed[:, :2] / placed[:, 2:]
    shrink = max(1, round(float(np.sqrt(np.prod(np.ptp(placed, axis=0)))) / size_px))
    left, top = np.maximum(np.floor(placed.min(0)).astype(int) - shrink, 0)
    right, bottom = np.minimum(np.ceil(placed.max(0)).astype(int) + shrink + 1, depth_mm.shape[::-1])
    wide, high = (right - left) // shrink, (bottom - top) // shrink
    if wide < 2 or high < 2:
        return np.full((size_px, size_px), np.nan, np.float32)
    read = depth_mm[top : top + high * shrink, left : left + wide * shrink]
    part = read - np.float32(centre_mm)
    near = (np.abs(part) <= 1.5 * ALIGNER_DEPTH_MM) & (read > 0)  # False for NaN
    value, weight = np.where(near, part, np.float32(0)), near.astype(np.float32)
    if shrink > 1:
        value = cv2.resize(value, (wide, high), interpolation=cv2.INTER_AREA)
        weight = cv2.resize(weight, (wide, high), interpolation=cv2.INTER_AREA)
    inward = np.array(((1, 0, -left - (shrink - 1) / 2), (0, 1, -top - (shrink - 1) / 2), (0, 0, shrink))) / shrink
    matrix = inward @ to_frame
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    value = cv2.warpPerspective(value, matrix, (size_px, size_px), flags=flags)
    weight = cv2.warpPerspective(weight, matrix, (size_px, size_px), flags=flags)
    known = weight >= MIN_VALID_WEIGHT
    out = np.full((size_px, size_px), np.nan, np.float32)
    out[known] = value[known] / weight[known] + np.float32(centre_mm)
    return out


def look_input(window: LookAt) -> NDArray[np.float32]:
    """(5, S, S) float32: depth behind the point, normal, validity; 0 where there is no reading."""
    out = np.empty((5, *window.depth_mm.shape), np.float32)
    out[0] = (window.depth_mm - np.float32(window.distance_mm)) / np.float32(_RELATIVE_SCALE_MM)
    out[1:4] = normals(window.depth_mm, window.intrinsics).transpose(2, 0, 1)
    out[4] = ~np.isnan(window.depth_mm)
    return np.nan_to_num(out, copy=False)
