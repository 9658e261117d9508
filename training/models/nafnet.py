"""NAFNet: the modern restoration network that DMDNet is compared with.

Source: Chen et al., Simple Baselines for Image Restoration, ECCV 2022: normalisation over channels, depthwise 3 × 3
convolution, a product of two halves in place of every activation, channel attention without one; 2 × 2 convolutions
down, sub-pixel convolutions up, skips by addition.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from training.models.denoiser import DenoiserConfig, PictureDenoiser


@dataclass(frozen=True, slots=True)
class NafnetConfig(DenoiserConfig):
    """Which NAFNet.

    width:  channels at full resolution
    down:   blocks per level on the way down
    middle: blocks at the lowest resolution
    up:     blocks per level on the way up
    """

    width: int = 24
    down: tuple[int, ...] = (1, 1, 2)
    middle: int = 3
    up: int = 1


class ChannelNorm(nn.Module):
    """Normalises the channels of each pixel."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(1, channels, 1, 1))
        self.bias = nn.Parameter(torch.zeros(1, channels, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) to the same."""
        centred = x - x.mean(1, keepdim=True)
        return centred * torch.rsqrt((centred * centred).mean(1, keepdim=True) + 1e-6) * self.weight + self.bias


def gate(x: Tensor) -> Tensor:
    """(B, 2C, H, W) to (B, C, H, W): one half times the other."""
    a, b = x.chunk(2, 1)
    return a * b


class NafBlock(nn.Module):
    """Spatial mixing, then channel mixing, each beside the identity and each beginning at nothing."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        c = channels
        self.first_norm, self.second_norm = ChannelNorm(c), ChannelNorm(c)
        self.widen = nn.Conv2d(c, 2 * c, 1)
        self.around = nn.Conv2d(2 * c, 2 * c, 3, padding=1, groups=2 * c)
        self.attention = nn.Conv2d(c, c, 1)
        self.narrow = nn.Conv2d(c, c, 1)
        self.mix = nn.Conv2d(c, 2 * c, 1)
        self.after = nn.Conv2d(c, c, 1)
        self.first_scale = nn.Parameter(torch.zeros(1, c, 1, 1))
        self.second_scale = nn.Parameter(torch.zeros(1, c, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) to the same."""
        y = gate(self.around(self.widen(self.first_norm(x))))
        y = y * self.attention(y.mean((2, 3), keepdim=True))
        x = x + self.narrow(y) * self.first_scale
        return x + self.after(gate(self.mix(self.second_norm(x)))) * self.second_scale


def blocks(count: int, channels: int) -> nn.Sequential:
    """Several blocks in a row."""
    return nn.Sequential(*(NafBlock(channels) for _ in range(count)))


class Nafnet(PictureDenoiser):
    """The denoiser."""

    def __init__(self, config: NafnetConfig) -> None:
        super().__init__(config)
        widths = [config.width << level for level in range(len(config.down) + 1)]
        self.first = nn.Conv2d(config.pictures, widths[0], 3, padding=1)
        self.down = nn.ModuleList(blocks(n, w) for n, w in zip(config.down, widths[:-1], strict=True))
        self.halve = nn.ModuleList(nn.Conv2d(w, 2 * w, 2, stride=2) for w in widths[:-1])
        self.middle = blocks(config.middle, widths[-1])
        upward = widths[-2::-1]
        self.enlarge = nn.ModuleList(
            nn.Sequential(nn.Conv2d(2 * w, 4 * w, 1, bias=False), nn.PixelShuffle(2)) for w in upward
        )
        self.up = nn.ModuleList(blocks(config.up, w) for w in upward)
        self.last = nn.Conv2d(widths[0], config.raw_pictures, 3, padding=1)

    def raw(self, pictures: Tensor) -> Tensor:
        """(B, pictures, h, w) to (B, raw_pictures, h, w)."""
        x, skips = self.first(pictures), []
        for block, halve in zip(self.down, self.halve, strict=True):
            x = block(x)
            skips.append(x)
            x = halve(x)
        x = self.middle(x)
        for enlarge, block, skip in zip(self.enlarge, self.up, reversed(skips), strict=True):
            x = block(enlarge(x) + skip)
        return self.last(x)
