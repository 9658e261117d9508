"""DMDNet: a depth map denoiser whose decoder is an implicit function of the place it is asked about.

Source: Xu et al., Depth Map Denoising Network and Lightweight Fusion Network, arXiv 2401.00719, section 3. What the
paper leaves open is read as follows: the encoder is that of its section 3.2 without a convolution after the three
ResBlocks of a DS-ResBlock; depth and normal features are added; the relative offset is counted in cells of the feature
map, as in LIIF (Chen et al., CVPR 2021); the coordinate embedding of a fixed grid is one learned vector per pixel.
"""

import math
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from depthface_app.core.crop import DEPTH_RANGE_MM

SIZE_PX = 128
SCALES = (128, 64, 32, 16)
ROUGHEST_MM = 40.0


@dataclass(frozen=True, slots=True)
class DmdnetConfig:
    """Which DMDNet.

    channels, blocks: width C and number N of ResBlocks at full resolution
    hidden:           widths of the decoder's hidden layers, (256, 128, 64, 32) in the paper
    encoding:         dimensions of the Fourier features and of the coordinate embedding, each
    head:             "direct" predicts depth through Tanh as in the paper; "gated" mixes a corrected input with a free
                      prediction and also says where there is a surface (ours)
    noise_steps:      distances in pixels at which the gated form measures how much neighbours differ (ours); spatially
                      correlated noise shows at the longer ones only
    """

    channels: int = 64
    blocks: int = 16
    hidden: tuple[int, ...] = (256, 128, 64, 32)
    encoding: int = 64
    head: str = "direct"
    noise_steps: tuple[int, ...] = ()

    @property
    def outputs(self) -> int:
        """Numbers that the decoder gives per query."""
        return {"direct": 1, "gated": 4}[self.head]


def roughness(depth: Tensor, valid: Tensor, step: int) -> Tensor:
    """How much readings differ from the mean of their four neighbours `step` pixels away, over the whole crop.

    Args:
        depth: (B, 1, H, W) in network range.
        valid: the same shape, 1 where there is a reading.

    Returns:
        (B, 1, 1, 1) mean difference in mm, edges counted as ROUGHEST_MM at most, as a logarithm: 0 at 0, 1 at 20 mm.
    """
    cross = depth.new_tensor(((0, 1, 0), (1, 0, 1), (0, 1, 0)))[None, None]
    around = F.conv2d(torch.cat((depth * valid, valid)), cross, padding=step, dilation=step)
    total, count = around.chunk(2)
    there = valid * (count > 0)
    apart = ((depth - total / count.clamp_min(1)).abs() * DEPTH_RANGE_MM).clamp_max(ROUGHEST_MM) * there
    sums = torch.cat((apart, there), 1).sum((2, 3), keepdim=True)
    return torch.log1p(sums[:, :1] / sums[:, 1:].clamp_min(1)) / math.log1p(20)


class ResBlock(nn.Module):
    """EDSR's residual block: no normalisation. Source: Lim et al., CVPRW 2017."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, channels, 3, padding=1)
        self.second = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) to the same."""
        return x + self.second(F.relu(self.first(x)))


class Encoder(nn.Module):
    """Depth and normals to four feature maps at 128, 64, 32 and 16 pixels."""

    def __init__(self, config: DmdnetConfig) -> None:
        super().__init__()
        c = config.channels
        self.depth = nn.Conv2d(3 + len(config.noise_steps) if config.head == "gated" else 1, c, 3, padding=1)
        self.normals = nn.Conv2d(3, c, 3, padding=1)
        self.body = nn.Sequential(*(ResBlock(c) for _ in range(config.blocks)))
        self.down = nn.ModuleList(
            nn.Sequential(nn.Conv2d(c, c, 3, stride=2, padding=1), ResBlock(c), ResBlock(c), ResBlock(c))
            for _ in SCALES[1:]
        )

    def forward(self, depth: Tensor, normals: Tensor) -> list[Tensor]:
        """Four maps (B, C, S, S), S in SCALES."""
        features = [self.body(self.depth(depth) + self.normals(normals))]
        for down in self.down:
            features.append(down(features[-1]))
        return features


def grid(phase: tuple[float, float] = (0.0, 0.0)) -> Tensor:
    """(128, 128, 2) query coordinates (x, y) in [-1, 1]; `phase` moves every query inside its pixel, in pixels."""
    centres = torch.arange(SIZE_PX, dtype=torch.float32)
    rows, columns = torch.meshgrid(centres + phase[1], centres + phase[0], indexing="ij")
    return torch.stack((columns, rows), -1).add(0.5).mul(2 / SIZE_PX).sub(1)


def offsets(phase: tuple[float, float], cells: int) -> Tensor:
    """(128, 128, 2) distance from each query to the centre of its nearest latent code, in cells of the feature map."""
    place = (grid(phase) + 1) * (cells / 2)
    nearest = (grid() + 1).mul(cells / 2).floor() + 0.5  # |phase| < 0.5 never leaves the pixel's own cell
    return place - nearest


class Decoder(nn.Module):
    """The decoding function: one MLP for all four scales, summed before its last layer.

    The first layer is linear in [z, encoding, offset], so its z part runs at each scale's own resolution and the rest
    is one map per scale that depends on nothing but the query grid: `position_map`. That is exact, three times
    faster, and what the exported graph stores.
    """

    def __init__(self, config: DmdnetConfig) -> None:
        super().__init__()
        n, first = config.encoding, config.hidden[0]
        self.fourier = nn.Linear(2, n, bias=False)
        nn.init.normal_(self.fourier.weight, std=8.0)
        self.embedding = nn.Parameter(torch.randn(1, n, SIZE_PX, SIZE_PX) * 0.1)
        self.latent = nn.Conv2d(config.channels, first, 1)
        self.encoding = nn.Linear(2 * n, first, bias=False)
        self.offset = nn.Linear(2, first, bias=False)
        widths = config.hidden
        self.hidden = nn.ModuleList(nn.Conv2d(a, b, 1) for a, b in pairwise(widths))
        self.last = nn.Conv2d(widths[-1], config.outputs, 1)

    def positional_encoding(self, phase: tuple[float, float]) -> Tensor:
        """(128, 128, 2n) Fourier features and coordinate embedding of every query."""
        where = grid(phase).to(self.embedding.device)
        embedding = self.embedding
        if phase != (0.0, 0.0):
            embedding = F.grid_sample(
                embedding, where[None], mode="bilinear", padding_mode="border", align_corners=False
            )
        return torch.cat((torch.sin(self.fourier(where)), embedding[0].permute(1, 2, 0)), -1)

    def position_map(self, scale: int, phase: tuple[float, float] = (0.0, 0.0)) -> Tensor:
        """(1, first, 128, 128): what the first layer adds at one scale because of where the queries lie."""
        offset = offsets(phase, SCALES[scale]).to(self.embedding.device)
        both = self.encoding(self.positional_encoding(phase)) + self.offset(offset)
        return both.permute(2, 0, 1)[None]

    def fused(self, features: list[Tensor], maps: list[Tensor]) -> Tensor:
        """(B, outputs, 128, 128) from features and the position maps of the four scales."""
        total: Tensor | None = None
        for feature, position in zip(features, maps, strict=True):
            latent = self.latent(feature)
            if latent.shape[-1] != SIZE_PX:
                latent = F.interpolate(latent, size=(SIZE_PX, SIZE_PX), mode="nearest")
            x = F.relu(latent + position)
            for layer in self.hidden:
                x = F.relu(layer(x))
            total = x if total is None else total + x
        return self.last(total)

    def forward(self, features: list[Tensor], phase: tuple[float, float]) -> Tensor:
        """(B, outputs, 128, 128) for queries at this phase."""
        encoded = self.encoding(self.positional_encoding(phase))
        maps = []
        for cells in SCALES:
            offset = self.offset(offsets(phase, cells).to(encoded.device))
            maps.append((encoded + offset).permute(2, 0, 1)[None])
        return self.fused(features, maps)


class Dmdnet(nn.Module):
    """The denoiser. Depth in and out is counted as in `depthface_app.core.depth`: ±1 at ±100 mm around the nose tip."""

    continuous = True

    def __init__(self, config: DmdnetConfig) -> None:
        super().__init__()
        self.config = config
        self.encoder = Encoder(config)
        self.decoder = Decoder(config)

    def encode(self, depth: Tensor, normals: Tensor, valid: Tensor, noise: Tensor) -> list[Tensor]:
        """Four feature maps of (B, 1 | 3 | 1, 128, 128) inputs and a (B, 1, 1, 1) noise level."""
        if self.config.head == "gated":
            levels = [roughness(depth, valid, step) for step in self.config.noise_steps]
            depth = torch.cat((depth, valid, *(level.expand_as(depth) for level in (noise, *levels))), 1)
        return self.encoder(depth, normals)

    def head(self, raw: Tensor, depth: Tensor, valid: Tensor) -> tuple[Tensor, Tensor]:
        """Depth (B, 1, H, W) in network range, and the logit of there being a surface.

        Always float32: half precision would round the input's own depth to 0.2 mm.
        """
        raw = raw.float()
        if self.config.head == "direct":
            return torch.tanh(raw), torch.full_like(raw, 8.0)
        change, free, gate, surface = raw.split(1, 1)
        share = torch.sigmoid(gate) * valid
        return share * (depth + 0.3 * torch.tanh(change)) + (1 - share) * torch.tanh(free), surface

    def forward(
        self, depth: Tensor, normals: Tensor, valid: Tensor, noise: Tensor, phase: tuple[float, float] = (0.0, 0.0)
    ) -> tuple[Tensor, Tensor]:
        """Depth (B, 1, 128, 128) in network range, and the logit of there being a surface."""
        raw = self.decoder(self.encode(depth, normals, valid, noise), phase)
        return self.head(raw, depth, valid)
