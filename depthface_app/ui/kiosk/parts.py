"""What the kiosk's screens are made of: large buttons, text that wraps, and two halves side by side or stacked."""

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QKeyEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QAbstractButton, QBoxLayout, QLabel, QSizePolicy, QWidget

from depthface_app.ui.icons import paint_icon
from depthface_app.ui.marks import Standing, ink_of, paint_mark
from depthface_app.ui.theme import GRID_PX, RADIUS_PX, colours_of, scaled

TARGET_PX = 72  # height of whatever is pressed: more than the 64 that a finger hits without looking
TITLE_SCALE, TEXT_SCALE = 1.9, 1.25  # of the least size that is readable from two metres
MARK_PX = 160
ICON_PX = 40


class BigButton(QAbstractButton):
    """A button for fingers; space and return press it too. The main one of a screen is filled."""

    def __init__(self, parent: QWidget, *, is_main: bool = False, icon: str = "", scale: float = 1.0) -> None:
        super().__init__(parent)
        self.is_main, self._icon = is_main, icon
        self.setFont(scaled(self.font(), scale, bold=is_main))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.MinimumExpanding, QSizePolicy.Policy.Fixed)

    def say(self, text: str, spoken: str = "") -> None:
        """What stands on it, and what a screen reader says where that is only a sign."""
        self.setText(text)
        self.setAccessibleName(spoken or text)
        self.updateGeometry()

    def sizeHint(self) -> QSize:
        """Room for the text on one line, and never less than a finger."""
        metrics = QFontMetrics(self.font())
        icon_px = ICON_PX + GRID_PX if self._icon else 0
        width = metrics.horizontalAdvance(self.text()) + icon_px + 3 * GRID_PX
        return QSize(max(width, TARGET_PX), max(metrics.height() + 3 * GRID_PX, TARGET_PX))

    def minimumSizeHint(self) -> QSize:
        """The same: a text is never cut."""
        return self.sizeHint()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Return presses as space does."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """A flat surface, its text, and a ring while it has the focus."""
        painter, colours = QPainter(self), colours_of(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ground, ink = (colours.accent, colours.on_accent) if self.is_main else (colours.raised, colours.text)
        if self.isDown() or self.isChecked():
            ground, ink = colours.line, colours.text
        has_ring = self.hasFocus()
        painter.setPen(QPen(QColor(colours.text if has_ring else colours.line), 3 if has_ring else 1))
        painter.setBrush(QColor(ground))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(2, 2, -2, -2), RADIUS_PX, RADIUS_PX)
        painter.setPen(QColor(ink))
        self._paint_inside(painter, ink)

    def _paint_inside(self, painter: QPainter, ink: str) -> None:
        room = QRectF(self.rect())
        if self._icon:
            text_px = QFontMetrics(self.font()).horizontalAdvance(self.text())
            gap_px = GRID_PX if self.text() else 0
            left = (self.width() - ICON_PX - gap_px - text_px) / 2
            paint_icon(painter, self._icon, ink, QRectF(left, (self.height() - ICON_PX) / 2, ICON_PX, ICON_PX))
            room.setLeft(left + ICON_PX + gap_px)
            painter.drawText(room, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, self.text())
        else:
            painter.drawText(room, Qt.AlignmentFlag.AlignCenter, self.text())


class Text(QLabel):
    """A text that wraps; `is_quiet` in the colour for what matters less."""

    def __init__(
        self, parent: QWidget, scale: float = TEXT_SCALE, *, is_bold: bool = False, is_quiet: bool = False
    ) -> None:
        super().__init__(parent)
        self.setWordWrap(True)
        self.setFont(scaled(self.font(), scale, bold=is_bold))
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        if is_quiet:
            self.setForegroundRole(self.palette().ColorRole.PlaceholderText)

    def say(self, text: str) -> None:
        """Another text; the same again costs nothing."""
        if text != self.text():
            self.setText(text)


class Mark(QWidget):
    """How it went, as a shape: see `marks.paint_mark`."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.standing = Standing.POOR
        self.setFixedHeight(MARK_PX)

    def paintEvent(self, event: QPaintEvent) -> None:
        """In the middle of its width."""
        rect = QRectF(0, 0, MARK_PX, MARK_PX)
        rect.moveCenter(QRectF(self.rect()).center())
        paint_mark(QPainter(self), rect, self.standing, ink_of(self.standing, colours_of(self)))


class Halves(QWidget):
    """Two widgets side by side on a wide screen, one above the other on a tall one."""

    def __init__(self, parent: QWidget, one: QWidget, other: QWidget) -> None:
        super().__init__(parent)
        self._box = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._box.setContentsMargins(0, 0, 0, 0)
        self._box.setSpacing(4 * GRID_PX)
        self._box.addWidget(one, 1)
        self._box.addWidget(other, 1)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Turn with the screen."""
        is_wide = self.width() > self.height()
        directions = QBoxLayout.Direction
        self._box.setDirection(directions.LeftToRight if is_wide else directions.TopToBottom)
        self._box.setStretch(0, 3 if is_wide else 1)
        self._box.setStretch(1, 3 if is_wide else 0)
        super().resizeEvent(event)
