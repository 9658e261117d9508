"""Nobody changes people from the window without the PIN of somebody who may, where PINs are set."""

from collections.abc import Callable
from typing import TypeVar

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QLineEdit

from depthface_app.gallery.roles import Duty, demand, has_pins, sign_in
from depthface_app.gallery.store import GalleryStore
from depthface_app.ui.asking import Ask
from depthface_app.ui.jobs import Jobs
from depthface_app.ui.window import MainWindow

T = TypeVar("T")


class Guard(QObject):
    """Lives on the GUI thread. Each change asks anew: the window may stand open for anybody."""

    def __init__(self, window: MainWindow, store: GalleryStore, jobs: Jobs) -> None:
        super().__init__(window)
        self._window, self._store, self._jobs = window, store, jobs

    def run(
        self,
        change: Callable[[], T],
        done: Callable[[T], None],
        failed: Callable[[str], None],
        cancelled: Callable[[], None],
    ) -> None:
        """Run a change of people as a job, once somebody has shown that they may."""

        def go_on(is_guarded: bool) -> None:
            if is_guarded:
                self._ask(lambda pin: self._jobs.run(lambda: self._signed_in(pin, change), done, failed), cancelled)
            else:
                self._jobs.run(change, done, failed)

        self._jobs.run(lambda: has_pins(self._store.vault), go_on, failed)

    def _ask(self, then: Callable[[str], None], cancelled: Callable[[], None]) -> None:
        question = self.tr("PIN of the operator or the administrator")
        dialog = Ask(
            self.tr("PIN"), question, lambda pin: "" if pin else self.tr("Type the PIN, or cancel."), self._window
        )
        dialog.line.setEchoMode(QLineEdit.EchoMode.Password)
        dialog.accepted.connect(lambda: then(dialog.line.text()))
        dialog.rejected.connect(cancelled)
        dialog.open()

    def _signed_in(self, pin: str, change: Callable[[], T]) -> T:
        vault = self._store.vault
        try:
            demand(sign_in(vault, pin), Duty.CHANGE_PEOPLE)
            return change()
        finally:
            vault.role = ""
