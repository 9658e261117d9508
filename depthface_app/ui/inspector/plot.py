"""The depth of two methods along a line."""

import math

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from depthface_app.ui.card import paint_surface
from depthface_app.ui.inspector.reading import Profile
from depthface_app.ui.theme import GRID_PX, Colours, colours_of

LEAST_SPAN_MM = 4.0  # a flat cut is not blown up to noise
_TICKS = 5


class ProfilePlot(QWidget):
    """Draws a profile, near on top, with both names in their colours."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.profile: Profile | None = None
        self.setAccessibleName(self.tr("Depth along the line, millimetres behind the tip of the nose"))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def minimumSizeHint(self) -> QSize:
        """The names; in a low window there is no room for more."""
        return QSize(200, 2 * self.fontMetrics().height())

    def show_profile(self, profile: Profile | None) -> None:
        """Draw this from now on."""
        self.profile = profile
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Names, axes, two curves."""
        painter, colours = QPainter(self), colours_of(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        paint_surface(painter, QRectF(self.rect()), colours)
        line_px, flags = self.fontMetrics().height(), Qt.AlignmentFlag
        inner = QRectF(self.rect()).adjusted(1.5 * GRID_PX, GRID_PX, -1.5 * GRID_PX, -GRID_PX)
        painter.setPen(QColor(colours.muted))
        title = self.tr("along the line, mm")
        painter.drawText(QRectF(inner.left(), inner.top(), inner.width(), line_px), flags.AlignLeft, title)
        if self.profile is None:
            painter.drawText(inner, flags.AlignCenter, self.tr("no surface under the line"))
            return
        self._paint_names(painter, QRectF(inner.left(), inner.top(), inner.width(), line_px), colours)
        left_px = self.fontMetrics().horizontalAdvance("−100.0")
        room = inner.adjusted(left_px, line_px + GRID_PX, 0, -line_px - 2)
        if room.height() < line_px:
            return
        low, high = limits(self.profile)
        self._paint_axes(painter, room, low, high, colours)
        for depths, colour, width in zip(self.profile.depths_mm, inks(colours), (1.5, 2.0), strict=True):
            painter.setPen(QPen(QColor(colour), width))
            for piece in pieces(depths):
                painter.drawPolyline(QPolygonF([_place(room, x, y, low, high) for x, y in piece]))

    def _paint_names(self, painter: QPainter, room: QRectF, colours: Colours) -> None:
        assert self.profile is not None
        right = room.right()
        for name, colour in reversed(tuple(zip(self.profile.names, inks(colours), strict=True))):
            width = self.fontMetrics().horizontalAdvance(name)
            painter.setPen(QColor(colours.text))
            painter.drawText(QPointF(right - width, room.top() + self.fontMetrics().ascent()), name)
            painter.setPen(QPen(QColor(colour), 2.5))
            middle = room.center().y()
            painter.drawLine(QPointF(right - width - 22, middle), QPointF(right - width - 6, middle))
            right -= width + 22 + 1.5 * GRID_PX

    def _paint_axes(self, painter: QPainter, room: QRectF, low: float, high: float, colours: Colours) -> None:
        assert self.profile is not None
        flags, line_px = Qt.AlignmentFlag, self.fontMetrics().height()
        for value in ticks(low, high, room.height() / (1.5 * line_px)):
            y = _place(room, 0, value, low, high).y()
            painter.setPen(QPen(QColor(colours.line), 1))
            painter.drawLine(QPointF(room.left(), y), QPointF(room.right(), y))
            painter.setPen(QColor(colours.muted))
            label = QRectF(room.left() - 100, y - line_px / 2, 100 - 6, line_px)
            painter.drawText(label, flags.AlignRight | flags.AlignVCenter, f"{value:g}".replace("-", "−"))
        for value in ticks(0, self.profile.length_mm, _TICKS):
            x = room.left() + value / max(self.profile.length_mm, 1e-6) * room.width()
            label = QRectF(x - 50, room.bottom() + 2, 100, line_px)
            painter.drawText(label.intersected(QRectF(self.rect())), flags.AlignHCenter | flags.AlignTop, f"{value:g}")


def inks(colours: Colours) -> tuple[str, str]:
    """Of the first and of the second method, where they are told apart by colour; they differ in lightness too."""
    return colours.unknown, colours.accent


def _place(room: QRectF, x: float, y: float, low: float, high: float) -> QPointF:
    return QPointF(room.left() + x * room.width(), room.top() + (y - low) / (high - low) * room.height())


def limits(profile: Profile) -> tuple[float, float]:
    """Nearest and farthest depth that is drawn, in mm, not closer together than LEAST_SPAN_MM."""
    known = np.concatenate(profile.depths_mm)
    known = known[~np.isnan(known)]
    low, high = (float(known.min()), float(known.max())) if known.size else (0.0, LEAST_SPAN_MM)
    missing = max(LEAST_SPAN_MM - (high - low), 0.0) / 2
    return low - missing, high + missing


def ticks(low: float, high: float, most: float) -> list[float]:
    """Round values between two ends, about as many as _TICKS, and not more than there is room for."""
    rough = max(high - low, 1e-6) / max(min(_TICKS, most), 1)
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(each * power for each in (1, 2, 5, 10) if each * power >= rough)
    first = math.ceil(low / step)
    return [round(k * step, 6) for k in range(first, math.floor(high / step + 1e-9) + 1)]


def pieces(depths_mm: NDArray[np.float32]) -> list[list[tuple[float, float]]]:
    """Runs of (part of the line, depth) without gaps between."""
    out: list[list[tuple[float, float]]] = []
    is_open = False
    for k, depth in enumerate(depths_mm.tolist()):
        if math.isnan(depth):
            is_open = False
            continue
        if not is_open:
            out.append([])
            is_open = True
        out[-1].append((k / max(len(depths_mm) - 1, 1), depth))
    return out
