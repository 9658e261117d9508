"""Ways to look at a surface: light on it, how it bends, how rough it is, and a cut through it."""

import cv2
import numpy as np
from numpy.typing import NDArray

from depthface_app.core.frame import Intrinsics

NOISE_SIDE_PX = 7  # of the square in which noise counts as one figure
CURVATURE_SCALE_MM = 3.0  # two pixels of a crop
LEAST_SHARE = 0.3  # of that square with a figure, else there is none

Map = NDArray[np.float32]


def shaded(normals: NDArray[np.float32], light: tuple[float, float, float]) -> Map:
    """How bright a matt surface is under one far light, 0 to 1.

    Args:
        normals: (H, W, 3) unit vectors in camera axes, NaN = none.
        light: direction towards the light in camera axes, of any length; (0, 0, -1) shines from the camera.

    Returns:
        (H, W) float32, the cosine of the angle of incidence, 0 in its own shadow; NaN where no normal is.

    Source: Lambert, Photometria, 1760; Foley et al., Computer Graphics, 2nd ed., equation 16.5.
    """
    towards = np.asarray(light, np.float32) / np.float32(np.linalg.norm(light))
    return np.maximum(normals @ towards, np.float32(0))


def mean_curvature_per_m(depth_mm: NDArray[np.float32], intrinsics: Intrinsics) -> Map:
    """Mean curvature of a depth map's surface in 1/m: positive where it bulges towards the camera, 0 for a plane.

    A sphere of radius R reads 1/R: 10 /m for 100 mm. Second differences over one pixel are all noise, so the depth is
    smoothed over CURVATURE_SCALE_MM first, whatever the resolution: what is smaller is not seen.

    Args:
        depth_mm: (H, W) float32, NaN = no reading.

    Returns:
        (H, W) float32; NaN at the border and where one of the nine pixels around has no reading.

    Source: the first and second fundamental forms, do Carmo, Differential Geometry of Curves and Surfaces, section 3.3;
        a scale for derivatives: Koenderink, The structure of images, Biological Cybernetics 50, 1984.
    """
    if np.isnan(depth_mm).all():
        return np.full(depth_mm.shape, np.nan, np.float32)
    columns, rows = intrinsics.rays()
    scale_px = CURVATURE_SCALE_MM * intrinsics.fx / float(np.nanmedian(depth_mm))
    z = _smoothed(depth_mm.astype(np.float64), scale_px)
    points = np.dstack((z * columns[None, :], z * rows[:, None], z)) / 1000.0
    middle, left, right = points[1:-1, 1:-1], points[1:-1, :-2], points[1:-1, 2:]
    above, below = points[:-2, 1:-1], points[2:, 1:-1]
    p_u, p_v = (right - left) / 2, (below - above) / 2
    p_uu, p_vv = right - 2 * middle + left, below - 2 * middle + above
    p_uv = (points[2:, 2:] - points[2:, :-2] - points[:-2, 2:] + points[:-2, :-2]) / 4
    normal = np.cross(p_u, p_v)  # away from the camera, so that a bulge towards it counts as positive
    area = np.einsum("hwc,hwc->hw", normal, normal)
    e, f, g = (np.einsum("hwc,hwc->hw", a, b) for a, b in ((p_u, p_u), (p_u, p_v), (p_v, p_v)))
    second = (np.einsum("hwc,hwc->hw", each, normal) for each in (p_uu, p_uv, p_vv))
    l_uu, l_uv, l_vv = (each / np.sqrt(area) for each in second)
    out = np.full(depth_mm.shape, np.nan, np.float32)
    out[1:-1, 1:-1] = (e * l_vv - 2 * f * l_uv + g * l_uu) / (2 * area)
    return out


def _smoothed(depth_mm: NDArray[np.float64], sd_px: float) -> NDArray[np.float64]:
    """Gaussian mean of the readings around; what has no reading keeps none.

    Source: normalized convolution, Knutsson & Westin, CVPR 1993, with certainties of 0 and 1.
    """
    known = ~np.isnan(depth_mm)
    weight = cv2.GaussianBlur(known.astype(np.float64), (0, 0), sd_px, borderType=cv2.BORDER_CONSTANT)
    mean = cv2.GaussianBlur(np.nan_to_num(depth_mm), (0, 0), sd_px, borderType=cv2.BORDER_CONSTANT)
    return np.where(known, mean / np.maximum(weight, 1e-9), np.nan)


def local_noise_mm(depth_mm: NDArray[np.float32]) -> Map:
    """Standard deviation of the noise around each pixel in mm: `core.depth.noise_mm` in a small square.

    What a pixel differs from the mean of its four neighbours, as a mean over NOISE_SIDE_PX² pixels. Steps and sharp
    relief read as noise too; noise that neighbours share does not.

    Returns:
        (H, W) float32; NaN where fewer than LEAST_SHARE of the square can be compared.

    Source: Immerkaer, Fast Noise Variance Estimation, CVIU 64(2), 1996, equation 6, with the Laplacian of four
        neighbours.
    """
    residual = np.full(depth_mm.shape, np.nan, np.float32)
    around = depth_mm[:-2, 1:-1] + depth_mm[2:, 1:-1] + depth_mm[1:-1, :-2] + depth_mm[1:-1, 2:]
    residual[1:-1, 1:-1] = np.abs(depth_mm[1:-1, 1:-1] - around / 4)
    known = (~np.isnan(residual)).astype(np.float32)
    side = (NOISE_SIDE_PX, NOISE_SIDE_PX)
    total = cv2.boxFilter(np.nan_to_num(residual), -1, side, borderType=cv2.BORDER_CONSTANT)
    share = cv2.boxFilter(known, -1, side, borderType=cv2.BORDER_CONSTANT)
    is_judged = (share >= LEAST_SHARE) & ~np.isnan(depth_mm)
    mean = total / np.where(is_judged, share, np.float32(np.nan))
    return (mean * np.float32(np.sqrt(np.pi / 2) / np.sqrt(1.25))).astype(np.float32)


def profile_mm(
    depth_mm: NDArray[np.float32], start: tuple[float, float], end: tuple[float, float], samples: int
) -> Map:
    """Depth along a straight line through a picture, between pixels by straight lines.

    Args:
        start, end: (x, y) in parts of the picture, 0 to 1 from edge to edge.
        samples: how many points, evenly spaced, both ends among them.

    Returns:
        (samples,) float32 mm; NaN where one of the four pixels around has no reading.
    """
    height, width = depth_mm.shape
    parts = np.linspace(0, 1, samples)
    x = np.clip((start[0] + parts * (end[0] - start[0])) * width - 0.5, 0, width - 1)
    y = np.clip((start[1] + parts * (end[1] - start[1])) * height - 0.5, 0, height - 1)
    column = np.minimum(x.astype(int), width - 2)
    row = np.minimum(y.astype(int), height - 2)
    right, down = x - column, y - row
    above = depth_mm[row, column] * (1 - right) + depth_mm[row, column + 1] * right
    below = depth_mm[row + 1, column] * (1 - right) + depth_mm[row + 1, column + 1] * right
    return (above * (1 - down) + below * down).astype(np.float32)
