"""The passphrase of a sealed gallery, asked before there is a window."""

from collections.abc import Callable
from typing import TypeVar

from PySide6.QtCore import QCoreApplication
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QInputDialog, QLineEdit

from depthface_app.gallery.keys import WrongPassphrase

T = TypeVar("T")
Ask = Callable[[str], str | None]


def unlocked(open_with: Callable[[Ask], T], ask: Ask) -> T:
    """Open something with the passphrase that `ask` knows, else with one typed on the screen, again while wrong.

    Raises:
        GalleryError: as `open_with`, when nobody types.
    """
    problem = ""
    while True:
        typed = _Typed(ask, problem)
        try:
            return open_with(typed)
        except WrongPassphrase as error:
            if not typed.was_asked:
                raise
            problem = str(error)


class _Typed:
    """Asks on the screen where nobody else knows."""

    def __init__(self, ask: Ask, problem: str) -> None:
        self._ask, self._problem, self.was_asked = ask, problem, False

    def __call__(self, question: str) -> str | None:
        return self._ask(question) or self._on_screen()

    def _on_screen(self) -> str | None:
        if QGuiApplication.platformName() == "offscreen":  # nobody would ever see the question
            return None
        self.was_asked = True
        label = QCoreApplication.translate("Unlock", "Passphrase of the gallery:")
        text, is_given = QInputDialog.getText(
            None, "DepthFace", f"{self._problem}\n{label}".strip(), QLineEdit.EchoMode.Password
        )
        return text if is_given else None
