"""Which part of a square picture is shown, the same in all views."""

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF

LARGEST_ZOOM = 24.0


@dataclass(frozen=True, slots=True)
class Viewport:
    """The middle of what is shown, in parts of the picture, and how many times larger than whole it is shown."""

    zoom: float = 1.0
    x: float = 0.5
    y: float = 0.5

    def rect(self, room: QRectF) -> QRectF:
        """Where the whole picture lies, in the room's own pixels; larger than the room when zoomed."""
        side = min(room.width(), room.height()) * self.zoom
        return QRectF(room.center().x() - self.x * side, room.center().y() - self.y * side, side, side)

    def part(self, room: QRectF, place: QPointF) -> QPointF:
        """The point of the picture, in parts of it, that lies at this place of the room."""
        rect = self.rect(room)
        return QPointF((place.x() - rect.left()) / rect.width(), (place.y() - rect.top()) / rect.height())

    def zoomed(self, room: QRectF, place: QPointF, factor: float) -> "Viewport":
        """Larger or smaller, while what lies at this place stays there."""
        point, zoom = self.part(room, place), min(max(self.zoom * factor, 1.0), LARGEST_ZOOM)
        kept = self.zoom / zoom
        return _inside(zoom, point.x() + (self.x - point.x()) * kept, point.y() + (self.y - point.y()) * kept)

    def panned(self, room: QRectF, by: QPointF) -> "Viewport":
        """Moved with the hand by so many pixels."""
        side = self.rect(room).width()
        return _inside(self.zoom, self.x - by.x() / side, self.y - by.y() / side)


def _inside(zoom: float, x: float, y: float) -> Viewport:
    """Not beyond the picture's edges."""
    half = 0.5 / zoom
    return Viewport(zoom, min(max(x, half), 1 - half), min(max(y, half), 1 - half))
