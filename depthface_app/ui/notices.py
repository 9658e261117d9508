"""What the window says when there is no picture, and when something is wrong while there is one."""

from dataclasses import dataclass

from PySide6.QtCore import QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from depthface_app.ui.card import Muted, paint_surface
from depthface_app.ui.icons import paint_icon
from depthface_app.ui.theme import GRID_PX, RADIUS_PX, TITLE_SCALE, colours_of, scaled

TOAST_MS = 5000
WIDE_LETTERS = 45  # from this width on a banner has its button beside its words


@dataclass(frozen=True, slots=True)
class Message:
    """Something to say and what can be done about it.

    action: name of an action of the window's table to offer as a button, "" = none
    label:  text of that button
    """

    icon: str
    title: str
    text: str = ""
    action: str = ""
    label: str = ""


class Glyph(QWidget):
    """An icon of the set, in a colour of the theme."""

    def __init__(self, size_px: int, ink: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setFixedSize(size_px, size_px)
        self._ink, self._name = ink, ""

    def show_icon(self, name: str) -> None:
        """Draw this one."""
        self._name = name
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Nothing until there is a name."""
        if self._name:
            paint_icon(QPainter(self), self._name, getattr(colours_of(self), self._ink), QRectF(self.rect()))


class Saying(QWidget):
    """The parts of a message: icon, title, text, one button. Subclasses arrange them.

    `acted` carries the name of the offered action.
    """

    acted = Signal(str)

    def __init__(self, icon_px: int, ink: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.message: Message | None = None
        self.glyph, self.title, self.text = Glyph(icon_px, ink, self), QLabel(self), Muted("", self)
        self.button = QPushButton(self)
        self.title.setWordWrap(True)
        self.button.clicked.connect(self._act)
        self.hide()

    def say(self, message: Message | None) -> None:
        """Show this message, or nothing."""
        if message == self.message:
            return
        self.message = message
        self.setVisible(message is not None)
        if message is None:
            return
        self.glyph.show_icon(message.icon)
        self.title.setText(message.title)
        self.text.setText(message.text)
        self.text.setVisible(bool(message.text))
        self.button.setText(message.label)
        self.button.setVisible(bool(message.action))
        self.setAccessibleName(f"{message.title}. {message.text}")

    def _act(self) -> None:
        if self.message is not None:
            self.acted.emit(self.message.action)

    def _height_for(self, width: int) -> int:
        layout = self.layout()
        assert layout is not None
        return layout.totalHeightForWidth(width) if layout.hasHeightForWidth() else self.sizeHint().height()


class Notice(Saying):
    """Stands in the middle of an empty picture: what is missing, and the way out."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(5 * GRID_PX, "accent", parent)
        self.title.setFont(scaled(self.font(), TITLE_SCALE, bold=True))
        for label in (self.title, self.text):
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        column = QVBoxLayout(self)
        column.setContentsMargins(*(2 * GRID_PX,) * 4)
        column.setSpacing(GRID_PX)
        column.addWidget(self.glyph, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addWidget(self.title)
        column.addWidget(self.text)
        column.addWidget(self.button, 0, Qt.AlignmentFlag.AlignHCenter)

    def place(self, room: QRectF) -> None:
        """Centre in the room, as wide as a sentence reads well."""
        width = int(min(room.width() - 2 * GRID_PX, self.fontMetrics().averageCharWidth() * 52))
        height = int(min(self._height_for(width), room.height()))
        self.setGeometry(int(room.center().x() - width / 2), int(room.center().y() - height / 2), width, height)

    def paintEvent(self, event: QPaintEvent) -> None:
        """A surface like the other cards."""
        paint_surface(QPainter(self), QRectF(self.rect()), colours_of(self))


class Banner(Saying):
    """A fault in one line over the top of the picture; goes away with its cause."""

    is_below = False

    def __init__(self, parent: QWidget) -> None:
        super().__init__(3 * GRID_PX, "unknown", parent)
        self.title.setFont(scaled(self.font(), 1.0, bold=True))
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(self.title)
        words.addWidget(self.text)
        row = QHBoxLayout()
        row.setSpacing(2 * GRID_PX)
        row.addWidget(self.glyph)
        row.addLayout(words, 1)
        self._box = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._box.setContentsMargins(2 * GRID_PX, GRID_PX, 2 * GRID_PX, GRID_PX)
        self._box.setSpacing(GRID_PX)
        self._box.addLayout(row, 1)
        self._box.addWidget(self.button)

    def place(self, room: QRectF) -> None:
        """Across the top of the room."""
        width = int(room.width() - 2 * GRID_PX)
        is_narrow = width < self.fontMetrics().averageCharWidth() * WIDE_LETTERS
        directions = QBoxLayout.Direction
        self._box.setDirection(directions.TopToBottom if is_narrow else directions.LeftToRight)
        height = self._height_for(width)
        top = room.bottom() - GRID_PX - height if self.is_below else room.top() + GRID_PX
        self.setGeometry(int(room.left() + GRID_PX), int(top), width, height)

    def paintEvent(self, event: QPaintEvent) -> None:
        """A raised surface with the fault's colour around it."""
        painter, colours = QPainter(self), colours_of(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(colours.unknown), 1.5))
        painter.setBrush(QColor(colours.raised))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), RADIUS_PX, RADIUS_PX)


class Toast(Banner):
    """Something that was done, said for a few seconds at the foot of the picture."""

    is_below = True
    spoken = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._timer = QTimer(self, singleShot=True, interval=TOAST_MS)
        self._timer.timeout.connect(lambda: self.say(None))

    def say_text(self, text: str) -> None:
        """Say it now, in place of what was said before."""
        self.say(Message("info", text))
        self._timer.start()
        self.spoken.emit()
