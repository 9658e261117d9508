"""Opens the kiosk, and in screenshot mode saves its picture and ends."""

from pathlib import Path

import shiboken6
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from depthface_app.core.errors import CameraError, InputError
from depthface_app.ui.bridge import Bridge
from depthface_app.ui.commands import Parts
from depthface_app.ui.kiosk.keeper import Keeper
from depthface_app.ui.kiosk.window import KioskWindow

SHOT_SIZE_PX = (1920, 1080)
SHOT_LIMIT_MS = 60_000


def run_kiosk(application: QApplication, parts: Parts, screenshot: Path | None, frames: int) -> int:
    """Show the kiosk until somebody with the administrator's PIN closes it; the exit status.

    Args:
        screenshot: save its picture here once `frames` frames came, and end.

    Raises:
        CameraError: if a screenshot was wanted and no pictures came.
        InputError: if the screenshot cannot be written.
    """
    window = KioskWindow(parts.settings.colour_map)
    keeper = Keeper(window, Bridge(window), parts)
    problems: list[Exception] = []
    if screenshot is None:
        window.showFullScreen()
    else:
        window.resize(*SHOT_SIZE_PX)
        window.show()
        _shoot(window, keeper, screenshot, frames, problems)
    keeper.start()
    application.exec()
    shiboken6.delete(window)
    if problems:
        raise problems[0]
    return 0


def _shoot(window: KioskWindow, keeper: Keeper, path: Path, frames: int, problems: list[Exception]) -> None:
    """Save the picture when enough frames came, or tell why not."""
    look, patience = QTimer(window, interval=50), QTimer(window, interval=SHOT_LIMIT_MS, singleShot=True)

    def save() -> None:
        if keeper.frames_shown >= frames:
            if not window.grab().save(str(path)):
                problems.append(
                    InputError(f"The picture cannot be written to {path}; give a .png in a folder that exists.")
                )
            window.leave()

    def give_up() -> None:
        problems.append(CameraError(f"The kiosk showed {keeper.frames_shown} frames of {frames}."))
        window.leave()

    look.timeout.connect(save)
    patience.timeout.connect(give_up)
    look.start()
    patience.start()
