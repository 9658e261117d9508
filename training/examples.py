"""Pictures of what a network makes while it learns, for TensorBoard."""

from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray
from torch import nn

from depthface_app.core.colour import colour_error, colour_normals
from depthface_app.core.crop import DEPTH_RANGE_MM
from depthface_app.core.depth import from_range
from depthface_app.core.normals import normals
from training.pairs import Pair

ERROR_LIMIT_MM = 6.0  # at which the colours of the error end


@runtime_checkable
class Illustrated(Protocol):
    """A task that can show what its network makes."""

    def pictures(self, model: nn.Module) -> dict[str, NDArray[np.uint8]]:
        """(H, W, 3) RGB by name, of people that are never trained on."""
        ...


def denoised_row(pair: Pair, depth: NDArray[np.float32]) -> NDArray[np.uint8]:
    """(S, 4 S, 3) RGB: normals of what the sensor saw, of the denoised and of the true surface, and the signed error.

    Args:
        depth: (S, S) denoised, in network range.
    """
    nose_z_mm = pair.crop.nose_mm[2]
    surfaces = (
        np.where(pair.input.valid[0] > 0, pair.input.depth[0], np.float32(np.nan)),
        depth,
        np.where(pair.surface[0] > 0, pair.target[0], np.float32(np.nan)),
    )
    shown = [colour_normals(normals(from_range(s, nose_z_mm), pair.crop.intrinsics)) for s in surfaces]
    return np.hstack((*shown, colour_error((depth - surfaces[2]) * np.float32(DEPTH_RANGE_MM), ERROR_LIMIT_MM)))
