"""Everybody in the picture as a list, from left to right; the second way to choose a face."""

from PySide6.QtCore import QLocale, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from depthface_app.core.face import FaceResult
from depthface_app.ui.card import paint_surface
from depthface_app.ui.marks import ink_of, is_judged, paint_mark, standing_of
from depthface_app.ui.theme import GRID_PX, RADIUS_PX, colours_of, scaled

ROWS = 4  # as many as the locator finds


class InView(QWidget):
    """Paints one row per face. `chosen` carries the track number of the row that was clicked or reached by arrow."""

    chosen = Signal(int)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAccessibleName(self.tr("People in view"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.faces: tuple[FaceResult, ...] = ()
        self.chosen_track: int | None = None

    def row_px(self) -> int:
        """Height of one row."""
        return self.fontMetrics().height() + GRID_PX

    def sizeHint(self) -> QSize:
        """The title and every row there may be, so that nothing moves."""
        return QSize(200, (ROWS + 1) * self.row_px() + GRID_PX)

    def minimumSizeHint(self) -> QSize:
        """Not smaller."""
        return self.sizeHint()

    def show_faces(self, faces: tuple[FaceResult, ...], chosen_track: int | None) -> None:
        """List these faces and mark the chosen one."""
        self.faces = tuple(sorted(faces, key=lambda face: face.location.nose_px[0]))[:ROWS]
        self.chosen_track = chosen_track
        self.setAccessibleDescription("; ".join("  ".join(self.cells(face)) for face in self.faces))
        self.update()

    def cells(self, face: FaceResult) -> tuple[str, str, str]:
        """(name, similarity, distance) of a row."""
        match, number = face.match, QLocale().toString
        name = match.name if match is not None and match.name else self.tr("unknown")
        similarity = number(match.similarity, "f", 2) if match is not None and is_judged(face) else "—"
        return name, similarity, number(face.location.distance_mm / 1000, "f", 2) + " m"

    def paintEvent(self, event: QPaintEvent) -> None:
        """Title, then rows."""
        painter, colours = QPainter(self), colours_of(self)
        paint_surface(painter, QRectF(self.rect()), colours)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.hasFocus():
            painter.setPen(QPen(QColor(colours.accent), 2))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), RADIUS_PX, RADIUS_PX)
        painter.setPen(QColor(colours.muted))
        title = self._row(-1).adjusted(GRID_PX, 0, 0, 0)
        painter.drawText(title, Qt.AlignmentFlag.AlignVCenter, self.tr("in view ({0})").format(len(self.faces)))
        for number, face in enumerate(self.faces):
            self._paint_row(painter, self._row(number), face)

    def _row(self, number: int) -> QRectF:
        height = self.row_px()
        return QRectF(GRID_PX, GRID_PX / 2 + (number + 1) * height, self.width() - 2 * GRID_PX, height)

    def _paint_row(self, painter: QPainter, row: QRectF, face: FaceResult) -> None:
        colours, standing = colours_of(self), standing_of(face)
        is_chosen = face.location.track == self.chosen_track
        if is_chosen:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(colours.raised))
            painter.drawRoundedRect(row.adjusted(0, 1, 0, -1), RADIUS_PX / 2, RADIUS_PX / 2)
        mark_px = row.height() - 2 * GRID_PX + 4
        mark = QRectF(row.left() + GRID_PX, row.center().y() - mark_px / 2, mark_px, mark_px)
        paint_mark(painter, mark, standing, ink_of(standing, colours))
        self._paint_cells(painter, row.adjusted(mark_px + 2 * GRID_PX, 0, -GRID_PX, 0), face, is_chosen)

    def _paint_cells(self, painter: QPainter, room: QRectF, face: FaceResult, is_chosen: bool) -> None:
        colours, metrics = colours_of(self), self.fontMetrics()
        name, similarity, distance = self.cells(face)
        distance_px, similarity_px = metrics.horizontalAdvance("0.00 m"), metrics.horizontalAdvance("0.00")
        right = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
        painter.setFont(self.font())
        painter.setPen(QColor(colours.muted))
        painter.drawText(room, right, distance)
        painter.setPen(QColor(colours.text))
        painter.drawText(room.adjusted(0, 0, -distance_px - 2 * GRID_PX, 0), right, similarity)
        room.setRight(room.right() - distance_px - similarity_px - 4 * GRID_PX)
        painter.setFont(scaled(self.font(), 1.0, bold=is_chosen))
        text = painter.fontMetrics().elidedText(name, Qt.TextElideMode.ElideRight, int(room.width()))
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, text)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """A click on a row chooses it."""
        for number, face in enumerate(self.faces):
            if self._row(number).contains(event.position()):
                self.chosen.emit(face.location.track)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Up and down choose the row before or after."""
        step = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(Qt.Key(event.key()), 0)
        tracks = [face.location.track for face in self.faces]
        if step and self.chosen_track in tracks:
            there = min(max(tracks.index(self.chosen_track) + step, 0), len(tracks) - 1)
            self.chosen.emit(tracks[there])
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show that the arrows work here."""
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """And that they no longer do."""
        super().focusOutEvent(event)
        self.update()
