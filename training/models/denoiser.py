"""What all denoisers share: what they may read, and how the numbers they end with become depth.

Every denoiser is called alike, `model(depth, normals, valid, noise, phase)`, and gives depth in network range and the
logit of there being a surface; so one task trains them, one evaluation judges them and one exporter ships them.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from depthface_app.core.crop import DEPTH_RANGE_MM

ROUGHEST_MM = 40.0
HEADS = {"direct": 1, "residual": 1, "gated": 4}  # numbers that a network ends with per pixel
LARGEST_CHANGE = 0.3  # in network range, by which a head may move the input
SURE = 8.0  # logit of a surface where a head does not tell


@dataclass(frozen=True, slots=True, kw_only=True)
class DenoiserConfig:
    """What any denoiser reads and how it answers.

    head:    "direct" predicts depth through Tanh as in the paper; "residual" adds at most LARGEST_CHANGE to the input;
             "gated" mixes a corrected input with a free prediction and also says where there is a surface (ours)
    normals: whether it reads the normal map as well (table 9 of the paper)
    valid:   whether it reads where there are readings; None = with the gated head only
    noise:   whether it reads how noisy the crop is; None = with the gated head only
    noise_steps: distances in pixels at which it then also measures how much neighbours differ (ours); spatially
             correlated noise shows at the longer ones only
    space_to_depth: side in pixels of the squares that become one pixel with more channels inside the network (ours): 2
             lets it work at 64 × 64 and below, for a quarter of the cost
    """

    head: str = "direct"
    normals: bool = True
    valid: bool | None = None
    noise: bool | None = None
    noise_steps: tuple[int, ...] = ()
    space_to_depth: int = 1

    def __post_init__(self) -> None:
        """Refuse an unknown head.

        Raises:
            ValueError: if there is no such head.
        """
        if self.head not in HEADS:
            raise ValueError(f'there is no head "{self.head}"; known: {", ".join(HEADS)}')

    @property
    def outputs(self) -> int:
        """Numbers that the network ends with per pixel."""
        return HEADS[self.head]

    @property
    def reads_valid(self) -> bool:
        """Whether the validity mask is an input."""
        return self.head == "gated" if self.valid is None else self.valid

    @property
    def reads_noise(self) -> bool:
        """Whether the noise level is an input."""
        return self.head == "gated" if self.noise is None else self.noise

    @property
    def depth_pictures(self) -> int:
        """Pictures in `depth_input`."""
        return 1 + self.reads_valid + self.reads_noise * (1 + len(self.noise_steps))

    @property
    def pictures(self) -> int:
        """Channels that a picture network begins with: depth, what is known of it, and normals."""
        return (self.depth_pictures + 3 * self.normals) * self.space_to_depth**2

    @property
    def raw_pictures(self) -> int:
        """Channels that a picture network ends with."""
        return self.outputs * self.space_to_depth**2


def depth_input(config: DenoiserConfig, depth: Tensor, valid: Tensor, noise: Tensor) -> Tensor:
    """(B, depth_pictures, H, W): depth with what else is known of it."""
    parts = [depth]
    if config.reads_valid:
        parts.append(valid)
    if config.reads_noise:
        levels = (noise, *(roughness(depth, valid, step) for step in config.noise_steps))
        parts.extend(level.expand_as(depth) for level in levels)
    return torch.cat(parts, 1)


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


def apply_head(head: str, raw: Tensor, depth: Tensor, valid: Tensor) -> tuple[Tensor, Tensor]:
    """Depth (B, 1, H, W) in network range, and the logit of there being a surface.

    Always float32: half precision would round the input's own depth to 0.2 mm.
    """
    raw = raw.float()
    if head == "direct":
        return torch.tanh(raw), torch.full_like(raw, SURE)
    if head == "residual":
        return depth + LARGEST_CHANGE * torch.tanh(raw), torch.full_like(raw, SURE)
    change, free, gate, surface = raw.split(1, 1)
    share = torch.sigmoid(gate) * valid
    return share * (depth + LARGEST_CHANGE * torch.tanh(change)) + (1 - share) * torch.tanh(free), surface


class PictureDenoiser(nn.Module):
    """A denoiser that answers at the pixels of its input and nowhere between them; subclasses give `raw`."""

    continuous = False

    def __init__(self, config: DenoiserConfig) -> None:
        super().__init__()
        self.config = config

    def raw(self, pictures: Tensor) -> Tensor:
        """(B, pictures, h, w) to (B, raw_pictures, h, w)."""
        raise NotImplementedError

    def forward(
        self, depth: Tensor, normals: Tensor, valid: Tensor, noise: Tensor, phase: tuple[float, float] = (0.0, 0.0)
    ) -> tuple[Tensor, Tensor]:
        """Depth (B, 1, H, W) in network range, and the logit of there being a surface.

        Raises:
            ValueError: if asked for a phase other than the pixels' middles.
        """
        if phase != (0.0, 0.0):
            raise ValueError(f"{type(self).__name__} answers at the middle of each pixel only, not at {phase}")
        pictures = depth_input(self.config, depth, valid, noise)
        if self.config.normals:
            pictures = torch.cat((pictures, normals), 1)
        square = self.config.space_to_depth
        if square == 1:
            raw = self.raw(pictures)
        else:
            raw = F.pixel_shuffle(self.raw(F.pixel_unshuffle(pictures, square)), square)
        return apply_head(self.config.head, raw, depth, valid)
