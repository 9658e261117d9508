"""Two methods in one large view: wiped over each other, or by turns."""

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QSlider, QWidget

from depthface_app.pipeline.maps import DIFFERENCE, RELIEF
from depthface_app.ui.inspector.canvas import Canvas
from depthface_app.ui.inspector.key import Key
from depthface_app.ui.inspector.view import choice_box, fill, map_labels, put_under
from depthface_app.ui.pictures import Picture
from depthface_app.ui.theme import GRID_PX

BLINK_MS = 500  # one change each: under the three flashes a second of WCAG 2.2, success criterion 2.3.1
_STEPS = 1000


class Duel(QWidget):
    """The first method on the left of the divider, or by turns with the second."""

    chosen = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.canvas, self.key = Canvas(self), Key(self)
        self.canvas.setAccessibleName(self.tr("Both methods"))
        self.how = choice_box(self.tr("How both are shown"), self)
        fill(self.how, {name: label for name, label in map_labels().items() if name != DIFFERENCE}, RELIEF)
        self.how.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.how.activated.connect(self.chosen)
        self.slider = QSlider(Qt.Orientation.Horizontal, self)
        self.slider.setAccessibleName(self.tr("Divider"))
        self.slider.setRange(0, _STEPS)
        self.slider.valueChanged.connect(self._divide)
        self.canvas.wiped.connect(lambda part: self.slider.setValue(round(part * _STEPS)))
        self._pictures: tuple[Picture | None, Picture | None] = (None, None)
        self._names, self._turn = ("", ""), 0
        self._timer = QTimer(self, interval=BLINK_MS)
        self._timer.timeout.connect(self._blink)
        self._compose()
        self.slider.setValue(_STEPS // 2)

    def _compose(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(2 * GRID_PX)
        head.addWidget(self.how)
        head.addWidget(self.slider, 1)
        head.addStretch()
        put_under(head, self.canvas, self.key, self)

    def is_on(self, blinks: bool) -> bool:
        """Whether it wipes or blinks already."""
        return self._timer.isActive() if blinks else self.canvas.wipe is not None

    def begin(self, blinks: bool) -> None:
        """Blink, or wipe."""
        self.slider.setVisible(not blinks)
        self.canvas.wipe = None if blinks else self.slider.value() / _STEPS
        self._turn = 0
        if blinks:
            self._timer.start()
        else:
            self._timer.stop()
        self._show()

    def end(self) -> None:
        """Stand still; nobody looks."""
        self._timer.stop()
        self.canvas.wipe = None

    def show_pictures(self, names: tuple[str, str], pictures: tuple[Picture | None, Picture | None]) -> None:
        """Show these from now on."""
        self._names, self._pictures = names, pictures
        self._show()

    def _divide(self, value: int) -> None:
        if self.canvas.wipe is not None:
            self.canvas.wipe = value / _STEPS
            self.canvas.update()

    def _blink(self) -> None:
        self._turn = 1 - self._turn
        self._show()

    def _show(self) -> None:
        if self.canvas.wipe is None:
            self.canvas.captions = (self._names[self._turn], "")
            self.canvas.show_pictures(self._pictures[self._turn])
        else:
            self.canvas.captions = self._names
            self.canvas.show_pictures(*self._pictures)
