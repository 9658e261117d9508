"""The locator's two networks: one looks over the whole frame, one looks closely at each place it proposes.

The first is a keypoint heatmap with offsets (Zhou et al., Objects as Points, arXiv 1904.07850) on a small feature
pyramid; the second regresses tip of the nose and rotation, the latter as six numbers made orthonormal (Zhou et al., On
the Continuity of Rotation Representations, CVPR 2019).
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

OVERVIEW_CHANNELS = 6
ALIGNER_CHANNELS = 5
SOFTENED_CHANNELS = 3
SOFTENING_PX = 5
SLOPE_SCALE = 10.0  # to numbers near 1 where the surface leans by 45°
STRIDE = 4
OFFSET_SCALE_MM = 30.0
DEPTH_SCALE_MM = 100.0


class Conv(nn.Sequential):
    """Convolution, batch normalisation, ReLU."""

    def __init__(self, inputs: int, outputs: int, stride: int = 1, kernel: int = 3) -> None:
        super().__init__(
            nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(inplace=True),
        )


class Residual(nn.Module):
    """Two convolutions beside the identity (He et al., CVPR 2016)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = Conv(channels, channels)
        self.second = nn.Sequential(nn.Conv2d(channels, channels, 3, padding=1, bias=False), nn.BatchNorm2d(channels))

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, h, w) to the same shape."""
        return F.relu(x + self.second(self.first(x)))


class Scout(nn.Module):
    """(B, 6, h, w) overview to a map of noses at a quarter of its size."""

    def __init__(self, width: int = 32) -> None:
        super().__init__()
        a, b, c = width, 2 * width, 3 * width
        self.stem = nn.Sequential(Conv(OVERVIEW_CHANNELS, width // 2, 2), Conv(width // 2, a, 2), Residual(a))
        self.middle = nn.Sequential(Conv(a, b, 2), Residual(b), Residual(b))
        self.deep = nn.Sequential(Conv(b, c, 2), Residual(c), Residual(c))
        self.from_deep, self.from_middle = Conv(c, b, kernel=1), Conv(b, a, kernel=1)
        self.join = Residual(b)
        self.head = nn.Sequential(Conv(a, a), nn.Conv2d(a, 4, 1))
        nn.init.constant_(self.head[1].bias, 0.0)
        self.head[1].bias.data[0] = -4.0

    def forward(self, overview: Tensor) -> tuple[Tensor, Tensor]:
        """Logit of a nose (B, 1, h/4, w/4), and (B, 3, h/4, w/4): its place in pixels of the overview from the
        cell's middle (x, y), and its depth in m.
        """
        fine = self.stem(overview)
        middle = self.middle(fine)
        coarse = self.from_deep(self.deep(middle))
        middle = self.join(middle + F.interpolate(coarse, middle.shape[2:], mode="nearest"))
        fine = fine + F.interpolate(self.from_middle(middle), fine.shape[2:], mode="nearest")
        out = self.head(fine)
        depth = mean_depth(overview) + out[:, 3:4] * (DEPTH_SCALE_MM / 1000)
        return out[:, :1], torch.cat((out[:, 1:3] * STRIDE, depth), 1)


def mean_depth(overview: Tensor) -> Tensor:
    """Mean depth in m of the readings in each cell; 12 × 12 pixels around it where the cell has none."""
    valid = overview[:, 5:6]
    metres = (overview[:, :1] + 1) * valid
    near, there = (F.avg_pool2d(part, STRIDE, ceil_mode=True) for part in (metres, valid))
    wide, around = F.avg_pool2d(near, 3, 1, 1), F.avg_pool2d(there, 3, 1, 1)
    return torch.where(there > 0, near / there.clamp(min=1e-3), wide / around.clamp(min=1e-3))


def softened(window: Tensor) -> Tensor:
    """(B, 3, S, S) depth averaged over the readings around each pixel, and its slopes across and down.

    Two box filters in a row, as wide as a nostril: where the noise is as high as the nose, this is what still shows it.
    """
    valid = window[:, 4:5]
    value, weight = window[:, :1] * valid, valid
    both, reach = torch.cat((value, weight), 1), SOFTENING_PX // 2
    for _ in range(2):  # rows, then columns: 10 readings in place of 25
        both = F.avg_pool2d(F.avg_pool2d(both, (1, SOFTENING_PX), 1, (0, reach)), (SOFTENING_PX, 1), 1, (reach, 0))
    depth = both[:, :1] / both[:, 1:].clamp(min=0.05)
    wide = F.pad(depth, (1, 1, 1, 1), mode="replicate")
    across, down = wide[:, :, 1:-1, 2:] - wide[:, :, 1:-1, :-2], wide[:, :, 2:, 1:-1] - wide[:, :, :-2, 1:-1]
    return torch.cat((depth, across * SLOPE_SCALE, down * SLOPE_SCALE), 1)


class Aligner(nn.Module):
    """(B, 5, 64, 64) window to: is it a face, where is the nose tip, how is the head turned."""

    def __init__(self, width: int = 24) -> None:
        super().__init__()
        a, b, c, d = width, 2 * width, 4 * width, 5 * width
        self.features = nn.Sequential(
            Conv(ALIGNER_CHANNELS + SOFTENED_CHANNELS, a, 2),
            Conv(a, b, 2),
            Residual(b),
            Conv(b, c, 2),
            Residual(c),
            Conv(c, d, 2),
            Residual(d),
        )
        self.head = nn.Sequential(nn.Flatten(), nn.Linear(d * 16, 128), nn.ReLU(inplace=True), nn.Linear(128, 10))

    def forward(self, window: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Logit (B,), offset of the nose tip in mm (B, 3) and rotation (B, 3, 3) in the window's axes."""
        out = self.head(self.features(torch.cat((window, softened(window)), 1)))
        return out[:, 0], out[:, 1:4] * OFFSET_SCALE_MM, rotation_of(out[:, 4:7], out[:, 7:10])


def rotation_of(first: Tensor, second: Tensor) -> Tensor:
    """(B, 3, 3) rotation whose first two columns are nearest these (B, 3) in order (Gram-Schmidt)."""
    x = first / first.norm(dim=1, keepdim=True).clamp(min=1e-6)
    y = second - (x * second).sum(1, keepdim=True) * x
    y = y / y.norm(dim=1, keepdim=True).clamp(min=1e-6)
    z = torch.stack((x[:, 1] * y[:, 2] - x[:, 2] * y[:, 1], x[:, 2] * y[:, 0] - x[:, 0] * y[:, 2],
                     x[:, 0] * y[:, 1] - x[:, 1] * y[:, 0]), 1)  # fmt: skip
    return torch.stack((x, y, z), 2)


class ScoutGraph(nn.Module):
    """The scout as it is shipped: probability for logit."""

    def __init__(self, scout: Scout) -> None:
        super().__init__()
        self.scout = scout

    def forward(self, overview: Tensor) -> tuple[Tensor, Tensor]:
        """Chance of a nose, and its place."""
        logit, place = self.scout(overview)
        return torch.sigmoid(logit), place


class AlignerGraph(nn.Module):
    """The aligner as it is shipped: probability for logit."""

    def __init__(self, aligner: Aligner) -> None:
        super().__init__()
        self.aligner = aligner

    def forward(self, window: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Chance of a face, nose and rotation."""
        logit, offset, rotation = self.aligner(window)
        return torch.sigmoid(logit), offset, rotation
