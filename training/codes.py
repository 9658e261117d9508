"""What a recogniser may be asked to tell of a person besides who it is: several hundred numbers per sample."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from training.faces.ict import IctModel
from training.faces.shape import Identity
from training.seeds import generator

SHAPE_POINTS = 256  # vertices whose neutral places are to be told
Code = Callable[[Identity], NDArray[np.float32]]


class ShapeCode:
    """A person's neutral shape as numbers of about unit size: places of some vertices, aligned to the mean face."""

    def __init__(self, faces: IctModel) -> None:
        """Choose the vertices and measure how far each varies over people."""
        self.faces = faces
        rng = generator(7)
        front = np.flatnonzero((faces.mean[:, 2] > 60) & (faces.mean[:, 1] > -75) & (faces.mean[:, 1] < 95))
        self.points = rng.choice(front, SHAPE_POINTS, replace=False)
        self._mean = faces.mean[self.points]
        self._scale = 1.0
        codes = [self(faces.sample_identity(generator(8, k))) for k in range(64)]
        self._scale = float(np.std(codes))

    def __call__(self, identity: Identity) -> NDArray[np.float32]:
        """(3 · SHAPE_POINTS,) float32."""
        points = self.faces.neutral_points(identity, self.points)
        centred, goal = points - points.mean(0), self._mean - self._mean.mean(0)
        u, _, vt = np.linalg.svd(centred.T @ goal)
        return ((centred @ (u @ vt) - goal) / self._scale).ravel().astype(np.float32)


class CoefficientCode:
    """A person's coefficients in the face model, each weighted by how far its mode moves the face.

    Unlike the neutral shape, this leaves out what the modes lack: the identity's own detail and stretch.
    """

    def __init__(self, faces: IctModel) -> None:
        """Measure the modes on the front of the head."""
        front = np.flatnonzero(faces.mean[:, 2] > 60)
        modes = faces.id_basis.reshape(len(faces.id_basis), -1, 3)[:, front]
        size_mm = np.sqrt((modes**2).sum(2).mean(1))
        self._weight = (size_mm / np.sqrt((size_mm**2).mean())).astype(np.float32)

    def __call__(self, identity: Identity) -> NDArray[np.float32]:
        """(K,) float32, of unit size over people."""
        return identity.coefficients * self._weight


CODES: dict[str, Callable[[IctModel], Code]] = {"shape": ShapeCode, "coefficients": CoefficientCode}


def code_length(faces: IctModel, told: str) -> int:
    """How many numbers a code has."""
    return 3 * SHAPE_POINTS if told == "shape" else len(faces.id_basis)
