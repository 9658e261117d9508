"""Icons: Lucide's outlines, tinted with the theme's colours and drawn sharp for any screen density."""

from functools import cache

from PySide6.QtCore import QByteArray, QRectF, QSize, Qt
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from depthface_app.core.assets import asset

SIZE_PX = 20
_DENSITIES = (1, 2, 3)


@cache
def _outline(name: str) -> str:
    return asset(f"icons/{name}.svg").read_text(encoding="utf-8")


def paint_icon(painter: QPainter, name: str, colour: str, rect: QRectF) -> None:
    """Draw an icon of the set into a square."""
    svg = _outline(name).replace("currentColor", colour)
    QSvgRenderer(QByteArray(svg.encode())).render(painter, rect)


def _pixmap(name: str, colour: str, density: int) -> QPixmap:
    pixmap = QPixmap(QSize(SIZE_PX, SIZE_PX) * density)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    paint_icon(painter, name, colour, QRectF(0, 0, SIZE_PX * density, SIZE_PX * density))
    painter.end()
    pixmap.setDevicePixelRatio(density)
    return pixmap


@cache
def icon(name: str, colour: str, disabled: str) -> QIcon:
    """The icon for buttons and menus, with its greyed form."""
    out = QIcon()
    for density in _DENSITIES:
        out.addPixmap(_pixmap(name, colour, density), QIcon.Mode.Normal)
        out.addPixmap(_pixmap(name, disabled, density), QIcon.Mode.Disabled)
    return out
