"""The main window: puts the parts together and does nothing else."""

from PySide6.QtCore import QByteArray, QEvent, QSettings, QSize, Signal
from PySide6.QtGui import QAction, QCloseEvent, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QMainWindow, QStackedWidget, QVBoxLayout, QWidget

from depthface_app.ui.actions import make_actions, make_menu, tint
from depthface_app.ui.enrolment import EnrolmentCard
from depthface_app.ui.face_panes import Inspection, Split
from depthface_app.ui.identity import IdentityCard
from depthface_app.ui.inspector.workspace import Workspace
from depthface_app.ui.people import PeopleCard
from depthface_app.ui.playback_bar import PlaybackBar
from depthface_app.ui.stage import Stage
from depthface_app.ui.status import StatusLine
from depthface_app.ui.theme import GRID_PX, colours_of
from depthface_app.ui.top_bar import TopBar

SMALLEST = QSize(1024, 640)
_SIDE_LETTERS = (29, 40)  # width of the right column in average characters, least and most
_SIDE_PART = 0.2  # of the window, in between


class MainWindow(QMainWindow):
    """What a visitor sees."""

    closing = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setWindowTitle("DepthFace")
        self.ways: dict[str, QAction] = make_actions(self)
        self.menu = make_menu(self, self.ways)
        self.bar = TopBar(self.ways, self.menu, self)
        self.stage = Stage(self)
        self.inspection, self.workspace = Inspection(self), Workspace(self)
        self.panes, self.probe = self.inspection.panes, self.inspection.probe
        self.identity, self.people, self.enrolment = IdentityCard(self), PeopleCard(self), EnrolmentCard(self)
        self.playback = PlaybackBar(self.ways, self)
        self.status = StatusLine(self)
        self.side = QStackedWidget(self)
        self.splitter = Split(self)
        self._compose()
        self._tint()
        self.stage.live.setFocus()

    def _compose(self) -> None:
        self.splitter.addWidget(self.stage)
        self.splitter.addWidget(self.inspection)
        row = QHBoxLayout()
        row.setSpacing(2 * GRID_PX)
        row.addWidget(self.splitter, 1)
        row.addLayout(self._right())
        row.addWidget(self.workspace, 1)
        self.workspace.hide()
        ground = QWidget(self)
        column = QVBoxLayout(ground)
        column.setContentsMargins(2 * GRID_PX, GRID_PX, 2 * GRID_PX, GRID_PX // 2)
        column.setSpacing(GRID_PX)
        column.addWidget(self.bar)
        column.addLayout(row, 1)
        column.addWidget(self.playback)
        column.addWidget(self.status)
        self.setCentralWidget(ground)

    def _right(self) -> QVBoxLayout:
        self.side.addWidget(self.people)
        self.side.addWidget(self.enrolment)
        column = QVBoxLayout()
        column.setSpacing(2 * GRID_PX)
        for widget in (self.identity, self.side):
            column.addWidget(widget)
        column.setStretch(1, 1)
        return column

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The right column grows with the window, so that the name does."""
        least, most = (letters * self.fontMetrics().averageCharWidth() for letters in _SIDE_LETTERS)
        width = round(min(max(_SIDE_PART * self.width(), least), most))
        for widget in (self.identity, self.side):
            widget.setFixedWidth(width)
        super().resizeEvent(event)

    def show_workspace(self, is_shown: bool) -> None:
        """The inspector in place of everything between the rows of buttons and figures, or the live view again."""
        for widget in (self.splitter, self.identity, self.side):
            widget.setVisible(not is_shown)
        self.workspace.setVisible(is_shown)
        for number in range(1, 5):
            self.ways[f"pane_{number}"].setEnabled(not is_shown)

    def minimumSizeHint(self) -> QSize:
        """The smallest window that shows everything."""
        return SMALLEST

    def keep_layout(self) -> None:
        """Remember where the window stood and how it was divided."""
        settings = QSettings("DepthFace", "DepthFace")
        settings.setValue("window/geometry", self.saveGeometry())
        settings.setValue("window/splitter", self.splitter.saveState())

    def restore_layout(self) -> None:
        """Stand where it stood the last time, or at a good size."""
        settings = QSettings("DepthFace", "DepthFace")
        geometry, splitter = settings.value("window/geometry"), settings.value("window/splitter")
        if not (isinstance(geometry, QByteArray) and self.restoreGeometry(geometry)):
            self.resize(1440, 900)
        if isinstance(splitter, QByteArray):
            self.splitter.restoreState(splitter)

    def changeEvent(self, event: QEvent) -> None:
        """Another theme: other icons."""
        super().changeEvent(event)
        if event.type() == event.Type.PaletteChange and hasattr(self, "ways"):
            self._tint()

    def _tint(self) -> None:
        tint(self.ways, colours_of(self))
        self.bar.tint(colours_of(self))
        self.playback.tint(colours_of(self))

    def closeEvent(self, event: QCloseEvent) -> None:
        """Let the rest of the program know."""
        self.keep_layout()
        self.hide()
        self.closing.emit()
        super().closeEvent(event)
