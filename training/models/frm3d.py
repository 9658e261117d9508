"""3D-FRM, the face refinement model that the paper compares DMDNet with.

Source: Mu et al., Refining Single Low-Quality Facial Depth Map by Lightweight and Efficient Deep Model, IJCB 2021.
Known of it: an encoder of depthwise and pointwise convolutions that fuses features of different receptive fields, a
decoder of sub-pixel convolutions that joins low- and high-level features, and depth and normals fused early (so says
appendix B of arXiv 2401.00719). The authors' code was announced and never published.

Left open, and how it is read: three halvings, as in DMDNet; width 32, doubling per level; receptive fields are
depthwise 3 × 3 convolutions of dilation 1, 2 and 4 whose features a pointwise one fuses; low- and high-level features
are concatenated; every convolution is followed by batch normalisation and ReLU, as in Led3D by the same authors. Its
loss (smoothness and identity) is not known in full, so it is trained on the loss that every other network is trained
on.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from training.models.denoiser import DenoiserConfig, PictureDenoiser

DILATIONS = (1, 2, 4)
LEVELS = 3


@dataclass(frozen=True, slots=True)
class Frm3dConfig(DenoiserConfig):
    """Which 3D-FRM: `width` channels at full resolution."""

    width: int = 32


class ConvUnit(nn.Sequential):
    """Convolution, batch normalisation, ReLU."""

    def __init__(
        self, inputs: int, outputs: int, kernel: int = 3, *, stride: int = 1, dilation: int = 1, groups: int = 1
    ) -> None:
        padding = dilation * (kernel // 2)
        super().__init__(
            nn.Conv2d(inputs, outputs, kernel, stride, padding, dilation, groups, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(inplace=True),
        )


class Receptive(nn.Module):
    """Depthwise convolutions of several receptive fields beside each other, fused by a pointwise one."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.branches = nn.ModuleList(ConvUnit(channels, channels, dilation=d, groups=channels) for d in DILATIONS)
        self.fuse = ConvUnit(len(DILATIONS) * channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) to the same."""
        return x + self.fuse(torch.cat([branch(x) for branch in self.branches], 1))


class Halve(nn.Sequential):
    """Strided depthwise and pointwise convolution: half the size, twice the channels."""

    def __init__(self, channels: int) -> None:
        super().__init__(ConvUnit(channels, channels, stride=2, groups=channels), ConvUnit(channels, 2 * channels, 1))


class Double(nn.Module):
    """Sub-pixel convolution (Shi et al., CVPR 2016), joined with the encoder's features of that size."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.spread = nn.Sequential(nn.Conv2d(2 * channels, 4 * channels, 1), nn.PixelShuffle(2))
        self.join = nn.Sequential(ConvUnit(2 * channels, channels, 1), ConvUnit(channels, channels, groups=channels))

    def forward(self, x: Tensor, skip: Tensor) -> Tensor:
        """(B, 2C, H, W) and (B, C, 2H, 2W) to (B, C, 2H, 2W)."""
        return self.join(torch.cat((self.spread(x), skip), 1))


class Frm3d(PictureDenoiser):
    """The denoiser."""

    def __init__(self, config: Frm3dConfig) -> None:
        super().__init__(config)
        widths = [config.width << level for level in range(LEVELS + 1)]
        self.first = ConvUnit(config.pictures, widths[0])
        self.features = nn.ModuleList(Receptive(w) for w in widths)
        self.halve = nn.ModuleList(Halve(w) for w in widths[:-1])
        self.enlarge = nn.ModuleList(Double(w) for w in reversed(widths[:-1]))
        self.last = nn.Conv2d(widths[0], config.raw_pictures, 3, padding=1)

    def raw(self, pictures: Tensor) -> Tensor:
        """(B, pictures, h, w) to (B, raw_pictures, h, w)."""
        x, skips = self.features[0](self.first(pictures)), []
        for halve, features in zip(self.halve, list(self.features)[1:], strict=True):
            skips.append(x)
            x = features(halve(x))
        for enlarge in self.enlarge:
            x = enlarge(x, skips.pop())
        return self.last(x)
