"""What is compared with what, and in which way: the rows above the figures."""

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QComboBox, QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from depthface_app.pipeline.comparison import DENOISED, RAW
from depthface_app.ui.icons import SIZE_PX, icon
from depthface_app.ui.inspector.scales import RANGES_MM
from depthface_app.ui.inspector.view import choice_box, fill, method_labels
from depthface_app.ui.theme import GRID_PX, colours_of

FOUR, WIPE, BLINK, SPACE = "four", "wipe", "blink", "space"
DEFAULT_RANGE_MM = 5.0


class Controls(QWidget):
    """Mode, pair, range and the two switches. `changed` tells that one of them is another."""

    changed = Signal()
    file_wanted = Signal()
    keep_wanted = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.modes = {
            FOUR: self._button(self.tr("Four"), self.tr("Four views side by side")),
            WIPE: self._button(self.tr("Wipe"), self.tr("One method wiped over the other")),
            BLINK: self._button(self.tr("Blink"), self.tr("Both methods by turns")),
            SPACE: self._button(self.tr("3-D"), self.tr("Both surfaces in space")),
        }
        self.line = self._button(self.tr("Line"), self.tr("Draw the line of the profile (or drag with Shift)"))
        self.fine = self._button(self.tr("2×"), self.tr("Decode at twice the resolution, where a model can"))
        self.finest = self._button(self.tr("4×"), self.tr("Decode at four times the resolution, where a model can"))
        self.first = choice_box(self.tr("Compared with"), self)
        self.second = choice_box(self.tr("Judged"), self)
        self.range = self._range()
        self.file, self.keep = QToolButton(self), QToolButton(self)
        self._group = QButtonGroup(self)
        self._compose()
        self._connect()
        self.offer(method_labels(), (RAW, DENOISED))

    def _button(self, text: str, tip: str) -> QToolButton:
        button = QToolButton(self)
        button.setText(text)
        button.setToolTip(tip)
        button.setAccessibleName(tip)
        button.setCheckable(True)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setMinimumHeight(4 * GRID_PX)
        return button

    def _range(self) -> QComboBox:
        box = choice_box(self.tr("Range of differences and noise"), self)
        box.setMinimumContentsLength(7)
        for value in RANGES_MM:
            box.addItem(f"± {value:g} mm", value)
        box.setCurrentIndex(box.findData(DEFAULT_RANGE_MM))
        return box

    def _compose(self) -> None:
        self.file.setAccessibleName(self.tr("Open a model or a view"))
        self.file.setToolTip(self.tr("Open a denoiser's file or a kept view, or drop it on the window"))
        self.keep.setAccessibleName(self.tr("Keep this view"))
        self.keep.setToolTip(self.tr("Keep all that is shown in one file, which opens as it is now"))
        for tool in (self.keep, self.file):
            tool.setIconSize(QSize(SIZE_PX, SIZE_PX))
            tool.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        for button in self.modes.values():
            self._group.addButton(button)
        self.modes[FOUR].setChecked(True)
        rows: tuple[tuple[QWidget | None, ...], ...] = (
            (*self.modes.values(), None, self.keep, self.file),
            (self.line, self.fine, self.finest, None, self.range),
        )
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID_PX)
        for widgets in rows:
            row = QHBoxLayout()
            row.setSpacing(GRID_PX // 2)
            for widget in widgets:
                if widget is None:
                    row.addStretch(1)
                else:
                    row.addWidget(widget)
            column.addLayout(row)
        pair = QHBoxLayout()
        pair.setSpacing(GRID_PX // 2)
        pair.addWidget(self.first, 1)
        pair.addWidget(QLabel("→", self))
        pair.addWidget(self.second, 1)
        column.addLayout(pair)

    def _connect(self) -> None:
        for button in (*self.modes.values(), self.line, self.fine, self.finest):
            button.toggled.connect(self.changed)
        for one, other in ((self.fine, self.finest), (self.finest, self.fine)):
            one.toggled.connect(lambda is_on, other=other: other.setChecked(other.isChecked() and not is_on))
        for box in (self.first, self.second, self.range):
            box.activated.connect(self.changed)
        self.file.clicked.connect(self.file_wanted)
        self.keep.clicked.connect(self.keep_wanted)

    @property
    def mode(self) -> str:
        """FOUR, WIPE, BLINK or SPACE."""
        return next(name for name, button in self.modes.items() if button.isChecked())

    @property
    def pair(self) -> tuple[str, str]:
        """What is compared with, and what is judged."""
        return self.first.currentData(), self.second.currentData()

    @property
    def range_mm(self) -> float:
        """End of the scales of differences and noise."""
        return float(self.range.currentData())

    def offer(self, labels: dict[str, str], pair: tuple[str, str]) -> None:
        """Offer these methods and choose two."""
        fill(self.first, labels, pair[0])
        fill(self.second, labels, pair[1])

    def tint(self) -> None:
        """The icons in the theme's colours."""
        colours = colours_of(self)
        self.file.setIcon(icon("folder-open", colours.text, colours.line))
        self.keep.setIcon(icon("bookmark", colours.text, colours.line))
