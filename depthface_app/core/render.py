"""Depth maps of triangle meshes, for the simulated camera, for training and for canonical views."""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from depthface_app.core.frame import Intrinsics

FloatImage = NDArray[np.float32]

NEAR_MM = 50.0
FAR_MM = 20_000.0
GL_FROM_CAMERA = np.diag((1.0, -1.0, -1.0, 1.0)).astype(np.float32)


def _settings(depth: int) -> cv2.TriangleRasterizeSettings:
    settings = cv2.TriangleRasterizeSettings()
    settings.setShadingType(cv2.RASTERIZE_SHADING_FLAT)
    settings.setCullingMode(cv2.RASTERIZE_CULLING_NONE)
    settings.setGlCompatibleMode(depth)
    return settings


_TO_METRIC = _settings(cv2.RASTERIZE_COMPAT_DISABLED)
_AS_BUFFERED = _settings(cv2.RASTERIZE_COMPAT_INVDEPTH)


def _world_to_view(intrinsics: Intrinsics) -> FloatImage:
    """Shear and stretch (4, 4) after which a centred pinhole with square pixels of fy sees as `intrinsics` does.

    OpenCV's rasteriser knows only a vertical field of view. z is untouched, so its depth stays metric.
    Its pixel (0, 0) covers [0, 1) with the optical axis at (width / 2, height / 2), while ours has pixel centres on
    whole numbers, so that axis is at cx = (width - 1) / 2.
    """
    shear = np.eye(4, dtype=np.float32)
    shear[0, 0] = intrinsics.fx / intrinsics.fy
    shear[0, 2] = (intrinsics.cx - (intrinsics.width - 1) / 2) / intrinsics.fy
    shear[1, 2] = (intrinsics.cy - (intrinsics.height - 1) / 2) / intrinsics.fy
    return GL_FROM_CAMERA @ shear


def _fov_y_rad(intrinsics: Intrinsics) -> float:
    return 2.0 * math.atan(intrinsics.height / (2.0 * intrinsics.fy))


def render_depth(
    vertices_mm: NDArray[np.float32],
    triangles: NDArray[np.int32],
    intrinsics: Intrinsics,
    depth_mm: NDArray[np.float32] | None = None,
    near_mm: float = NEAR_MM,
    far_mm: float = FAR_MM,
) -> NDArray[np.float32]:
    """Rasterise a mesh into a depth map, over `depth_mm` when given.

    Args:
        vertices_mm: (N, 3) float32 in camera axes.
        triangles: (M, 3) int32.
        depth_mm: (H, W) float32 of what is already there, NaN = nothing; not changed.
        near_mm, far_mm: nothing nearer or farther is drawn. The rasteriser keeps 24 bits of 1/z between the two: far
            from the camera depth comes in steps of about 6e-8·z²/near_mm, 0.12 mm at 10 m from the default planes.

    Returns:
        (H, W) float32 mm along z, NaN where nothing was hit.
    """
    shape = (intrinsics.height, intrinsics.width)
    buffer = np.full(shape, far_mm, np.float32) if depth_mm is None else np.nan_to_num(depth_mm, nan=far_mm)
    vertices, triangles = np.ascontiguousarray(vertices_mm, np.float32), np.ascontiguousarray(triangles, np.int32)
    view = (_world_to_view(intrinsics), _fov_y_rad(intrinsics), near_mm, far_mm, _TO_METRIC)
    buffer = cv2.triangleRasterizeDepth(vertices, triangles, buffer, *view)
    buffer[buffer >= far_mm] = np.nan
    return buffer


def buffered(depth_mm: FloatImage) -> FloatImage:
    """Depth (H, W) in mm as the rasteriser keeps it: 0 at NEAR_MM, 1 at FAR_MM, and linear in 1 / z between."""
    buffer: FloatImage = (np.float32(1 / NEAR_MM) - np.float32(1) / depth_mm) * np.float32(
        1 / (1 / NEAR_MM - 1 / FAR_MM)
    )
    return buffer


def unbuffered(buffer: FloatImage) -> FloatImage:
    """The depth (H, W) in mm of a rasteriser's buffer."""
    depth_mm: FloatImage = np.float32(1) / (np.float32(1 / NEAR_MM) - np.float32(1 / NEAR_MM - 1 / FAR_MM) * buffer)
    return depth_mm


def draw_lit(
    vertices_mm: FloatImage,
    triangles: NDArray[np.int32],
    reflectance: FloatImage,
    intrinsics: Intrinsics,
    buffer: FloatImage,
    reflected: FloatImage,
) -> None:
    """Draw a mesh into a scene, with how much light each surface sends back. The rasteriser's own buffer is drawn on.

    Args:
        vertices_mm: (N, 3) float32 in camera axes, contiguous.
        triangles: (M, 3) int32, contiguous.
        reflectance: (N, 3) float32 in [0, 1], the same in all three columns; a triangle takes its first corner's.
        buffer: (H, W) float32 of what is already there, see `buffered`; drawn over in place.
        reflected: (H, W, 3) float32 of what is already there, the same in all three channels; drawn over in place.
    """
    view = (_world_to_view(intrinsics), _fov_y_rad(intrinsics), NEAR_MM, FAR_MM, _AS_BUFFERED)
    cv2.triangleRasterize(vertices_mm, triangles, reflectance, reflected, buffer, *view)
