"""Says that a kept view is shown and not the stream, and leads back."""

from collections.abc import Mapping

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QWidget

from depthface_app.ui.theme import GRID_PX


class KeptBar(QWidget):
    """A name and a button; `left` tells that it was pressed."""

    left = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._name, self._label = "", QLabel(self)
        self._label.setMinimumWidth(40)
        button = QPushButton(self.tr("Back to the stream"), self)
        button.clicked.connect(self.left)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GRID_PX)
        row.addWidget(self._label, 1)
        row.addWidget(button)

    def say(self, name: str, made_by: Mapping[str, str]) -> None:
        """Show this name, shortened where there is no room for it; under the mouse, what made each surface."""
        whole = self.tr("kept view {0}").format(name)
        self._label.setToolTip("\n".join((whole, *(f"{method}: {maker}" for method, maker in made_by.items()))))
        self._label.setAccessibleDescription(self._label.toolTip())
        room = self.fontMetrics().averageCharWidth() * 34
        self._label.setText(self.fontMetrics().elidedText(whole, Qt.TextElideMode.ElideMiddle, room))
