"""The left side of the window: the live picture, what is said over it, and the last seconds below."""

from PySide6.QtCore import QSize
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QWidget

from depthface_app.ui.history import History
from depthface_app.ui.live_view import LiveView
from depthface_app.ui.notices import Banner, Message, Notice, Toast
from depthface_app.ui.theme import GRID_PX

_ASPECT = 0.75  # of every sensor we know: 640x480, 320x240, 512x424 is near it


class Stage(QWidget):
    """Puts the picture at the top in its own shape and gives what is left to the history."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.live, self.history = LiveView(self), History(self)
        self.notice, self.banner, self.toast = Notice(self), Banner(self), Toast(self)
        self.toast.spoken.connect(self._lay_out)

    def minimumSizeHint(self) -> QSize:
        """The picture and a strip."""
        live, history = self.live.minimumSizeHint(), self.history.minimumSizeHint()
        return QSize(live.width(), live.height() + history.height() + GRID_PX)

    def say(self, notice: Message | None, banner: Message | None) -> None:
        """What stands in place of the picture, and what above it."""
        self.notice.say(notice)
        self.banner.say(banner)
        self._lay_out()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Lay out anew."""
        self._lay_out()

    def _lay_out(self) -> None:
        history_px = self.history.minimumSizeHint().height()
        wanted = int(self.width() * _ASPECT) + self.live.key_px()
        live_px = min(wanted, self.height() - history_px - 2 * GRID_PX)
        self.live.setGeometry(0, 0, self.width(), live_px)
        top = live_px + 2 * GRID_PX
        self.history.setGeometry(0, top, self.width(), self.height() - top)
        picture = self.live.picture_rect()
        self.notice.place(picture)
        self.banner.place(picture)
        self.toast.place(picture)
