"""What is worn or held before a face, and how it is made to fit a head.

Axes as in `training/crowd.py`: camera axes about the tip of the nose of an upright frontal head.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from training import crowd
from training.mesh import Mesh
from training.props import Rng

CELL_MM, REACH_MM = 4.0, 100.0  # of the relief of a face that things are fitted to
BEHIND_FACE_MM = 70.0  # what lies further back than this is no part of the face
DRAPE_MM = 2.0  # cloth lies this far from the skin


@dataclass(frozen=True, eq=False, slots=True)
class Cover:
    """One thing before a face.

    fit: "held" stays where it is, "rests" is moved along z until it lies on the face, "drapes" is cloth that the face
         pushes out
    """

    mesh: Mesh
    fit: Literal["held", "rests", "drapes"] = "held"


OCCLUDERS: dict[str, Callable[[Rng], Cover]] = {
    "hand": lambda rng: Cover(crowd.covering_hand(rng)),
    "glasses": lambda rng: Cover(crowd.glasses(rng), "rests"),
    "mask": lambda rng: Cover(crowd.mask(rng), "drapes"),
    "scarf": lambda rng: Cover(crowd.scarf(rng)),
    "long hair": lambda rng: Cover(crowd.long_hair(rng)),
}


def fitted(cover: Cover, head_mm: NDArray[np.float32]) -> Mesh:
    """The thing on this head.

    Args:
        head_mm: (N, 3) vertices of the head, in the axes of the cover.
    """
    if cover.fit == "held":
        return cover.mesh
    points = cover.mesh.vertices_mm.copy()
    face = _face_depth(head_mm)
    row, column = _cells(points)
    inside = (np.maximum(np.abs(points[:, 0]), np.abs(points[:, 1])) < REACH_MM) & (points[:, 2] < BEHIND_FACE_MM)
    under = np.where(inside, face[row, column], np.inf).astype(np.float32)
    if cover.fit == "drapes":
        points[:, 2] = np.minimum(points[:, 2], under - np.float32(DRAPE_MM))
    elif np.isfinite(under).any():
        points[:, 2] -= np.quantile((points[:, 2] - under)[np.isfinite(under)], 0.9)
    return Mesh(points, cover.mesh.triangles)


def _cells(points_mm: NDArray[np.float32]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Row and column of points in the relief of the face."""
    last = int(2 * REACH_MM / CELL_MM) - 1
    column, row = np.clip((points_mm[:, :2] + np.float32(REACH_MM)) / np.float32(CELL_MM), 0, last).astype(np.intp).T
    return row, column


def _face_depth(head_mm: NDArray[np.float32]) -> NDArray[np.float32]:
    """Nearest depth in every cell and its neighbours; infinite where there is no face."""
    side = int(2 * REACH_MM / CELL_MM)
    face = np.full((side, side), np.inf, np.float32)
    near = head_mm[(head_mm[:, 2] < BEHIND_FACE_MM) & (np.abs(head_mm[:, :2]) < REACH_MM).all(1)]
    np.minimum.at(face, _cells(near), near[:, 2])
    nearest: NDArray[np.float32] = cv2.erode(face, np.ones((3, 3), np.uint8))
    return nearest
