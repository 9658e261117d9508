"""Adding a person from the live stream: a name, then one instruction at a time."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QProgressBar, QPushButton, QWidget

from depthface_app.ui.card import Card, Muted
from depthface_app.ui.theme import TITLE_SCALE, scaled


class EnrolmentCard(Card):
    """Asks for the name and shows how far the capture is; decides nothing itself.

    `begun` carries the name; `finished` asks to keep what is captured so far.
    """

    begun = Signal(str)
    finished = Signal()
    cancelled = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.title = QLabel(self.tr("Enrol a person"), self)
        self.title.setFont(scaled(self.font(), 1.0, bold=True))
        self.name = QLineEdit(self)
        self.name.setPlaceholderText(self.tr("Name"))
        self.name.setAccessibleName(self.tr("Name of the person to enrol"))
        self.name.setMaxLength(80)
        self.instruction, self.reason = QLabel(self), Muted("", self)
        self.instruction.setFont(scaled(self.font(), TITLE_SCALE, bold=True))
        self.instruction.setWordWrap(True)
        self.progress = QProgressBar(self)
        self.progress.setAccessibleName(self.tr("Enrolment progress"))
        self.progress.setRange(0, 100)
        self.begin = QPushButton(self.tr("Begin"), self)
        self.begin.setDefault(True)
        self.finish = QPushButton(self.tr("Finish now"), self)
        self.cancel = QPushButton(self.tr("Cancel"), self)
        self._compose()
        self.begin.clicked.connect(self._begin)
        self.name.returnPressed.connect(self._begin)
        self.finish.clicked.connect(self.finished)
        self.cancel.clicked.connect(self.cancelled)
        self.clear()

    def clear(self) -> None:
        """A new person: no name yet."""
        self.name.clear()
        self.ask("")

    def _compose(self) -> None:
        buttons = QHBoxLayout()
        buttons.addWidget(self.begin)
        buttons.addWidget(self.finish)
        buttons.addWidget(self.cancel)
        for widget in (self.title, self.name, self.instruction, self.reason, self.progress):
            self.column.addWidget(widget)
        self.column.addStretch(1)
        self.column.addLayout(buttons)

    def ask(self, problem: str) -> None:
        """Ask for the name; `problem` says why the last one was refused."""
        self.instruction.setText(self.tr("Who is in front of the camera?"))
        self.reason.setText(problem or self.tr("It takes about ten seconds: look ahead, then turn a little each way."))
        self._set_running(False)
        self.name.setFocus(Qt.FocusReason.OtherFocusReason)

    def show_progress(self, instruction: str, reason: str, part: float, is_enough: bool) -> None:
        """How far it is, what to do now, why nothing happens if so, and whether one may stop here."""
        if not self.name.isReadOnly():
            self.cancel.setFocus()
        self._set_running(True)
        self.instruction.setText(instruction)
        self.reason.setText(reason)
        self.progress.setValue(round(part * 100))
        self.finish.setEnabled(is_enough)

    def _set_running(self, is_running: bool) -> None:
        self.name.setReadOnly(is_running)
        self.begin.setVisible(not is_running)
        self.finish.setVisible(is_running)
        self.progress.setVisible(is_running)

    def _begin(self) -> None:
        if name := self.name.text().strip():
            self.begun.emit(name)
        else:
            self.reason.setText(self.tr("Type a name first."))
            self.name.setFocus()
