"""People who differ: seeds whose neutral faces are not nearly the same as one chosen before."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from training.faces.shape import FaceGenerator
from training.seeds import generator

LEAST_DIFFERENCE_MM = 1.0


def rigid_residual_mm(points_mm: NDArray[np.float32], others_mm: NDArray[np.float32]) -> NDArray[np.float64]:
    """RMS distance in mm of corresponding points after the best rigid motion.

    Args:
        points_mm: (K, 3).
        others_mm: (N, K, 3).

    Returns:
        (N,).

    Source: least squares by singular values, Kabsch, Acta Crystallographica A32, 1976.
    """
    a = points_mm - points_mm.mean(0)
    b = others_mm - others_mm.mean(1, keepdims=True)
    covariance = np.einsum("ki,nkj->nij", a, b, dtype=np.float64)
    singular = np.linalg.svd(covariance, compute_uv=False)
    singular[:, 2] *= np.sign(np.linalg.det(covariance))
    squared = (a**2).sum(dtype=np.float64) + (b**2).sum((1, 2), dtype=np.float64) - 2 * singular.sum(1)
    return np.sqrt(np.maximum(squared, 0) / len(a))


def distinct_seeds(
    shape_of: Callable[[int], NDArray[np.float32]], first_seed: int, count: int, least_mm: float = LEAST_DIFFERENCE_MM
) -> list[int]:
    """The first `count` seeds from `first_seed` on, without near duplicates of an earlier one.

    Args:
        shape_of: neutral, shaved face (K, 3) mm of a seed.
        least_mm: a seed is left out when its face lies nearer than this, RMS, to one already chosen.
    """
    seeds: list[int] = []
    shapes: list[NDArray[np.float32]] = []
    seed = first_seed
    while len(seeds) < count:
        shape = shape_of(seed)
        if not shapes or rigid_residual_mm(shape, np.stack(shapes)).min() >= least_mm:
            seeds.append(seed)
            shapes.append(shape)
        seed += 1
    return seeds


def distinct_people(faces: FaceGenerator, first_seed: int, count: int) -> list[int]:
    """Identity seeds of people who differ, as `faces.sample_identity(generator(seed))` draws them."""
    return distinct_seeds(lambda k: faces.neutral_shape(faces.sample_identity(generator(k))), first_seed, count)
