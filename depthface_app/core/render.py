"""Depth maps of triangle meshes, for the simulated camera, for training and for canonical views."""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from depthface_app.core.frame import Intrinsics

NEAR_MM = 50.0
FAR_MM = 20_000.0
GL_FROM_CAMERA = np.diag((1.0, -1.0, -1.0, 1.0)).astype(np.float32)


def _settings() -> cv2.TriangleRasterizeSettings:
    settings = cv2.TriangleRasterizeSettings()
    settings.setShadingType(cv2.RASTERIZE_SHADING_FLAT)
    settings.setCullingMode(cv2.RASTERIZE_CULLING_NONE)
    settings.setGlCompatibleMode(cv2.RASTERIZE_COMPAT_DISABLED)
    return settings


_SETTINGS = _settings()


def _centred(vertices_mm: NDArray[np.float32], intrinsics: Intrinsics) -> NDArray[np.float32]:
    """Shear and stretch the scene so that a centred pinhole with square pixels of fy sees it as `intrinsics` does.

    OpenCV's rasteriser knows only a vertical field of view. z is untouched, so its depth stays metric.
    Its pixel (0, 0) covers [0, 1) with the optical axis at (width / 2, height / 2), while ours has pixel centres on
    whole numbers, so that axis is at cx = (width - 1) / 2.
    """
    z = vertices_mm[:, 2]
    out = np.empty_like(vertices_mm)
    out[:, 0] = vertices_mm[:, 0] * (intrinsics.fx / intrinsics.fy)
    out[:, 0] += z * ((intrinsics.cx - (intrinsics.width - 1) / 2) / intrinsics.fy)
    out[:, 1] = vertices_mm[:, 1] + z * ((intrinsics.cy - (intrinsics.height - 1) / 2) / intrinsics.fy)
    out[:, 2] = z
    return out


def render_depth(
    vertices_mm: NDArray[np.float32],
    triangles: NDArray[np.int32],
    intrinsics: Intrinsics,
    depth_mm: NDArray[np.float32] | None = None,
) -> NDArray[np.float32]:
    """Rasterise a mesh into a depth map, over `depth_mm` when given.

    Args:
        vertices_mm: (N, 3) float32 in camera axes.
        triangles: (M, 3) int32.
        depth_mm: (H, W) float32 of what is already there, NaN = nothing; not changed.

    Returns:
        (H, W) float32 mm along z, NaN where nothing was hit.
    """
    shape = (intrinsics.height, intrinsics.width)
    buffer = np.full(shape, FAR_MM, np.float32) if depth_mm is None else np.nan_to_num(depth_mm, nan=FAR_MM)
    fov_y_rad = 2.0 * math.atan(intrinsics.height / (2.0 * intrinsics.fy))
    vertices = np.ascontiguousarray(_centred(vertices_mm, intrinsics))
    triangles = np.ascontiguousarray(triangles, np.int32)
    buffer = cv2.triangleRasterizeDepth(
        vertices, triangles, buffer, GL_FROM_CAMERA, fov_y_rad, NEAR_MM, FAR_MM, _SETTINGS
    )
    buffer[buffer >= FAR_MM] = np.nan
    return buffer


def render_lit(
    vertices_mm: NDArray[np.float32],
    triangles: NDArray[np.int32],
    reflectance: NDArray[np.float32],
    intrinsics: Intrinsics,
    depth_mm: NDArray[np.float32],
    reflected: NDArray[np.float32],
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Rasterise a mesh into a scene that has a surface in every pixel, with how much light each surface sends back.

    Args:
        vertices_mm: (N, 3) float32 in camera axes.
        triangles: (M, 3) int32.
        reflectance: (N,) float32 in [0, 1]; a triangle takes that of its first corner.
        depth_mm: (H, W) float32 of what is already there; drawn over.
        reflected: (H, W, 3) float32 of what is already there, the same in all three channels; drawn over.

    Returns:
        Depth and reflectance after drawing, the given arrays where those were contiguous.
    """
    colours = np.repeat(reflectance[:, None], 3, axis=1)
    vertices = np.ascontiguousarray(_centred(vertices_mm, intrinsics))
    fov_y_rad = 2.0 * math.atan(intrinsics.height / (2.0 * intrinsics.fy))
    triangles = np.ascontiguousarray(triangles, np.int32)
    reflected, depth_mm = cv2.triangleRasterize(
        vertices, triangles, colours, reflected, depth_mm, GL_FROM_CAMERA, fov_y_rad, NEAR_MM, FAR_MM, _SETTINGS
    )
    return depth_mm, reflected
