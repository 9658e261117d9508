"""DMDNet: a depth map denoiser whose decoder is an implicit function of the place it is asked about.

Source: Xu et al., Depth Map Denoising Network and Lightweight Fusion Network, arXiv 2401.00719, section 3. What the
paper leaves open is read as follows: the encoder is that of its section 3.2 without a convolution after the three
ResBlocks of a DS-ResBlock; depth and normal features are added; the relative offset is counted in cells of the feature
map, as in LIIF (Chen et al., CVPR 2021); the coordinate embedding of a fixed grid is one learned vector per pixel;
without multi-scale fusion (table 5) the one map is that at full resolution, and nothing is scaled down.
"""

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from training.models.ddrnet import Trunk
from training.models.denoiser import DenoiserConfig, apply_head, depth_input

SIZE_PX = 128
SCALES = (128, 64, 32, 16)
ENCODERS = ("residual", "skips")
ALL_AROUND = 0.999  # share of readings around a place from which on it has one, too
HALVINGS = 2  # of the encoder with skips, as in DDRNet


@dataclass(frozen=True, slots=True)
class DmdnetConfig(DenoiserConfig):
    """Which DMDNet.

    channels, blocks: width C and number N of ResBlocks at full resolution
    hidden:           widths of the decoder's hidden layers, (256, 128, 64, 32) in the paper
    encoding:         dimensions of the Fourier features and of the coordinate embedding, each
    fourier, embedding, multi_scale: the parts that table 5 of the paper leaves out in turn
    encoder:          "residual" as in the paper, or "skips": the trunk of DDRNet, whose channels double at each halving
                      and come back up; its features are of one scale, 2 · `channels` wide, and of `blocks` blocks
    """

    channels: int = 64
    blocks: int = 16
    hidden: tuple[int, ...] = (256, 128, 64, 32)
    encoding: int = 64
    fourier: bool = True
    embedding: bool = True
    multi_scale: bool = True
    encoder: str = "residual"

    def __post_init__(self) -> None:
        """Refuse what does not go together.

        Raises:
            ValueError: in one sentence.
        """
        DenoiserConfig.__post_init__(self)
        if self.encoder not in ENCODERS:
            raise ValueError(f'there is no encoder "{self.encoder}"; known: {", ".join(ENCODERS)}')
        if self.encoder == "skips" and (self.multi_scale or self.space_to_depth > 1):
            raise ValueError(
                'encoder "skips" has features of one scale: give multi_scale = false and no space_to_depth'
            )

    @property
    def features(self) -> int:
        """Channels of each feature map."""
        return 2 * self.channels if self.encoder == "skips" else self.channels

    @property
    def scales(self) -> tuple[int, ...]:
        """Sides of the feature maps."""
        every = tuple(side // self.space_to_depth for side in SCALES)
        return every if self.multi_scale else every[:1]


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
    """Depth and normals to feature maps of the config's scales."""

    def __init__(self, config: DmdnetConfig) -> None:
        super().__init__()
        c, self.square = config.channels, config.space_to_depth
        self.depth = nn.Conv2d(config.depth_pictures * self.square**2, c, 3, padding=1)
        self.normals = nn.Conv2d(3 * self.square**2, c, 3, padding=1) if config.normals else None
        self.body = nn.Sequential(*(ResBlock(c) for _ in range(config.blocks)))
        self.down = nn.ModuleList(
            nn.Sequential(nn.Conv2d(c, c, 3, stride=2, padding=1), ResBlock(c), ResBlock(c), ResBlock(c))
            for _ in config.scales[1:]
        )

    def forward(self, depth: Tensor, normals: Tensor) -> list[Tensor]:
        """Maps (B, C, S, S), S in the config's scales."""
        if self.square > 1:
            depth, normals = F.pixel_unshuffle(depth, self.square), F.pixel_unshuffle(normals, self.square)
        first = self.depth(depth)
        if self.normals is not None:
            first = first + self.normals(normals)
        features = [self.body(first)]
        for down in self.down:
            features.append(down(features[-1]))
        return features


class SkipEncoder(nn.Module):
    """Depth and normals to one feature map, whose channels have doubled at each halving and come back up (ours)."""

    def __init__(self, config: DmdnetConfig) -> None:
        super().__init__()
        self.trunk = Trunk(config.pictures, config.channels, HALVINGS, config.blocks)
        self.normals = config.normals

    def forward(self, depth: Tensor, normals: Tensor) -> list[Tensor]:
        """One map (B, 2C, 128, 128)."""
        return [self.trunk(torch.cat((depth, normals), 1) if self.normals else depth)]


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


def moved(picture: Tensor, places: Tensor) -> Tensor:
    """A picture read at other places inside its pixels, on straight lines between their middles.

    Args:
        picture: (B or 1, C, H, W); beyond its border it is as on it.
        places: (1 or B, 2) of (x, y) from the middles of the pixels, -1 to 1 pixel.

    Returns:
        (B, C, H, W).
    """
    for axis in (3, 2):
        step = places[:, 3 - axis].reshape(-1, 1, 1, 1)
        side = picture.shape[axis]
        first, last = picture.narrow(axis, 0, 1), picture.narrow(axis, side - 1, 1)
        before = torch.cat((first, picture.narrow(axis, 0, side - 1)), axis)
        after = torch.cat((picture.narrow(axis, 1, side - 1), last), axis)
        picture = picture * (1 - step.abs()) + before * F.relu(-step) + after * F.relu(step)
    return picture


class Decoder(nn.Module):
    """The decoding function: one MLP for all scales, summed before its last layer.

    The first layer is linear in [z, encoding, offset], so its z part runs at each scale's own resolution and the rest
    is one map per scale that depends on nothing but the query grid: `encoded` and `offset`. That is exact, three times
    faster, and what the exported graph stores.

    Behind the encoder with skips the latent code of a place lies on straight lines between those of the pixels, so
    there is no nearest one and no distance to it, and the surface has no steps (LIIF's local ensemble is to the same
    end); and a 3 × 3 convolution of the same codes, as DDRNet's last, is added to the function (ours).
    """

    def __init__(self, config: DmdnetConfig) -> None:
        super().__init__()
        n, first = config.encoding, config.hidden[0]
        self.scales = config.scales
        self.fourier = nn.Linear(2, n, bias=False) if config.fourier else None
        if self.fourier is not None:
            nn.init.normal_(self.fourier.weight, std=8.0)
        self.embedding = nn.Parameter(torch.randn(1, n, SIZE_PX, SIZE_PX) * 0.1) if config.embedding else None
        self.latent = nn.Conv2d(config.features, first, 1)
        encoding = n * (config.fourier + config.embedding)
        self.encoding = nn.Linear(encoding, first, bias=False) if encoding else None
        skips = config.encoder == "skips"
        self.offset = None if skips else nn.Linear(2, first, bias=False)
        widths = config.hidden
        self.hidden = nn.ModuleList(nn.Conv2d(a, b, 1) for a, b in pairwise(widths))
        self.last = nn.Conv2d(widths[-1], config.outputs, 1)
        self.middle = nn.Conv2d(config.features, config.outputs, 3, padding=1) if skips else None

    def positional_encoding(self, phase: tuple[float, float]) -> Tensor:
        """(128, 128, 0, n or 2n) Fourier features and coordinate embedding of every query."""
        where = grid(phase).to(self.last.weight.device)
        parts = [] if self.fourier is None else [torch.sin(self.fourier(where))]
        if self.embedding is not None:
            embedding = self.embedding
            if phase != (0.0, 0.0):
                embedding = F.grid_sample(
                    embedding, where[None], mode="bilinear", padding_mode="border", align_corners=False
                )
            parts.append(embedding[0].permute(1, 2, 0))
        return torch.cat(parts, -1) if parts else where[..., :0]

    def encoded(self, phase: tuple[float, float]) -> Tensor:
        """(1, first, 128, 128): what the first layer adds because of the queries' places, the same at every scale."""
        if self.encoding is None:
            return self.last.weight.new_zeros((1, self.latent.out_channels, SIZE_PX, SIZE_PX))
        return self.encoding(self.positional_encoding(phase)).permute(2, 0, 1)[None]

    def shifted(self, cells: int, phase: tuple[float, float]) -> Tensor:
        """(1, first, 128, 128): what it adds at one scale because of the distance to the nearest latent code."""
        if self.offset is None:
            return self.last.weight.new_zeros((1, self.latent.out_channels, SIZE_PX, SIZE_PX))
        return self.offset(offsets(phase, cells).to(self.offset.weight.device)).permute(2, 0, 1)[None]

    def maps(self, phase: tuple[float, float]) -> list[Tensor]:
        """(1, first, 128, 128) for each scale: what the first layer adds because of the queries' places."""
        encoded = self.encoded(phase)
        return [encoded + self.shifted(cells, phase) for cells in self.scales]

    def fused(self, features: list[Tensor], maps: list[Tensor], places: Tensor | None = None) -> Tensor:
        """(B, outputs, 128, 128) from features and the position maps of the scales.

        Args:
            places: (1 or B, 2) where inside the pixels latent codes are wanted; None = those of the pixels.
        """
        total: Tensor | None = None
        for feature, position in zip(features, maps, strict=True):
            latent = self.latent(feature)
            if latent.shape[-1] != SIZE_PX:
                latent = F.interpolate(latent, size=(SIZE_PX, SIZE_PX), mode="nearest")
            if places is not None:
                latent = moved(latent, places)
            x = F.relu(latent + position)
            for layer in self.hidden:
                x = F.relu(layer(x))
            total = x if total is None else total + x
        out = self.last(total)
        if self.middle is None:
            return out
        middle = self.middle(features[0])
        return out + (middle if places is None else moved(middle, places))


class Dmdnet(nn.Module):
    """The denoiser. Depth in and out is counted as in `depthface_app.core.depth`: ±1 at ±100 mm around the nose tip."""

    continuous = True

    def __init__(self, config: DmdnetConfig) -> None:
        super().__init__()
        self.config = config
        self.encoder = SkipEncoder(config) if config.encoder == "skips" else Encoder(config)
        self.decoder = Decoder(config)

    def encode(self, depth: Tensor, normals: Tensor, valid: Tensor, noise: Tensor) -> list[Tensor]:
        """Feature maps of (B, 1 | 3 | 1, 128, 128) inputs and a (B, 1, 1, 1) noise level."""
        return self.encoder(depth_input(self.config, depth, valid, noise), normals)

    def answer(
        self, features: list[Tensor], maps: list[Tensor], depth: Tensor, valid: Tensor, places: Tensor | None
    ) -> tuple[Tensor, Tensor]:
        """Depth (B, 1, 128, 128) in network range, and the logit of there being a surface.

        Args:
            maps: the decoder's, for those places.
            places: (1 or B, 2) from the middles of the pixels; None = the middles.
        """
        if self.config.encoder == "residual":
            places = None  # the nearest latent code and the nearest reading, as in the paper
        raw = self.decoder.fused(features, maps, places)
        if places is not None:
            depth, valid = moved(depth, places), (moved(valid, places) > ALL_AROUND).to(valid.dtype)
        return apply_head(self.config.head, raw, depth, valid)

    def forward(
        self, depth: Tensor, normals: Tensor, valid: Tensor, noise: Tensor, phase: tuple[float, float] = (0.0, 0.0)
    ) -> tuple[Tensor, Tensor]:
        """Depth (B, 1, 128, 128) in network range, and the logit of there being a surface."""
        features = self.encode(depth, normals, valid, noise)
        places = None if phase == (0.0, 0.0) else depth.new_tensor((phase,))
        return self.answer(features, self.decoder.maps(phase), depth, valid, places)
