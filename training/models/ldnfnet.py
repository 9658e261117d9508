"""Led3D and LDNFNet: light recognisers of a depth map and of its normals.

Sources: Mu et al., Led3D, CVPR 2019; Xu et al., arXiv 2401.00719, section 4 and appendix A. The taps of the multi-scale
fusion come before each pooling, convolutions have no bias, the spatial attention is an 8 × 8 depthwise convolution with
bias: so the parameter counts of tables 7 and 8 come out.
"""

from typing import Any

import torch
from torch import Tensor, nn

WIDTHS = (32, 64, 128, 256)
FUSED = sum(WIDTHS)  # 480
GROUPS = 32
DROPOUT = 0.2  # before the classifier
VARIANTS = "ABCD"  # models of table 6


class ConvBlock(nn.Sequential):
    """Convolution, batch normalisation, ReLU."""

    def __init__(self, inputs: int, outputs: int, kernel: int = 3, groups: int = 1) -> None:
        super().__init__(
            nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2, groups=groups, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(inplace=True),
        )


class Backbone(nn.Module):
    """Four blocks and the fusion of their scales (MSFF): (B, C, 128, 128) to (B, 480, 8, 8)."""

    def __init__(self, inputs: int) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(ConvBlock(a, b) for a, b in zip((inputs, *WIDTHS), WIDTHS, strict=False))
        self.pool = nn.MaxPool2d(3, 2, 1)
        self.taps = nn.ModuleList(nn.MaxPool2d(k, s, s) for k, s in ((33, 16), (17, 8), (9, 4)))

    def forward(self, x: Tensor) -> Tensor:
        """All four scales at 8 × 8."""
        scales = []
        for block, tap in zip(self.blocks, (*self.taps, self.pool), strict=True):
            x = block(x)
            scales.append(tap(x))
            x = self.pool(x)
        return torch.cat(scales, 1)


class Vectorise(nn.Module):
    """Spatial attention vectorisation (SAV): each channel's own weighted sum over 8 × 8 places."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weights = nn.Conv2d(channels, channels, 8, groups=channels)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, 8, 8) to (B, C)."""
        return self.weights(x).flatten(1)


class FusionBlock(nn.Sequential):
    """Multi-branch fusion of two modalities: 960 channels to 960 with an eighth of a plain block's weights."""

    def __init__(self) -> None:
        super().__init__(
            ConvBlock(2 * FUSED, FUSED, 1), ConvBlock(FUSED, FUSED, 3, groups=GROUPS), ConvBlock(FUSED, 2 * FUSED, 1)
        )


class Led3d(nn.Module):
    """One path: 480 wide in the paper's comparison, 960 in the authors' public code. (B, C, 128, 128) to (B, width)."""

    def __init__(self, inputs: int = 1, width: int = FUSED) -> None:
        super().__init__()
        self.backbone = Backbone(inputs)
        self.block = ConvBlock(FUSED, width)
        self.vectorise = Vectorise(width)

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, 128, 128) to (B, width)."""
        return self.vectorise(self.block(self.backbone(x)))


class FaceReader(nn.Module):
    """What every recogniser begins with, and how it is asked.

    Depth and normals are read as differences to `mean_depth` (scaled) and `mean_normals`: the first layers see what
    makes a person differ, not what all faces share. `plain` reads them as they are, as in the paper; the mean face that
    faces were registered to is kept all the same.

    widths:    features of each path
    auxiliary: how many paths, from the first, the paper gives a loss of their own
    """

    widths: tuple[int, ...]
    auxiliary = 0

    def __init__(
        self,
        mean_depth: Tensor | None = None,
        mean_normals: Tensor | None = None,
        scale: float = 1.0,
        plain: bool = False,
    ) -> None:
        super().__init__()
        self.plain = plain
        self.register_buffer("mean_depth", torch.zeros(1, 1, 128, 128) if mean_depth is None else mean_depth)
        self.register_buffer("mean_normals", torch.zeros(1, 3, 128, 128) if mean_normals is None else mean_normals)
        self.register_buffer("scale", torch.tensor(scale))

    def read(self, depth: Tensor, normals: Tensor, valid: Tensor) -> tuple[Tensor, Tensor]:
        """Depth (B, 1, 128, 128) and normals (B, 3, 128, 128) as the layers see them."""
        if self.plain:
            return depth * valid, normals * valid
        depth = ((depth - self.mean_depth) * self.scale).clamp(-1, 1) * valid
        return depth, (normals - self.mean_normals) * valid

    def paths(self, depth: Tensor, normals: Tensor, valid: Tensor) -> tuple[Tensor, ...]:
        """Features of each path, (B, width)."""
        raise NotImplementedError

    def forward(self, depth: Tensor, normals: Tensor, valid: Tensor) -> Tensor:
        """(B, sum of widths) features; their direction is the person."""
        return torch.cat(self.paths(depth, normals, valid), 1)


class SinglePath(FaceReader):
    """One network on the depth, or on depth and normals stacked."""

    def __init__(self, trunk: nn.Module, width: int, with_normals: bool, *reading: Any) -> None:
        super().__init__(*reading)
        self.trunk, self.widths, self.with_normals = trunk, (width,), with_normals

    def paths(self, depth: Tensor, normals: Tensor, valid: Tensor) -> tuple[Tensor]:
        """The one feature."""
        depth, normals = self.read(depth, normals, valid)
        return (self.trunk(torch.cat((depth, normals), 1) if self.with_normals else depth),)


class Ldnfnet(FaceReader):
    """Three paths: depth, normals, and what the two have in common.

    variant: model of table 6. A has the fusion path alone, with a plain block; B all three paths; C gives depth and
             normal path losses of their own; D fuses by the multi-branch block and is LDNFNet.
    """

    def __init__(
        self,
        mean_depth: Tensor | None = None,
        mean_normals: Tensor | None = None,
        scale: float = 1.0,
        plain: bool = False,
        variant: str = "D",
    ) -> None:
        super().__init__(mean_depth, mean_normals, scale, plain)
        if variant not in VARIANTS:
            raise ValueError(f'LDNFNet has no model "{variant}"; table 6 knows {", ".join(VARIANTS)}')
        self.own_paths = variant != "A"
        self.widths = (FUSED, FUSED, 2 * FUSED) if self.own_paths else (2 * FUSED,)
        self.auxiliary = 2 if variant in ("C", "D") else 0
        self.depth_backbone, self.normals_backbone = Backbone(1), Backbone(3)
        if self.own_paths:
            self.depth_block, self.normals_block = ConvBlock(FUSED, FUSED), ConvBlock(FUSED, FUSED)
        self.fusion = FusionBlock() if variant == "D" else ConvBlock(2 * FUSED, 2 * FUSED)
        if self.own_paths:
            self.depth_vector, self.normals_vector = Vectorise(FUSED), Vectorise(FUSED)
        self.fusion_vector = Vectorise(2 * FUSED)

    def paths(self, depth: Tensor, normals: Tensor, valid: Tensor) -> tuple[Tensor, ...]:
        """Features of the depth, normal and fusion path: (B, 480), (B, 480), (B, 960); model A has the last alone."""
        depth, normals = self.read(depth, normals, valid)
        d, n = self.depth_backbone(depth), self.normals_backbone(normals)
        fused = self.fusion_vector(self.fusion(torch.cat((d, n), 1)))
        if not self.own_paths:
            return (fused,)
        return self.depth_vector(self.depth_block(d)), self.normals_vector(self.normals_block(n)), fused
