"""The denoising part of DDRNet, one of the methods that the paper compares DMDNet with.

Source: Yan et al., DDRNet: Depth Map Denoising and Refinement for Consumer Depth Cameras Using Cascaded CNNs, ECCV
2018, section 4. The paper describes a network "with a structure similar to U-Net"; its sizes are those of the
authors' published model: 3 × 3 convolutions, 32 channels at full resolution, two strided ones that double the width,
two residual blocks, two transposed ones back, skips by concatenation, leaky ReLU, no normalisation, Tanh at the end.
That model adds its Tanh to the input; its head is chosen here as for every other network (`head = "residual"` is
nearest).

Left out: the refining part, which reads a colour picture and its shading; training on fused frames. The residual
block is read as that of He et al., CVPR 2016, without normalisation. DDRNet reads depth alone, which is `normals =
false`.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from training.models.denoiser import DenoiserConfig, PictureDenoiser

LEAK = 0.2  # of TensorFlow's leaky ReLU, which the authors use


@dataclass(frozen=True, slots=True)
class DdrnetConfig(DenoiserConfig):
    """Which DDRNet.

    width:  channels at full resolution
    levels: how often it halves the picture
    blocks: residual blocks at the lowest resolution
    """

    width: int = 32
    levels: int = 2
    blocks: int = 2


class LeakyResidual(nn.Module):
    """Two convolutions beside the identity."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, channels, 3, padding=1)
        self.second = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) to the same."""
        return F.leaky_relu(x + self.second(F.leaky_relu(self.first(x), LEAK)), LEAK)


class Trunk(nn.Module):
    """Everything but the last layer: (B, pictures, h, w) to (B, 2 · width, h, w), skip and what came back up."""

    def __init__(self, pictures: int, width: int, levels: int, blocks: int) -> None:
        super().__init__()
        widths = [width << level for level in range(levels + 1)]
        self.first = nn.Conv2d(pictures, widths[0], 3, padding=1)
        self.down = nn.ModuleList(nn.Conv2d(w, 2 * w, 3, stride=2, padding=1) for w in widths[:-1])
        self.middle = nn.Sequential(*(LeakyResidual(widths[-1]) for _ in range(blocks)))
        self.up = nn.ModuleList(
            nn.ConvTranspose2d(2 * w, w // 2, 3, stride=2, padding=1, output_padding=1) for w in reversed(widths[1:])
        )

    def forward(self, pictures: Tensor) -> Tensor:
        """Features at full resolution."""
        skips = [F.leaky_relu(self.first(pictures), LEAK)]
        for down in self.down:
            skips.append(F.leaky_relu(down(skips[-1]), LEAK))
        x = self.middle(skips[-1])
        for up in self.up:
            x = F.leaky_relu(up(torch.cat((skips.pop(), x), 1)), LEAK)
        return torch.cat((skips.pop(), x), 1)


class Ddrnet(PictureDenoiser):
    """The denoiser."""

    def __init__(self, config: DdrnetConfig) -> None:
        super().__init__(config)
        self.trunk = Trunk(config.pictures, config.width, config.levels, config.blocks)
        self.last = nn.Conv2d(2 * config.width, config.raw_pictures, 3, padding=1)

    def raw(self, pictures: Tensor) -> Tensor:
        """(B, pictures, h, w) to (B, raw_pictures, h, w)."""
        return self.last(self.trunk(pictures))
