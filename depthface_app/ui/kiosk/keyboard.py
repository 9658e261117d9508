"""Keys on the screen, for kiosks without a keyboard; a real one types into the same line."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLineEdit, QSizePolicy, QVBoxLayout, QWidget

from depthface_app.ui.kiosk.parts import BigButton
from depthface_app.ui.kiosk.words import word

# As people of each language know them, with the letters that their names need; Chinese is typed as pinyin here, and
# in characters with a keyboard and the system's own input method.
LETTERS = {
    "en": ("qwertyuiop", "asdfghjkl'", "zxcvbnm-."),
    "de": ("qwertzuiopü", "asdfghjklöä", "yxcvbnmß-."),
    "fr": ("azertyuiopé", "qsdfghjklmè", "wxcvbn'-çêë"),
    "es": ("qwertyuiopá", "asdfghjklñé", "zxcvbnm-íóú"),
    "zh": ("qwertyuiop", "asdfghjkl'", "zxcvbnm-."),
}
FIGURES = "1234567890"
GAP_PX = 4
KEY_SCALE = 0.9
SHIFT, ERASE = "⇧", "⌫"


class Keyboard(QWidget):
    """Types into a line; a name's words begin with capitals by themselves. `has_figures` adds them, for PINs."""

    pressed = Signal()

    def __init__(self, parent: QWidget, line: QLineEdit, *, has_figures: bool = False) -> None:
        super().__init__(parent)
        self._line, self._has_figures, self._language = line, has_figures, ""
        self._rows = QVBoxLayout(self)
        self._rows.setContentsMargins(0, 0, 0, 0)
        self._rows.setSpacing(GAP_PX)
        self.keys: dict[str, BigButton] = {}
        self._shift = self._key(SHIFT)
        self._shift.setCheckable(True)
        self._shift.clicked.connect(self._show_case)
        self._space, self._erase = self._key(" "), self._key(ERASE)
        self._space.clicked.connect(lambda: self._type(" "))
        self._erase.clicked.connect(self._backspace)
        self._foot = QHBoxLayout()
        self._foot.setSpacing(GAP_PX)
        for button, share in ((self._shift, 2), (self._space, 6), (self._erase, 2)):
            self._foot.addWidget(button, share)
        self._letters = QWidget(self)
        self._rows.addWidget(self._letters)
        self._rows.addLayout(self._foot)
        line.textChanged.connect(self._begin_word)

    def speak(self, language: str) -> None:
        """The layout of a language."""
        self._space.say(word("space"))
        self._shift.say(SHIFT, "Shift")
        self._erase.say(ERASE, "Backspace")
        if language != self._language:
            self._language = language
            self._build()
        self._begin_word()

    def _build(self) -> None:
        old, self._letters, self.keys = self._letters, QWidget(self), {}
        self._rows.replaceWidget(old, self._letters)
        old.hide()
        old.deleteLater()
        grid = QGridLayout(self._letters)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(GAP_PX)
        rows = ((FIGURES,) if self._has_figures else ()) + LETTERS[self._language]
        wide = max(len(row) for row in rows)
        for column in range(2 * wide):
            grid.setColumnStretch(column, 1)
        for at, row in enumerate(rows):
            for column, letter in enumerate(row):
                key = self._key(letter)
                key.clicked.connect(lambda _=False, key=key: self._type(key.text()))
                self.keys[letter] = key
                grid.addWidget(key, at, 2 * column + wide - len(row), 1, 2)

    def _key(self, letter: str) -> BigButton:
        key = BigButton(self, scale=KEY_SCALE)
        key.say(letter)
        key.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # the line keeps it, for a real keyboard
        key.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        return key

    def _type(self, letter: str) -> None:
        self._line.insert(letter)
        self.pressed.emit()

    def _backspace(self) -> None:
        self._line.backspace()
        self.pressed.emit()

    def _begin_word(self) -> None:
        """Capitals at the beginning of a name, small letters in it; none where figures are asked for."""
        before = self._line.text()[: self._line.cursorPosition()]
        self._shift.setChecked(not self._has_figures and (not before or before[-1] in " -'"))
        self._show_case()

    def _show_case(self) -> None:
        for letter, key in self.keys.items():
            key.say(letter.upper() if self._shift.isChecked() and letter != "ß" else letter)
