"""What we say about a face, as a shape and a word first and a colour second."""

import math
from enum import Enum

from PySide6.QtCore import QCoreApplication, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from depthface_app.core.face import FaceResult
from depthface_app.ui.theme import Colours

POOR_QUALITY = 0.35  # below this the picture says too little about the person to be worth a name


class Standing(Enum):
    """The four things a visitor can read off a face; the value is the name of its colour in the theme."""

    KNOWN = "known"
    UNKNOWN = "unknown"
    SPOOF = "spoof"
    POOR = "poor"


def standing_of(face: FaceResult) -> Standing:
    """How this face stands; an accepted name outranks a poor picture, a suspected spoof outranks all."""
    if face.live is False:
        return Standing.SPOOF
    if face.match is not None and face.match.name is not None:
        return Standing.KNOWN
    if face.match is None or face.quality < POOR_QUALITY:
        return Standing.POOR
    return Standing.UNKNOWN


def word_of(standing: Standing) -> str:
    """The standing in a word or two."""
    words = {
        Standing.KNOWN: QCoreApplication.translate("Standing", "known"),
        Standing.UNKNOWN: QCoreApplication.translate("Standing", "unknown person"),
        Standing.SPOOF: QCoreApplication.translate("Standing", "not a live face?"),
        Standing.POOR: QCoreApplication.translate("Standing", "poor picture"),
    }
    return words[standing]


def ink_of(standing: Standing, colours: Colours) -> str:
    """The standing's colour in a theme."""
    return str(getattr(colours, standing.value))


def is_judged(face: FaceResult) -> bool:
    """Whether a similarity can be shown."""
    return face.match is not None and not math.isnan(face.match.similarity)


def paint_mark(painter: QPainter, rect: QRectF, standing: Standing, ink: str) -> None:
    """Filled disc with a tick: known. Ring: unknown. Struck ring: spoof. Dotted ring: poor."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    line_px = max(2.0, rect.width() / 8)
    pen = QPen(QColor(ink), line_px, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap)
    if standing is Standing.POOR:
        pen.setDashPattern((0.1, 1.6))
    painter.setPen(pen)
    painter.setBrush(QColor(ink) if standing is Standing.KNOWN else Qt.BrushStyle.NoBrush)
    disc = rect.adjusted(line_px / 2, line_px / 2, -line_px / 2, -line_px / 2)
    painter.drawEllipse(disc)
    if standing is Standing.SPOOF:
        painter.drawLine(_on(disc, 0.15, 0.85), _on(disc, 0.85, 0.15))
    if standing is Standing.KNOWN:
        painter.setPen(QPen(QColor("#0c1116" if QColor(ink).lightness() > 110 else "#ffffff"), line_px))
        painter.drawPolyline([_on(disc, 0.24, 0.52), _on(disc, 0.44, 0.72), _on(disc, 0.78, 0.32)])
    painter.restore()


def _on(rect: QRectF, across: float, down: float) -> QPointF:
    return QPointF(rect.left() + across * rect.width(), rect.top() + down * rect.height())
