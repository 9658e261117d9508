"""MobileFaceNet: a light backbone of ordinary face recognition, here on depth and normals.

Source: Chen et al., MobileFaceNets, CCBR 2018, table 1: inverted residuals (Sandler et al., CVPR 2018) with PReLU,
and a depthwise convolution over the last map in place of average pooling. Published for 112 × 112 pictures and 64
channels; at 128 × 128 the last map has 8 × 8 places instead of 7 × 7.
"""

from torch import Tensor, nn

STRIDE = 16
EMBEDDING = 128
# expansion, width in units of the first layer's, repeats, first stride
STAGES = ((2, 1, 5, 2), (4, 2, 1, 2), (2, 2, 6, 1), (4, 2, 1, 2), (2, 2, 2, 1))
LAST = 8  # width of the last 1 × 1 convolution in the same units


class Unit(nn.Sequential):
    """Convolution and batch normalisation, with PReLU unless linear."""

    def __init__(
        self, inputs: int, outputs: int, kernel: int, stride: int = 1, groups: int = 1, *, linear: bool = False,
        padding: int | None = None,
    ) -> None:  # fmt: skip
        around = kernel // 2 if padding is None else padding
        super().__init__(
            nn.Conv2d(inputs, outputs, kernel, stride, around, groups=groups, bias=False),
            nn.BatchNorm2d(outputs),
            nn.Identity() if linear else nn.PReLU(outputs),
        )


class Bottleneck(nn.Module):
    """Widen, look around, narrow; beside the identity where shapes allow."""

    def __init__(self, inputs: int, outputs: int, expansion: int, stride: int) -> None:
        super().__init__()
        wide = inputs * expansion
        self.body = nn.Sequential(
            Unit(inputs, wide, 1), Unit(wide, wide, 3, stride, wide), Unit(wide, outputs, 1, linear=True)
        )
        self.beside = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) to (B, outputs, H/stride, W/stride)."""
        return x + self.body(x) if self.beside else self.body(x)


class MobileFaceNet(nn.Module):
    """(B, C, side, side) to (B, 128)."""

    def __init__(self, inputs: int, width: int = 64, side: int = 128) -> None:
        super().__init__()
        layers: list[nn.Module] = [Unit(inputs, width, 3, 2), Unit(width, width, 3, 1, width)]
        channels = width
        for expansion, units, repeats, stride in STAGES:
            for k in range(repeats):
                layers.append(Bottleneck(channels, units * width, expansion, stride if k == 0 else 1))
                channels = units * width
        wide = LAST * width
        self.features = nn.Sequential(*layers, Unit(channels, wide, 1))
        self.vector = nn.Sequential(
            Unit(wide, wide, side // STRIDE, groups=wide, linear=True, padding=0),
            Unit(wide, EMBEDDING, 1, linear=True),
            nn.Flatten(),
        )

    def forward(self, x: Tensor) -> Tensor:
        """(B, 128)."""
        return self.vector(self.features(x))
