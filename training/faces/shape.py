"""What every face generator returns, and how a head is placed in front of a camera."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from depthface_app.core.face import HeadPose

if TYPE_CHECKING:  # covers are made of the crowd's meshes, and the crowd is made of faces
    from training.covers import Cover

CAMERA_FROM_MODEL = np.array((1.0, -1.0, -1.0), np.float32)  # model: x to the subject's left, y up, z out of the face


@dataclass(frozen=True, eq=False, slots=True)
class Identity:
    """One person of one generator; which numbers it holds is the generator's own affair.

    coefficients: (K,) float32 weights of the generator's identity modes
    stretch:      (3,) float32 factors along x, y, z
    detail:       (D,) float32 weights of identity-specific detail that the modes lack
    """

    coefficients: NDArray[np.float32]
    stretch: NDArray[np.float32]
    detail: NDArray[np.float32]


@dataclass(frozen=True, eq=False, slots=True)
class Appearance:
    """What changes from day to day on one person.

    expression: (E,) float32 weights in [0, 1]
    fringe_mm:  height of the hairline above the tip of the nose; smaller hides more of the forehead
    hair_mm:    thickness of the hair, 0 = bald
    beard_mm:   thickness of the beard, 0 = shaved
    texture:    seed of the hair's and beard's relief
    weight_mm:  how far the fullest part of cheeks and chin stands out more than usual; negative = thinner
    covers:     what is worn or held before the face; None leaves it to the scene, which puts something before one face
                in ten
    """

    expression: NDArray[np.float32]
    fringe_mm: float = 200.0
    hair_mm: float = 0.0
    beard_mm: float = 0.0
    texture: int = 0
    weight_mm: float = 0.0
    covers: "tuple[Cover, ...] | None" = None


class FaceGenerator(Protocol):
    """A family of faces that share one topology.

    grows_hair: whether hair and beard of an appearance change the surface
    """

    triangles: NDArray[np.int32]
    nose_tip: int
    grows_hair: bool

    def sample_identity(self, rng: np.random.Generator) -> Identity:
        """A new person."""
        ...

    def sample_expression(self, rng: np.random.Generator) -> NDArray[np.float32]:
        """Weights of a random expression."""
        ...

    def vertices(self, identity: Identity, appearance: Appearance) -> NDArray[np.float32]:
        """(N, 3) float32 mm in model axes."""
        ...

    def facing(self, pose: HeadPose, nose_mm: tuple[float, float, float]) -> NDArray[np.int32]:
        """(K, 3) the triangles that a camera may see of a head placed like this, or all."""
        ...

    def neutral_shape(self, identity: Identity) -> NDArray[np.float32]:
        """(K, 3) float32 mm of points spread over the neutral, shaved face, the same points for everybody."""
        ...


def place(
    vertices_mm: NDArray[np.float32], nose_tip: int, pose: HeadPose, nose_mm: tuple[float, float, float]
) -> NDArray[np.float32]:
    """Turn a head by `pose` about its nose tip and put that tip at `nose_mm` in camera axes."""
    turn = pose.matrix() * CAMERA_FROM_MODEL
    shift = np.asarray(nose_mm) - turn @ vertices_mm[nose_tip]
    placed = cv2.transform(vertices_mm[:, None].astype(np.float32, copy=False), np.column_stack((turn, shift)))
    return np.asarray(placed[:, 0], np.float32)
