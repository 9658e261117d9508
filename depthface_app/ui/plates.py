"""The plates at the faces: mark, name, figures, and where there is room for them."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter

from depthface_app.ui.marks import Standing, ink_of, paint_mark
from depthface_app.ui.theme import GRID_PX, RADIUS_PX, Colours, scaled

_OPACITY = 235  # of 255: the picture shows through a little


@dataclass(frozen=True, slots=True)
class Plate:
    """What stands on one plate."""

    name: str
    figures: str
    standing: Standing

    def size(self, font: QFont) -> QSizeF:
        """Room for everything on it."""
        bold, plain = QFontMetricsF(scaled(font, 1.0, bold=True)), QFontMetricsF(font)
        texts_px = bold.horizontalAdvance(self.name) + plain.horizontalAdvance(self.figures)
        return QSizeF(texts_px + plain.ascent() + 4.5 * GRID_PX, bold.height() + GRID_PX)


def place_plate(
    size: QSizeF, box: QRectF, within: QRectF, plates: list[QRectF], faces: Sequence[QRectF] = ()
) -> QRectF:
    """Near its box and inside the picture, clear of the other plates and, where there is room, of the other faces."""
    left = min(max(box.left(), within.left() + 4), within.right() - size.width() - 4)
    step = size.height() + 4
    above, below = box.top() - 2 - step, box.bottom() + 6
    places = []
    for top in (above, below, above - step, below + step, above - 2 * step, below + 2 * step):
        top = min(max(top, within.top() + 4), within.bottom() - size.height() - 4)
        places.append(QRectF(left, top, size.width(), size.height()))
    others = [face for face in faces if face != box]
    for taken in ([*plates, *others], plates):
        for place in places:
            if not any(place.intersects(each) for each in taken):
                return place
    return places[-1]


def paint_plate(painter: QPainter, rect: QRectF, plate: Plate, font: QFont, colours: Colours) -> None:
    """Mark, name in bold, figures."""
    ground = QColor(colours.card)
    ground.setAlpha(_OPACITY)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(ground)
    painter.drawRoundedRect(rect, RADIUS_PX / 2, RADIUS_PX / 2)
    mark_px = QFontMetricsF(font).ascent()
    mark = QRectF(rect.left() + GRID_PX, rect.center().y() - mark_px / 2, mark_px, mark_px)
    paint_mark(painter, mark, plate.standing, ink_of(plate.standing, colours))
    text = rect.adjusted(mark_px + 2 * GRID_PX, 0, 0, 0)
    painter.setFont(scaled(font, 1.0, bold=True))
    painter.setPen(QColor(colours.text))
    painter.drawText(text, Qt.AlignmentFlag.AlignVCenter, plate.name)
    name_px = QFontMetricsF(painter.font()).horizontalAdvance(plate.name)
    painter.setFont(font)
    painter.setPen(QColor(colours.muted))
    painter.drawText(text.adjusted(name_px + GRID_PX, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, plate.figures)
