"""One view of the inspector: what is shown and how, the picture, and its key."""

from PySide6.QtCore import QCoreApplication, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QVBoxLayout, QWidget

from depthface_app.pipeline.comparison import DENOISED, FUSED, RAW, TRUTH
from depthface_app.pipeline.maps import CURVATURE, DEPTH, DIFFERENCE, NOISE, NORMALS, RELIEF
from depthface_app.ui.inspector.canvas import Canvas
from depthface_app.ui.inspector.key import Key
from depthface_app.ui.theme import GRID_PX

Choice = tuple[str, str]  # method, map


def _say(text: str) -> str:
    return QCoreApplication.translate("Inspector", text)


def map_labels() -> dict[str, str]:
    """Every way to show a surface, in words."""
    return {
        DEPTH: _say("depth"),
        NORMALS: _say("normals"),
        RELIEF: _say("relief"),
        CURVATURE: _say("curvature"),
        DIFFERENCE: _say("difference"),
        NOISE: _say("local noise"),
    }


def method_labels() -> dict[str, str]:
    """Every method that needs no file, in words that find room in a table."""
    return {
        RAW: _say("raw"),
        DENOISED: _say("denoised"),
        "bilateral": _say("bilateral"),
        "median": _say("median"),
        "tv": _say("TV"),
        "nlm": _say("NLM"),
        "temporal": _say("temporal"),
        "realsense-spatial": _say("RS spatial"),
        "realsense-temporal": _say("RS temporal"),
        "realsense": _say("RS blocks"),
        FUSED: _say("fused"),
        TRUTH: _say("truth"),
    }


def choice_box(name: str, parent: QWidget) -> QComboBox:
    """A box that may become narrow."""
    box = QComboBox(parent)
    box.setAccessibleName(name)
    box.setToolTip(name)
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    box.setMinimumContentsLength(5)
    return box


def fill(box: QComboBox, labels: dict[str, str], chosen: str) -> None:
    """Offer these and choose one of them."""
    box.clear()
    for value, label in labels.items():
        box.addItem(label, value)
    box.setCurrentIndex(max(box.findData(chosen), 0))


def put_under(head: QHBoxLayout, canvas: QWidget, key: QWidget, owner: QWidget) -> None:
    """Lay a widget out: its choices, and below them the picture with the key to its colours."""
    row = QHBoxLayout()
    row.setSpacing(4)
    row.addWidget(canvas, 1)
    row.addWidget(key)
    column = QVBoxLayout(owner)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(GRID_PX // 2)
    column.addLayout(head)
    column.addLayout(row, 1)


class View(QWidget):
    """A picture with its two choices and its key. `chosen` tells that one of the choices is another."""

    chosen = Signal()

    def __init__(self, number: int, choice: Choice, parent: QWidget) -> None:
        super().__init__(parent)
        self.canvas, self.key = Canvas(self), Key(self)
        self.what = choice_box(self.tr("View {0}: what").format(number), self)
        self.how = choice_box(self.tr("View {0}: how").format(number), self)
        self.canvas.setAccessibleName(self.tr("View {0}").format(number))
        fill(self.what, method_labels(), choice[0])
        fill(self.how, map_labels(), choice[1])
        for box in (self.what, self.how):
            box.activated.connect(self.chosen)
        head = QHBoxLayout()
        head.setSpacing(GRID_PX)
        head.addWidget(self.what, 1)
        head.addWidget(self.how, 1)
        put_under(head, self.canvas, self.key, self)

    @property
    def choice(self) -> Choice:
        """Method and map that are chosen."""
        return self.what.currentData(), self.how.currentData()

    def choose(self, choice: Choice) -> None:
        """Choose these."""
        self.what.setCurrentIndex(max(self.what.findData(choice[0]), 0))
        self.how.setCurrentIndex(max(self.how.findData(choice[1]), 0))
