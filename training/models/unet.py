"""A plain U-Net: the comparator that any denoiser must beat.

Source: Ronneberger et al., U-Net, MICCAI 2015: two 3 × 3 convolutions per level, widths doubling at each max pooling,
2 × 2 transposed convolutions back up, skips by concatenation. Padded, so that the picture keeps its size.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from training.models.denoiser import DenoiserConfig, PictureDenoiser


@dataclass(frozen=True, slots=True)
class UnetConfig(DenoiserConfig):
    """Which U-Net.

    width:  channels at full resolution
    levels: how often it halves the picture
    """

    width: int = 16
    levels: int = 4


class DoubleConv(nn.Sequential):
    """Convolution and ReLU, twice."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(
            nn.Conv2d(inputs, outputs, 3, padding=1),
            nn.ReLU(inplace=True),
            nn.Conv2d(outputs, outputs, 3, padding=1),
            nn.ReLU(inplace=True),
        )


class Unet(PictureDenoiser):
    """The denoiser."""

    def __init__(self, config: UnetConfig) -> None:
        super().__init__(config)
        widths = [config.width << level for level in range(config.levels + 1)]
        self.down = nn.ModuleList(DoubleConv(a, b) for a, b in zip((config.pictures, *widths), widths, strict=False))
        self.up = nn.ModuleList(nn.ConvTranspose2d(2 * w, w, 2, stride=2) for w in reversed(widths[:-1]))
        self.join = nn.ModuleList(DoubleConv(2 * w, w) for w in reversed(widths[:-1]))
        self.last = nn.Conv2d(config.width, config.raw_pictures, 1)

    def raw(self, pictures: Tensor) -> Tensor:
        """(B, pictures, h, w) to (B, raw_pictures, h, w)."""
        x, skips = pictures, []
        for level, block in enumerate(self.down):
            x = block(x if level == 0 else F.max_pool2d(x, 2))
            skips.append(x)
        for up, join, skip in zip(self.up, self.join, reversed(skips[:-1]), strict=True):
            x = join(torch.cat((skip, up(x)), 1))
        return self.last(x)
