"""A gallery that many kiosks share: the store over a server, how it is made, and how a kiosk follows it."""

import logging
import threading
from collections.abc import Callable
from pathlib import Path

from depthface_app.core.errors import GalleryError
from depthface_app.gallery import replica, schema, upkeep
from depthface_app.gallery.address import Address
from depthface_app.gallery.keys import FILE, PASSPHRASE, Keychain, from_environment
from depthface_app.gallery.server import Server
from depthface_app.gallery.shared_vault import SharedVault
from depthface_app.gallery.store import GalleryStore

log = logging.getLogger(__name__)

LOOK_ANYWAY_S = 10.0  # where a bell was lost, by a pooler that knows none, for example
LOOK_AT_STOP_S = 0.5
TRY_AGAIN_S = 1.0
STOP_TIMEOUT_S = 2.0


class SharedStore(GalleryStore):
    """A `GalleryStore` on a server, with a copy at `path`."""

    vault: SharedVault

    def __init__(
        self, path: Path, keychain: Keychain | None, anchor: Path | None, address: str, *, repairs: bool = False
    ) -> None:
        """As `GalleryStore`.

        Args:
            address: "postgresql://..." of the server.

        Raises:
            GalleryUnreachable: if there is no copy yet and the server does not answer.
            GalleryError: as `GalleryStore`.
        """
        self.path, server = path, Server(Address.of(address))
        keychain = keychain or Keychain(path.with_suffix(".key"))
        self.vault = SharedVault(path, keychain, anchor or path.with_suffix(".anchor"), server, repairs=repairs)

    @property
    def where(self) -> str:
        """The server and the copy, in words."""
        return f"{self.vault.server.address.shown}, with a copy in {self.path}"

    @property
    def problem(self) -> str:
        """Why the copy is not the newest, if it is not."""
        return self.vault.problem

    def expire(self) -> int:
        """As `GalleryStore.expire`; nobody while the server does not let it, and those who are over stay unknown."""
        try:
            return super().expire()
        except GalleryError as error:
            self.vault.problem = str(error)
            return 0

    def watch(self, changed: Callable[[], None], told: Callable[[str], None]) -> Callable[[], None]:
        """As `GalleryStore.watch`."""
        watch = _Watch(self.vault, changed, told)
        watch.start()
        return watch.stop


class _Watch(threading.Thread):
    """Keeps a copy at the server's newest state. Rings on its own thread."""

    def __init__(self, vault: SharedVault, changed: Callable[[], None], told: Callable[[str], None]) -> None:
        super().__init__(name="shared gallery", daemon=True)
        self._vault, self._changed, self._tell = vault, changed, told
        self._stopping = threading.Event()
        self._seen: replica.Place | None = None

    def stop(self) -> None:
        """End; waits for what is under way, though not for a server that does not answer."""
        self._stopping.set()
        self.join(STOP_TIMEOUT_S)

    def run(self) -> None:
        """Follow until stopped, whatever the server does."""
        while not self._stopping.is_set():
            try:
                self._follow()
            except GalleryError as error:
                self._say(str(error))
            except Exception as error:  # top of a thread: a kiosk must not stop following for good
                log.exception("following the shared gallery failed")
                self._say(f"The shared gallery could not be followed ({error}); the log has the details.")
            self._stopping.wait(TRY_AGAIN_S)

    def _follow(self) -> None:
        with self._vault.server.listening(LOOK_AT_STOP_S) as rings:
            self._look()  # after the bell was hung up, so that nothing falls between
            quiet_s = 0.0
            for rang in rings:
                if self._stopping.is_set():
                    return
                quiet_s = 0.0 if rang else quiet_s + LOOK_AT_STOP_S
                if rang or quiet_s >= LOOK_ANYWAY_S:
                    self._look()
                    quiet_s = 0.0

    def _look(self) -> None:
        self._vault.catch_up()
        self._say("")
        place = self._vault.place
        # Not what `catch_up` brought: a change of this program's own, or another program, may have brought it before.
        if place != self._seen and not self._stopping.is_set():
            self._seen = place
            self._changed()

    def _say(self, problem: str) -> None:
        self._vault.problem = problem
        if not self._stopping.is_set():
            self._tell(problem)


def share(path: Path, address: str, passphrase: str | None, anchor: Path | None = None) -> SharedStore:
    """Make a shared gallery with nobody in it; the first copy lies at `path`.

    Args:
        passphrase: what opens it at every kiosk; None makes a key file beside `path`, to be carried to them.

    Raises:
        GalleryError: if there is one already, the server refuses, or a copy of another one is in the way.
    """
    if path.exists():
        raise GalleryError(f"{path} is a copy of a shared gallery that was there before; move it away first.")
    # A passphrase in the environment seals every new gallery at first, one that a key file is to open as well.
    asked = passphrase or from_environment("")
    server, keychain = Server(Address.of(address)), Keychain(path.with_suffix(".key"), lambda _: asked)
    before = _files_of(path)
    try:
        store = GalleryStore(path, keychain, anchor)
        upkeep.relock(store, FILE if passphrase is None else PASSPHRASE, passphrase)
        with store.vault.writing() as opened:
            opened.note("shared")
        with schema.connected(path) as db, schema.transaction(db, writes=True):
            gallery, lock = (schema.meta(db, key).decode() for key in ("gallery", "lock"))
            replica.Place.of(server.make(gallery, lock, replica.everything(db))).write(db)
    except GalleryError:
        for each in _files_of(path) - before:
            each.unlink()
        raise
    return SharedStore(path, keychain, anchor, address)


def _files_of(copy: Path) -> set[Path]:
    """The copy and what lies beside it: its key, its anchor, SQLite's own files."""
    return set(copy.parent.glob(f"{copy.stem}.*"))
