"""Every test of the window begins in the dark theme, with a desk of its own where it asks for one."""

from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import QSettings
from pytestqt.qtbot import QtBot

from depthface_app.ui import theme
from tests.ui.states import Desk

LIMIT_MS = 30_000  # for machines that do other things beside


@pytest.fixture(autouse=True)
def dark(qapp) -> None:
    theme.apply(qapp, "dark")
    QSettings("DepthFace", "DepthFace").remove("inspector")  # what the test before left


@pytest.fixture
def seat(qtbot: QtBot) -> Iterator[Callable[[Desk], Desk]]:
    """Opens a desk's window, starts it, and closes it after the test with everything that runs behind it."""
    taken: list[Desk] = []

    def take(desk: Desk) -> Desk:
        taken.append(desk)
        desk.window.resize(1280, 800)
        desk.window.show()
        qtbot.waitExposed(desk.window)
        desk.commands.start()
        return desk

    yield take
    for desk in taken:
        desk.close()
