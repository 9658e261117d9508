"""Every face as if it looked straight ahead: registered to a mean face, then seen along parallel rays.

A recogniser that is shown registered faces need not learn what turning a head does, and it is shown the same window of
the head whatever the locator's error was.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from depthface_app.core.crop import DEPTH_RANGE_MM, SIZE_PX, WINDOW_MM
from depthface_app.core.face import HeadPose
from depthface_app.core.frame import Intrinsics
from depthface_app.core.normals import normals
from depthface_app.core.render import render_depth

FAR_AWAY_MM = 10_000.0  # rays from here are parallel within 0.6° over the window
NEAREST_MM, FARTHEST_MM = FAR_AWAY_MM - 500, FAR_AWAY_MM + 500  # close about the face: else depth comes in steps
STEP_MM = WINDOW_MM / SIZE_PX
LARGEST_STEP_MM = 12.0  # neighbours further apart in depth than this are not one surface
ITERATIONS = 8
FIRST_GATE_MM, LAST_GATE_MM = 18.0, 5.0  # residuals beyond the gate do not pull
LEAST_POINTS = 100  # with fewer there is nothing to register
FACE_HALF_WIDTH_MM, FACE_TOP_MM, FACE_BOTTOM_MM = 68.0, -50.0, 42.0  # what is registered: no hair, no moving jaw
CANONICAL = Intrinsics(
    SIZE_PX, SIZE_PX, FAR_AWAY_MM / STEP_MM, FAR_AWAY_MM / STEP_MM, (SIZE_PX - 1) / 2, (SIZE_PX - 1) / 2
)


@dataclass(frozen=True, eq=False, slots=True)
class MeanFace:
    """The face that all others are laid onto, frontal, its nose tip in the middle.

    depth_mm: (S, S) float32 relative to its nose tip, NaN = nothing
    normals:  (S, S, 3) float32
    stacked:  (S, S, 4) float32, both, so that one look-up finds them
    """

    depth_mm: NDArray[np.float32]
    normals: NDArray[np.float32]
    stacked: NDArray[np.float32]

    @classmethod
    def of_depth(cls, depth_mm: NDArray[np.float32]) -> "MeanFace":
        """With the normals that its depth has."""
        surface = normals(depth_mm + np.float32(FAR_AWAY_MM), CANONICAL)
        return cls(depth_mm, surface, np.dstack((depth_mm, surface)))


@dataclass(frozen=True, eq=False, slots=True)
class CanonicalFace:
    """A registered face as the recogniser reads it.

    depth:    (1, S, S) float32 in network range relative to the mean face's nose tip, 0 where unseen
    normals:  (3, S, S) float32, 0 where unseen
    valid:    (1, S, S) float32, 1 where seen
    residual_mm: median distance to the mean face after registration: large when it is no face, or badly turned
    rotation: (3, 3) from the canonical to the camera's axes
    """

    depth: NDArray[np.float32]
    normals: NDArray[np.float32]
    valid: NDArray[np.float32]
    residual_mm: float
    rotation: NDArray[np.float64]


def look_up(mean: MeanFace, points: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Depth (N,) and normal (N, 3) of the mean face at the (x, y) of points; NaN outside it."""
    at = (points[:, :2] / STEP_MM + (SIZE_PX - 1) / 2).astype(np.float32)
    found = cv2.remap(
        mean.stacked,
        at[:, None, 0],
        at[:, None, 1],
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=[np.nan] * 4,
    )[:, 0]
    return found[:, 0], found[:, 1:]


def _small_rotation(w: NDArray[np.float64]) -> NDArray[np.float64]:
    return cv2.Rodrigues(w)[0]


def _rows(points: NDArray[np.float32], normal: NDArray[np.float32]) -> NDArray[np.float32]:
    """(N, 6) how each residual changes with a small turn and shift: point × normal, and the normal."""
    x, y, z = points.T
    u, v, w = normal.T
    rows = np.empty((len(points), 6), np.float32)
    rows[:, 0], rows[:, 1], rows[:, 2] = y * w - z * v, z * u - x * w, x * v - y * u
    rows[:, 3:] = normal
    return rows


def register(
    points_mm: NDArray[np.float32], rotation: NDArray[np.float64], mean: MeanFace
) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
    """Lay points of a face onto the mean face.

    Args:
        points_mm: (N, 3) float32 relative to the estimated nose tip, camera axes.
        rotation: (3, 3) first guess, from canonical to camera axes.

    Returns:
        Rotation (3, 3) and translation (3,) mm with canonical = rotation.T @ point + translation, and the median
        absolute residual in mm.

    Source: point-to-plane ICP, Chen & Medioni, Image and Vision Computing 10(3), 1992, with projective correspondence
    (Blais & Levine, IEEE PAMI 17(8), 1995) and Tukey's biweight as gate.
    """
    to_canonical, shift = rotation.T.copy(), np.zeros(3)
    residual = np.full(1, np.inf, np.float32)
    for gate_mm in np.geomspace(FIRST_GATE_MM, LAST_GATE_MM, ITERATIONS).astype(np.float32):
        moved = points_mm @ to_canonical.T.astype(np.float32) + shift.astype(np.float32)
        x, y = moved[:, 0], moved[:, 1]
        moved = moved[(np.abs(x) < FACE_HALF_WIDTH_MM) & (y > FACE_TOP_MM) & (y < FACE_BOTTOM_MM)]
        if len(moved) < LEAST_POINTS:
            break
        depth, normal = look_up(mean, moved)
        distance = (moved[:, 2] - depth) * normal[:, 2]
        near = np.abs(distance) < gate_mm  # never where the mean face is unknown
        if np.count_nonzero(near) < LEAST_POINTS:
            break
        residual = distance[near]
        rows = _rows(moved[near], normal[near])
        weighted = rows * ((1 - (residual / gate_mm) ** 2) ** 2)[:, None]
        normal_matrix = (weighted.T @ rows).astype(np.float64) + 1e-3 * np.eye(6)
        change = np.linalg.solve(normal_matrix, -(weighted.T @ residual).astype(np.float64))
        turn = _small_rotation(change[:3])
        to_canonical, shift = turn @ to_canonical, turn @ shift + change[3:]
    residual_mm = float(np.median(np.abs(residual)))
    return to_canonical.T, shift, residual_mm


def _grid_triangles() -> NDArray[np.int32]:
    """Vertex numbers (N, 6) of the two triangles of every cell of the grid."""
    index = np.arange(SIZE_PX * SIZE_PX, dtype=np.int32).reshape(SIZE_PX, SIZE_PX)
    a, b, c, d = index[:-1, :-1], index[1:, :-1], index[1:, 1:], index[:-1, 1:]
    return np.stack((a, b, c, a, c, d), -1).reshape(-1, 6)


_TRIANGLES = _grid_triangles()


def _mesh(depth: NDArray[np.float32]) -> NDArray[np.int32]:
    """Triangles (M, 3) of a depth grid with NaN holes, none across a hole or a step in depth."""
    a, b, c, d = depth[:-1, :-1], depth[1:, :-1], depth[1:, 1:], depth[:-1, 1:]
    highest = np.maximum(np.maximum(a, b), np.maximum(c, d))  # NaN wherever one of the four is
    lowest = np.minimum(np.minimum(a, b), np.minimum(c, d))
    return _TRIANGLES[(highest - lowest < LARGEST_STEP_MM).ravel()].reshape(-1, 3)


def canonical_face(
    depth_mm: NDArray[np.float32],
    intrinsics: Intrinsics,
    nose_mm: tuple[float, float, float],
    pose: HeadPose,
    mean: MeanFace,
) -> CanonicalFace:
    """Register a (denoised) crop to the mean face and look at it from straight ahead.

    Args:
        depth_mm: (S, S) float32, NaN = no surface.
        intrinsics: pinhole of the crop.
        nose_mm: estimated nose tip, camera axes; a few mm of error do no harm.
        pose: estimated pose; about 15° of error do no harm.
    """
    points = intrinsics.back_project(depth_mm) - np.asarray(nose_mm, np.float32)
    valid = ~np.isnan(depth_mm)
    sparse = points[::2, ::2][valid[::2, ::2]]
    rotation, shift, residual_mm = register(sparse, pose.matrix(), mean)
    flat = np.nan_to_num(points.reshape(-1, 3)) @ rotation.astype(np.float32) + shift.astype(np.float32)
    flat[:, 2] += np.float32(FAR_AWAY_MM)
    flat[:, :2] *= flat[:, 2:] / np.float32(FAR_AWAY_MM)  # parallel rays
    seen = render_depth(flat, _mesh(points[..., 2]), CANONICAL, near_mm=NEAREST_MM, far_mm=FARTHEST_MM)
    relative = (seen - np.float32(FAR_AWAY_MM)) / np.float32(DEPTH_RANGE_MM)
    surface = normals(seen, CANONICAL)
    known = np.isfinite(surface[..., 0]) & (np.abs(relative) < 1)
    return CanonicalFace(
        np.where(known, relative, np.float32(0))[None],
        np.where(known[..., None], surface, np.float32(0)).transpose(2, 0, 1).copy(),
        known[None].astype(np.float32),
        residual_mm,
        rotation,
    )
