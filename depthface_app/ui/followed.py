"""Brings what other kiosks change in a shared gallery to the window."""

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from depthface_app.gallery.store import GalleryStore
from depthface_app.ui.bridge import Bridge


class Followed(QObject):
    """Lives on the GUI thread; its signals are rung on the thread that watches the server."""

    _changed = Signal()
    _told = Signal(str)

    def __init__(self, parent: QObject, bridge: Bridge, store: GalleryStore, refresh: Callable[[], None]) -> None:
        """Begin to watch; `refresh` is called when others have changed the gallery."""
        super().__init__(parent)
        self._bridge, self._problem = bridge, store.problem
        self._changed.connect(refresh)
        self._told.connect(self._tell)
        bridge.changed.connect(self._say)
        self.stop = store.watch(self._changed.emit, self._told.emit)

    def _tell(self, problem: str) -> None:
        self._problem = problem
        self._say()

    def _say(self) -> None:
        """To the engine that runs now; another one has not heard of it."""
        if self._bridge.engine is not None:
            self._bridge.engine.tell_of_server(self._problem)
