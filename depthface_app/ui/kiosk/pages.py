"""The kiosk's screens. Each says its texts in the language of the moment and decides nothing."""

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from depthface_app.gallery.store import LONGEST_NAME
from depthface_app.ui.kiosk.face_circle import FaceCircle
from depthface_app.ui.kiosk.keyboard import Keyboard
from depthface_app.ui.kiosk.parts import TITLE_SCALE, BigButton, Halves, Mark, Text
from depthface_app.ui.kiosk.score_bars import ScoreBars
from depthface_app.ui.kiosk.words import word
from depthface_app.ui.marks import Standing
from depthface_app.ui.theme import GRID_PX

LINE_PX = 80
WIDEST_PX = 1400  # lines longer than this are hard to read


class Page(QWidget):
    """A title, a text, and buttons below; `pressed` carries the key of the button's text."""

    pressed = Signal(str)

    def __init__(self, parent: QWidget, buttons: tuple[str, ...], main: tuple[str, ...] = ()) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.title = Text(self, TITLE_SCALE, is_bold=True)
        self.title.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self.text = Text(self)
        self.text.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self.buttons = {key: BigButton(self, is_main=key in (buttons[0], *main)) for key in buttons}
        for key, button in self.buttons.items():
            button.clicked.connect(lambda _=False, key=key: self.pressed.emit(key))
        self.column = QVBoxLayout()
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(3 * GRID_PX)

    def _row(self) -> QHBoxLayout:
        """The buttons, the main one on the right."""
        row = QHBoxLayout()
        row.setSpacing(2 * GRID_PX)
        for button in reversed(self.buttons.values()):
            row.addWidget(button, 1)
        return row

    def _centred(self) -> None:
        """The column in the middle of the screen, no wider than can be read."""
        body = QWidget(self)
        body.setLayout(self.column)
        body.setMaximumWidth(WIDEST_PX)
        around = QHBoxLayout(self)
        around.setContentsMargins(0, 0, 0, 0)
        around.addStretch(1)
        around.addWidget(body, 1000)
        around.addStretch(1)

    def minimumSizeHint(self) -> QSize:
        """None: a screen is laid out into the display, whose size it must never change."""
        return QSize(0, 0)

    def say(self) -> None:
        """The fixed texts again: another language, or the first time."""
        for key, button in self.buttons.items():
            button.say(word(key))

    def showEvent(self, event: QShowEvent) -> None:
        """Return presses the main button."""
        super().showEvent(event)
        next(iter(self.buttons.values())).setFocus(Qt.FocusReason.OtherFocusReason)


class LookPage(Page):
    """The person in the circle, and what they should do."""

    def __init__(self, parent: QWidget, map_name: str) -> None:
        super().__init__(parent, ("enrol", "cancel"))
        self.circle = FaceCircle(self, map_name)
        self.part = Text(self, 1.0, is_quiet=True)
        self.part.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self.bars = ScoreBars(self)
        side = QWidget(self)
        side.setLayout(self.column)
        self.column.addStretch(1)
        for widget in (self.title, self.text, self.part, self.bars):
            self.column.addWidget(widget)
        self.column.addStretch(1)
        self.column.addLayout(self._row())
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(Halves(self, self.circle, side))

    def offer(self, key: str | None) -> None:
        """One button, or none."""
        for name, button in self.buttons.items():
            button.setVisible(name == key)
        target = self if key is None else self.buttons[key]
        if not target.hasFocus():
            target.setFocus(Qt.FocusReason.OtherFocusReason)


class ConsentPage(Page):
    """What is stored, for how long, and that one may decline."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, ("agree", "decline"))
        self.lines = [Text(self, 1.0) for _ in range(5)]
        self.version = Text(self, 1.0, is_quiet=True)
        self.column.addStretch(1)
        self.column.addWidget(self.title)
        for line in (*self.lines, self.version):
            self.column.addWidget(line)
        self.text.hide()
        self.column.addStretch(1)
        self.column.addLayout(self._row())
        self._centred()

    def show_text(self, lines: tuple[str, ...], version: str) -> None:
        """The whole consent in the language of the moment."""
        self.title.say(word("consent"))
        for index, label in enumerate(self.lines):
            label.setVisible(index < len(lines))
            label.say(lines[index] if index < len(lines) else "")
        self.version.say(word("consent_version", version))


class Line(QLineEdit):
    """A line for fingers."""

    def sizeHint(self) -> QSize:
        """As high as a button."""
        return QSize(super().sizeHint().width(), LINE_PX)


class TypingPage(Page):
    """One line, with keys on the screen: a name, or a PIN, which is not shown."""

    entered = Signal(str)

    def __init__(self, parent: QWidget, buttons: tuple[str, str], *, is_secret: bool = False) -> None:
        super().__init__(parent, buttons)
        self.line = Line(self)
        self.line.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.line.setMaxLength(LONGEST_NAME)
        if is_secret:
            self.line.setEchoMode(QLineEdit.EchoMode.Password)
        self.keyboard = Keyboard(self, self.line, has_figures=is_secret)
        self.line.returnPressed.connect(self._enter)
        self.pressed.connect(lambda key: self._enter() if key == buttons[0] else None)
        self.column.addStretch(1)
        for widget in (self.title, self.line, self.text):
            self.column.addWidget(widget)
        self.column.addStretch(1)
        self.column.addWidget(self.keyboard)
        self.column.addLayout(self._row())
        self._centred()

    def ask(self, question: str, problem: str, language: str) -> None:
        """What to type, and why the last was refused."""
        self.title.say(question)
        self.line.setAccessibleName(question)
        self.text.say(problem)
        self.keyboard.speak(language)

    def showEvent(self, event: QShowEvent) -> None:
        """An empty line that has the focus."""
        super().showEvent(event)
        self.line.clear()
        self.line.setFocus(Qt.FocusReason.OtherFocusReason)

    def _enter(self) -> None:
        self.entered.emit(self.line.text())


class MessagePage(Page):
    """A sentence to read and at most two buttons."""

    CHOICES = ("is_me", "not_me", "retry", "cancel", "leave", "back")

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, self.CHOICES, main=("retry", "back"))
        self.mark = Mark(self)
        for button in self.buttons.values():
            button.hide()
        self.column.addStretch(1)
        self.column.addWidget(self.mark)
        self.column.addWidget(self.title)
        self.column.addWidget(self.text)
        self.column.addStretch(1)
        self.column.addLayout(self._row())
        self._centred()

    def show_message(self, standing: Standing, title: str, text: str, choices: tuple[str, ...] = ()) -> None:
        """Say this, with this mark above it, and offer these."""
        self.mark.standing = standing
        self.mark.update()
        self.title.say(title)
        self.text.say(text)
        for key, button in self.buttons.items():
            button.setVisible(key in choices)
        if not any(self.buttons[key].hasFocus() for key in choices):
            (self.buttons[choices[0]] if choices else self).setFocus(Qt.FocusReason.OtherFocusReason)
