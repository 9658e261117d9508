"""A dialog that asks for one line: a note, a time."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QLineEdit, QVBoxLayout, QWidget

from depthface_app.ui.card import Muted
from depthface_app.ui.theme import GRID_PX


class Ask(QDialog):
    """One line of text. It closes only with an answer that `take` accepts; what it says otherwise is shown."""

    def __init__(self, title: str, question: str, take: Callable[[str], str], parent: QWidget) -> None:
        """Build it.

        Args:
            take: called with the text on Return; returns "" or what is wrong with it.
        """
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._take = take
        self.line = QLineEdit(self)
        self.line.setAccessibleName(question)
        self.line.setMinimumWidth(self.fontMetrics().averageCharWidth() * 44)
        self.problem = Muted("", self)
        self.problem.hide()
        buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel, Qt.Orientation.Horizontal, self
        )
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(*(3 * GRID_PX,) * 4)
        column.setSpacing(2 * GRID_PX)
        for widget in (QLabel(question, self), self.line, self.problem, buttons):
            column.addWidget(widget)
        self.line.setFocus()

    def accept(self) -> None:
        """Close if the answer is one."""
        problem = self._take(self.line.text())
        if problem:
            self.problem.setText(problem)
            self.problem.show()
        else:
            super().accept()
