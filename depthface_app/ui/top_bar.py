"""Source, state, model, colours and the buttons, in one row."""

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QAction, QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QMenu, QSizePolicy, QToolButton, QWidget

from depthface_app.core.colour import COLOUR_MAPS
from depthface_app.ui.icons import SIZE_PX, icon
from depthface_app.ui.theme import GRID_PX, Colours, colours_of

BUTTONS = ("pause", "stream", "record", "snapshot", "inspect", "theme", "shortcuts")


class StateLamp(QWidget):
    """A dot and a word: what the stream is doing. The dot is filled while pictures come, hollow otherwise."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.word, self.is_live, self.is_recording = "", False, False

    def sizeHint(self) -> QSize:
        """Room for the longest state, so that nothing moves."""
        text_px = self.fontMetrics().horizontalAdvance("streaming 30 fps")
        return QSize(text_px + 3 * GRID_PX, self.fontMetrics().height() + GRID_PX)

    def minimumSizeHint(self) -> QSize:
        """The dot and a short word."""
        return QSize(self.fontMetrics().horizontalAdvance("recovering") + 3 * GRID_PX, self.sizeHint().height())

    def say(self, word: str, is_live: bool, is_recording: bool) -> None:
        """Draw this state."""
        self.word, self.is_live, self.is_recording = word, is_live, is_recording
        self.setAccessibleName(word)
        self.setToolTip(word)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Dot, then word."""
        painter, colours = QPainter(self), colours_of(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ink = QColor(colours.spoof if self.is_recording else colours.known if self.is_live else colours.unknown)
        dot = QRectF(2, self.height() / 2 - 5, 10, 10)
        painter.setPen(ink)
        painter.setBrush(ink if self.is_live else Qt.BrushStyle.NoBrush)
        painter.drawEllipse(dot)
        painter.setPen(QColor(colours.text))
        room = QRectF(self.rect()).adjusted(2.5 * GRID_PX, 0, 0, 0)
        text = self.fontMetrics().elidedText(self.word, Qt.TextElideMode.ElideRight, int(room.width()))
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, text)


class TopBar(QWidget):
    """The row above the pictures. Choices leave by signal: a source address, a model file, a colour map."""

    source_chosen = Signal(str)
    denoiser_chosen = Signal(object)
    map_chosen = Signal(str)

    def __init__(self, actions: dict[str, QAction], menu: QMenu, parent: QWidget) -> None:
        super().__init__(parent)
        self.source = self._choice(self.tr("Source"), 16)
        self.denoiser = self._choice(self.tr("Denoiser"), 6)
        self.maps = self._choice(self.tr("Colours"), 7)
        for name in COLOUR_MAPS:
            self.maps.addItem(name, name)
        self.lamp = StateLamp(self)
        self.buttons = {name: self._button(actions[name]) for name in BUTTONS}
        self.more = self._menu_button(menu)
        self._compose()
        self.source.activated.connect(lambda row: self.source_chosen.emit(self.source.itemData(row)))
        self.denoiser.activated.connect(lambda row: self.denoiser_chosen.emit(self.denoiser.itemData(row)))
        self.maps.activated.connect(lambda row: self.map_chosen.emit(self.maps.itemData(row)))

    def _choice(self, name: str, letters: int) -> QComboBox:
        box = QComboBox(self)
        box.setAccessibleName(name)
        box.setToolTip(name)
        box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        box.setMinimumContentsLength(letters)
        return box

    def _button(self, action: QAction) -> QToolButton:
        button = QToolButton(self)
        button.setDefaultAction(action)
        button.setAccessibleName(action.text())
        button.setIconSize(QSize(SIZE_PX, SIZE_PX))
        button.setAutoRaise(True)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setMinimumSize(4 * GRID_PX + 4, 4 * GRID_PX + 4)
        return button

    def _menu_button(self, menu: QMenu) -> QToolButton:
        button = QToolButton(self)
        button.setMenu(menu)
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        button.setIconSize(QSize(SIZE_PX, SIZE_PX))
        button.setAccessibleName(self.tr("Menu"))
        button.setAutoRaise(True)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setMinimumSize(4 * GRID_PX + 4, 4 * GRID_PX + 4)
        return button

    def _compose(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GRID_PX)
        self.source.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        row.addWidget(self.source)
        row.addWidget(self.lamp)
        row.addStretch(1)
        row.addWidget(self.denoiser)
        row.addWidget(self.maps)
        for button in self.buttons.values():
            row.addWidget(button)
        row.addWidget(self.more)

    def tint(self, colours: Colours) -> None:
        """The menu's icon in the theme's colours; the other buttons follow their actions."""
        self.more.setIcon(icon("menu", colours.text, colours.line))

    def show_choices(self, box: QComboBox, choices: tuple[tuple[str, object], ...], chosen: object) -> None:
        """Offer (label, value) pairs; a chosen value that is not among them is added as it is."""
        box.clear()
        for label, value in choices:
            box.addItem(label, value)
        row = next((row for row, (_, value) in enumerate(choices) if value == chosen), -1)
        if row < 0 and chosen is not None:
            box.addItem(str(chosen), chosen)
            row = box.count() - 1
        box.setCurrentIndex(max(row, 0))
