"""Arrays as Qt pictures: a table lookup per pixel, so that a pane costs about a millisecond."""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QBrush, QColor, QImage, QPainter, QPen, QPixmap

from depthface_app.ui.theme import GRID_PX, Colours


@dataclass(frozen=True, slots=True)
class Picture:
    """A QImage and the buffer it borrows; the buffer must live as long as the image."""

    image: QImage
    pixels: NDArray[np.uint32]


def _picture(pixels: NDArray[np.uint32]) -> Picture:
    pixels = np.ascontiguousarray(pixels)
    height, width = pixels.shape
    image = QImage(pixels.data, width, height, pixels.strides[0], QImage.Format.Format_ARGB32_Premultiplied)
    return Picture(image, pixels)


def indexed_picture(indices: NDArray[np.uint16], table: NDArray[np.uint32]) -> Picture:
    """Colours of (H, W) table indices; `table` (65536,) holds premultiplied 0xAARRGGBB, 0 = see-through."""
    return _picture(table[indices])


def rgb_picture(rgb: NDArray[np.uint8], valid: NDArray[np.bool_]) -> Picture:
    """An (H, W, 3) uint8 RGB picture that is see-through where (H, W) `valid` is False."""
    wide = rgb.astype(np.uint32)
    pixels = np.uint32(0xFF000000) | wide[..., 0] << 16 | wide[..., 1] << 8 | wide[..., 2]
    return _picture(np.where(valid, pixels, np.uint32(0)))


def fit(width: float, height: float, into: QRectF) -> QRectF:
    """The largest rectangle of that shape inside `into`, centred."""
    scale = min(into.width() / width, into.height() / height)
    size = QRectF(0, 0, width * scale, height * scale)
    size.moveCenter(into.center())
    return size


def paint_hatch(painter: QPainter, rect: QRectF, colours: Colours) -> None:
    """What stands where there is no reading: a hatched neutral, which no colour map contains."""
    painter.setBrushOrigin(rect.topLeft())
    painter.fillRect(rect, QBrush(_hatch(colours.card, colours.hatch)))


@cache
def _hatch(ground: str, line: str) -> QPixmap:
    """One tile of the hatch, sharp up to a density of two."""
    side = 2 * GRID_PX
    tile = QPixmap(side, side)
    tile.setDevicePixelRatio(2)
    tile.fill(QColor(ground))
    painter = QPainter(tile)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(QColor(line), 1.5))
    for step in (0, GRID_PX, 2 * GRID_PX):  # the neighbours' lines reach into the corners
        painter.drawLine(QPointF(step + 2, -2), QPointF(step - GRID_PX - 2, GRID_PX + 2))
    painter.end()
    return tile
