"""Starts Qt, opens the window, and in screenshot mode saves its picture and ends."""

import logging
import os
import sys
from pathlib import Path

import shiboken6
from PySide6.QtCore import QEvent, QObject, QPointF, Qt, QTimer
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QAbstractButton, QAbstractItemView, QApplication, QComboBox

from depthface_app import __version__
from depthface_app.core.assets import asset
from depthface_app.core.errors import CameraError, InputError
from depthface_app.ui import theme
from depthface_app.ui.bridge import Bridge
from depthface_app.ui.commands import Commands, Parts, theme_name
from depthface_app.ui.presenter import Presenter
from depthface_app.ui.unforeseen import told
from depthface_app.ui.window import MainWindow

log = logging.getLogger(__name__)

# opencv-python points these at its own Qt when it is imported; ours would load the wrong plug-ins.
FOREIGN_QT = ("QT_QPA_PLATFORM_PLUGIN_PATH", "QT_QPA_FONTDIR")
SCREENSHOT_FRAMES = 60
SCREENSHOT_LIMIT_S = 60.0  # without a new frame
_LOOK_AGAIN_MS = 50
_NOSE = QPointF(0.5, 0.5)  # every face is cut out around it


class KeepSpace(QObject):
    """Lets the space bar press the button that has the focus; elsewhere it pauses the picture."""

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Claim the key before the window's shortcut does."""
        is_space = event.type() is QEvent.Type.ShortcutOverride and event.key() == Qt.Key.Key_Space  # type: ignore[attr-defined]
        if is_space and isinstance(watched, QAbstractButton | QComboBox | QAbstractItemView):
            event.accept()
        return False


class Screenshot(QObject):
    """Waits for enough painted frames and a result, saves the window, and ends; gives up when no more come."""

    def __init__(self, window: MainWindow, presenter: Presenter, bridge: Bridge, path: Path, frames: int) -> None:
        super().__init__(window)
        self.problem = ""
        self._window, self._presenter, self._bridge, self._path, self._frames = window, presenter, bridge, path, frames
        self._timer = QTimer(self, interval=_LOOK_AGAIN_MS)
        self._timer.timeout.connect(self._look)
        self._timer.start()
        self._patience = QTimer(self, singleShot=True, interval=int(SCREENSHOT_LIMIT_S * 1000))
        self._patience.timeout.connect(self._give_up)
        self._patience.start()
        self._moments = 0
        window.stage.live.painted.connect(self._patience.start)
        window.workspace.painted.connect(self._count_moment)

    @property
    def shown(self) -> int:
        """Frames in the live view, or moments in the inspector."""
        return max(self._presenter.frames_shown, self._moments)

    def _count_moment(self) -> None:
        self._moments += 1
        self._patience.start()

    def _look(self) -> None:
        engine = self._bridge.engine
        has_result = self._presenter.result is not None or (engine is not None and engine.models is None)
        if self.shown >= self._frames and has_result:
            self._save()

    def _save(self) -> None:
        self._timer.stop()
        self._window.panes.probe(_NOSE)
        self._presenter.show_one_moment()
        if not self._window.grab().save(str(self._path)):
            self.problem = f"The picture cannot be written to {self._path}; give a .png in a folder that exists."
        self._window.close()

    def _give_up(self) -> None:
        now, shown = self._presenter.situation, self.shown
        why = now.problem or "; ".join(fault.message for fault in now.faults) or "No frame came."
        self.problem = (
            f"The window showed {shown} frames of {self._frames}, then none for {SCREENSHOT_LIMIT_S:.0f} s. {why}"
        )
        self._timer.stop()
        self._window.close()


def make_application(chosen_theme: str, kiosk: bool = False) -> QApplication:
    """The one QApplication, dressed."""
    for name in FOREIGN_QT:
        os.environ.pop(name, None)
    application = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(application, QApplication)
    application.setApplicationName("DepthFace")
    application.setApplicationVersion(__version__)
    application.setDesktopFileName("depthface")
    application.setWindowIcon(QIcon(str(asset("depthface.svg"))))
    theme.apply(application, theme_name(chosen_theme), kiosk)
    return application


def build_main_window(parts: Parts) -> tuple[MainWindow, Bridge, Presenter, Commands]:
    """The window with everything behind it, nothing started yet; all of it belongs to the window."""
    window = MainWindow()
    bridge = Bridge(window)
    presenter = Presenter(window, bridge)
    return window, bridge, presenter, Commands(window, bridge, presenter, parts)


def run_app(
    parts: Parts,
    *,
    screenshot: Path | None = None,
    frames: int | None = None,
    kiosk: bool = False,
    inspector: bool = False,
) -> int:
    """Show the window until it is closed; the exit status.

    Args:
        screenshot: save the window's picture here once `frames` frames were painted, and end.
        kiosk: the whole screen, large text, for visitors who enrol themselves.
        inspector: begin in the inspector.

    Raises:
        CameraError: if a screenshot was wanted and no pictures came.
        InputError: if the screenshot cannot be written.
    """
    application = make_application(parts.settings.theme, kiosk)
    if kiosk:
        from depthface_app.ui.kiosk.app import run_kiosk  # a twentieth of the time in which the window comes up

        return run_kiosk(application, parts, screenshot, frames or SCREENSHOT_FRAMES)
    window, bridge, presenter, commands = build_main_window(parts)
    application.installEventFilter(KeepSpace(window))
    shot = Screenshot(window, presenter, bridge, screenshot, frames or SCREENSHOT_FRAMES) if screenshot else None
    _show(window, is_shot=shot is not None)
    commands.start()
    if inspector:
        window.ways["inspect"].trigger()
    with told(window.stage.toast.say_text):
        application.exec()
    problem, is_picture_there = (shot.problem, shot.shown > 0) if shot else ("", True)
    # The loop has ended, so `deleteLater` would come too late: taken apart while Python ends, in no order.
    shiboken6.delete(window)
    if problem:
        raise InputError(problem) if is_picture_there else CameraError(problem)
    return 0


def _show(window: MainWindow, is_shot: bool) -> None:
    if is_shot:
        window.resize(1440, 900)
    else:
        window.restore_layout()
    window.show()
