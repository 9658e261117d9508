"""The left side of the window: the live picture, what is said over it, who is in it, and the last seconds."""

from PySide6.QtCore import QSize
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QWidget

from depthface_app.ui.history import History
from depthface_app.ui.in_view import InView
from depthface_app.ui.live_view import LiveView
from depthface_app.ui.notices import Banner, Message, Notice, Toast
from depthface_app.ui.theme import GRID_PX


class Stage(QWidget):
    """Puts the picture at the top in its own shape and gives what is left below the list to the history."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.live, self.in_view, self.history = LiveView(self), InView(self), History(self)
        self.notice, self.banner, self.toast = Notice(self), Banner(self), Toast(self)
        self.toast.spoken.connect(self._lay_out_words)

    def minimumSizeHint(self) -> QSize:
        """The picture, the list and a strip."""
        live, below = self.live.minimumSizeHint(), self.in_view.sizeHint().height() + 4 * GRID_PX
        return QSize(live.width(), live.height() + below + self.history.minimumSizeHint().height())

    def say(self, notice: Message | None, banner: Message | None) -> None:
        """What stands in place of the picture, and what above it."""
        self.notice.say(notice)
        self.banner.say(banner)
        self._lay_out_words()

    def _lay_out_words(self) -> None:
        said, standing = self.toast.message, self.banner.message
        if said is not None and standing is not None and said.title == standing.text:
            self.toast.say(None)  # two threads met the same fault
        self._lay_out()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Lay out anew."""
        self._lay_out()

    def _lay_out(self) -> None:
        gap, list_px = 2 * GRID_PX, self.in_view.sizeHint().height()
        most_px = self.height() - list_px - self.history.minimumSizeHint().height() - 2 * gap
        live_px = min(round(self.width() * self.live.aspect()) + self.live.key_px(), most_px)
        self.live.setGeometry(0, 0, self.width(), live_px)
        self.in_view.setGeometry(0, live_px + gap, self.width(), list_px)
        top = live_px + list_px + 2 * gap
        self.history.setGeometry(0, top, self.width(), self.height() - top)
        picture = self.live.picture_rect()
        self.notice.place(picture)
        self.banner.place(picture)
        self.toast.place(picture)
