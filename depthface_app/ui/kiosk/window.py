"""The kiosk's window: bar, screens, and the line that says when it goes back to its start."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QCloseEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from depthface_app.ui.kiosk.languages import LANGUAGES, can_write
from depthface_app.ui.kiosk.pages import ConsentPage, LookPage, MessagePage, Page, TypingPage
from depthface_app.ui.kiosk.parts import BigButton, Text
from depthface_app.ui.kiosk.words import word
from depthface_app.ui.theme import GRID_PX


class KioskWindow(QWidget):
    """Composes and does nothing else. It closes only when told to by `leave`.

    `language_chosen` carries a key of LANGUAGES; `leave_wanted` that somebody wants out; `back_wanted`
    (escape) that they want to stop what they began; `closing` that it goes.
    """

    language_chosen = Signal(str)
    leave_wanted = Signal()
    back_wanted = Signal()
    closing = Signal()

    def __init__(self, map_name: str) -> None:
        super().__init__()
        self.setWindowTitle("DepthFace")
        self._may_close = False
        self.brand = Text(self, 1.0, is_quiet=True)
        self.brand.setWordWrap(False)
        self.brand.setText("DepthFace")
        self.language = BigButton(self, icon="languages")
        self.lock = BigButton(self, icon="lock")
        self.choice = QWidget(self)
        self.languages = {key: BigButton(self.choice) for key in LANGUAGES}
        self.look, self.consent = LookPage(self, map_name), ConsentPage(self)
        self.name = TypingPage(self, ("next", "cancel"))
        self.pin = TypingPage(self, ("unlock", "back"), is_secret=True)
        self.message = MessagePage(self)
        self.pages: tuple[Page, ...] = (self.look, self.consent, self.name, self.pin, self.message)
        self.stack = QStackedWidget(self)
        self.idle = Text(self, 1.0, is_quiet=True)
        self.idle.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self._compose()
        self._connect()

    def _compose(self) -> None:
        bar = QHBoxLayout()
        bar.setSpacing(2 * GRID_PX)
        bar.addWidget(self.brand)
        bar.addStretch(1)
        bar.addWidget(self.language)
        bar.addWidget(self.lock)
        row = QHBoxLayout(self.choice)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GRID_PX)
        for key, button in self.languages.items():
            button.say(LANGUAGES[key])
            row.addWidget(button, 1)
            button.setVisible(can_write(key))
        self.choice.hide()
        for page in self.pages:
            self.stack.addWidget(page)
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * GRID_PX, 2 * GRID_PX, 2 * GRID_PX, 2 * GRID_PX)
        column.setSpacing(2 * GRID_PX)
        column.addLayout(bar)
        column.addWidget(self.choice)
        column.addWidget(self.stack, 1)
        column.addWidget(self.idle)

    def _connect(self) -> None:
        self.language.clicked.connect(lambda: self.choice.setVisible(self.choice.isHidden()))
        self.lock.clicked.connect(self.leave_wanted)
        for key, button in self.languages.items():
            button.clicked.connect(lambda _=False, key=key: self._choose(key))
        QShortcut(QKeySequence("Ctrl+Q"), self).activated.connect(self.leave_wanted)
        QShortcut(QKeySequence(Qt.Key.Key_Escape), self).activated.connect(self.back_wanted)

    def _choose(self, language: str) -> None:
        self.choice.hide()
        self.language_chosen.emit(language)

    def say(self, language: str) -> None:
        """Every fixed text again."""
        self.language.say(LANGUAGES[language], word("language"))
        self.lock.say("", word("leave"))
        for page in self.pages:
            page.say()

    def show_page(self, page: Page) -> None:
        """Bring a screen to the front; the one that is there stays as it is."""
        if self.stack.currentWidget() is not page:
            self.choice.hide()
            self.stack.setCurrentWidget(page)

    def leave(self) -> None:
        """Close, at last."""
        self._may_close = True
        self.close()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Whoever wants to close it has to ask for it."""
        if self._may_close:
            self.hide()
            self.closing.emit()
            super().closeEvent(event)
        else:
            event.ignore()
            self.leave_wanted.emit()
