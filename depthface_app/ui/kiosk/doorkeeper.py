"""Nobody leaves the kiosk, or overrides it, without the PIN of somebody who may."""

from collections.abc import Callable
from datetime import UTC, datetime

from PySide6.QtCore import QObject, QTimer

from depthface_app.core.errors import GalleryError
from depthface_app.gallery.roles import Doors, Role, has_pins, sign_in
from depthface_app.gallery.store import GalleryStore
from depthface_app.gallery.vault import Vault
from depthface_app.ui.jobs import Jobs
from depthface_app.ui.kiosk.languages import Languages
from depthface_app.ui.kiosk.window import KioskWindow
from depthface_app.ui.kiosk.words import TEXTS, word
from depthface_app.ui.marks import Standing

IDLE_MS = 30_000


class Doorkeeper(QObject):
    """Lives on the GUI thread; asks for a PIN over whatever is shown. Checking one is a job: it takes a while."""

    def __init__(self, window: KioskWindow, store: GalleryStore, languages: Languages, jobs: Jobs) -> None:
        super().__init__(window)
        self._window, self._store, self._languages, self._jobs = window, store, languages, jobs
        self._least, self._problem, self._is_open_to_all = Role.ADMINISTRATOR, "", False
        self._then: Callable[[], None] | None = None
        self._patience = QTimer(self, singleShot=True, interval=IDLE_MS)
        self._patience.timeout.connect(self.back)
        window.pin.entered.connect(self._try)
        window.pin.line.textEdited.connect(self._patience.start)
        window.pin.keyboard.pressed.connect(self._patience.start)
        window.pin.pressed.connect(lambda key: self.back() if key == "back" else None)

    @property
    def is_asking(self) -> bool:
        """Whether its screen stands before the visit's."""
        return self._then is not None

    def ask(self, least: Role, then: Callable[[], None]) -> None:
        """Call `then` once somebody with at least this role has shown who they are."""
        self._least, self._then, self._problem = least, then, ""
        self._patience.start()
        self._jobs.run(lambda: has_pins(self._store.vault), self._begin, lambda problem: self.back())

    def _begin(self, is_guarded: bool) -> None:
        if self._then is None:
            return
        if not is_guarded and self._least is not Role.ADMINISTRATOR:
            self._let_through()
            return
        self._is_open_to_all = not is_guarded
        self.show()

    def show(self) -> None:
        """Its screen, in the language of the moment."""
        window = self._window
        if self._is_open_to_all:
            window.message.show_message(Standing.UNKNOWN, word("no_pin"), word("no_pin_text"), ("back", "leave"))
            window.show_page(window.message)
        else:
            question = word("pin" if self._least is Role.ADMINISTRATOR else "pin_staff")
            window.pin.ask(question, word(self._problem) if self._problem else "", self._languages.now)
            window.show_page(window.pin)
        window.idle.say(" ")

    def leave_openly(self) -> None:
        """Leave where no PIN is set."""
        if self._is_open_to_all:
            self._let_through()

    def back(self) -> None:
        """Nobody was let through."""
        self._patience.stop()
        self._then, self._is_open_to_all = None, False

    def _let_through(self) -> None:
        then = self._then
        self.back()
        if then is not None:
            then()

    def _try(self, pin: str) -> None:
        least = self._least
        self._window.pin.line.clear()

        self._jobs.run(lambda: refusal(self._store.vault, pin, least), self._judged, self._judged)

    def _judged(self, problem: str) -> None:
        """Said in the visitor's language; the gallery's own sentence is in its log."""
        if not self.is_asking:
            return
        if not problem:
            self._let_through()
            return
        self._problem = problem if problem in TEXTS else "gallery"
        self._patience.start()
        self.show()


def refusal(vault: Vault, pin: str, least: Role) -> str:
    """Why a PIN does not open the door, as the key of a text; "" if it does."""
    try:
        role = sign_in(vault, pin)
    except GalleryError:
        with vault.reading() as opened:
            shut_until = max(Doors.read(opened).shut_until, vault.wrong_pins[1])
        is_shut = bool(shut_until) and datetime.now(UTC) < datetime.fromisoformat(shut_until)
        return "pin_shut" if is_shut else "pin_wrong"
    return "" if role >= least else "pin_wrong"
