"""The program as it is started: off-screen, and once on a real X screen."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

from depthface_app.cameras.base import CameraInfo
from depthface_app.cameras.recording import RecordingCamera
from depthface_app.cameras.session import SessionWriter
from depthface_app.core.errors import CameraError, InputError
from depthface_app.ui import app
from depthface_app.ui.window import MainWindow
from tests.ui import states

ROOT = Path(__file__).resolve().parents[2]


def lightness_spread(image: QImage) -> float:
    """How much a picture varies: a window that painted nothing has none."""
    grey = image.convertToFormat(QImage.Format.Format_Grayscale8)
    pixels = np.frombuffer(grey.constBits(), np.uint8).reshape(grey.height(), grey.bytesPerLine())
    return float(pixels[:, : grey.width()].std())


def windows() -> list[MainWindow]:
    """Main windows that exist, shown or not."""
    return [window for window in QApplication.topLevelWidgets() if isinstance(window, MainWindow)]


@pytest.fixture
def desk(tmp_path):
    desk = states.one(tmp_path)
    yield desk
    desk.close()


def test_a_screenshot_shows_the_frames_and_ends_well(desk, tmp_path):
    path = tmp_path / "window.png"
    assert app.run_app(desk.parts, screenshot=path, frames=3) == 0
    image = QImage(str(path))
    assert (image.width(), image.height()) == (1440, 900)
    assert lightness_spread(image) > 15


def test_a_recording_that_stands_still_is_shown_in_the_inspector(desk, tmp_path):
    """It sends one frame, which may be found before the inspector watches."""
    writer = SessionWriter(tmp_path / "a.mcap", CameraInfo("fake:", "Fake"))
    for number in range(3):
        writer.add(desk.scene.frame(number).at(10 + number / 30))
    writer.finish()

    def plug():
        played = RecordingCamera(tmp_path / "a.mcap", frame=1, paused=True)
        played.holds = True
        return played

    desk._plug = plug
    assert app.run_app(desk.parts, screenshot=tmp_path / "window.png", frames=1, inspector=True) == 0
    assert lightness_spread(QImage(str(tmp_path / "window.png"))) > 15


def test_a_screenshot_that_cannot_be_written_is_one_sentence(desk, tmp_path):
    with pytest.raises(InputError, match="cannot be written"):
        app.run_app(desk.parts, screenshot=tmp_path / "no folder" / "window.png", frames=1)


def test_a_screenshot_without_a_camera_gives_up_and_says_why(desk, tmp_path, monkeypatch):
    monkeypatch.setattr(app, "SCREENSHOT_LIMIT_S", 2.0)
    desk.camera.fails_to_open = "No camera is plugged in; connect one."
    before = windows()
    with pytest.raises(CameraError, match="No camera is plugged in"):
        app.run_app(desk.parts, screenshot=tmp_path / "window.png", frames=1)
    assert windows() == before


def test_the_qt_of_opencv_is_forgotten(qapp, monkeypatch):
    for name in app.FOREIGN_QT:
        monkeypatch.setenv(name, "/somewhere/else")
    app.make_application("dark")
    assert not any(name in os.environ for name in app.FOREIGN_QT)


def test_on_a_real_screen_the_window_paints_the_same(tmp_path):
    command = [sys.executable, "-m", "tests.ui.states", str(tmp_path), "one", "--size", "1024x640"]
    done = subprocess.run(
        ["xvfb-run", "-a", "-s", "-screen 0 1280x800x24", *command],
        cwd=ROOT,
        env={**os.environ, "QT_QPA_PLATFORM": "xcb"},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    image = QImage(str(tmp_path / "one-dark-1024x640.png"))
    assert (image.width(), image.height()) == (1024, 640)
    assert lightness_spread(image) > 15


def test_a_dense_screen_gets_a_dense_picture(tmp_path):
    command = [sys.executable, "-m", "tests.ui.states", str(tmp_path), "one", "--size", "1024x640", "--density", "2"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr
    image = QImage(str(tmp_path / "one-dark-1024x640@2.png"))
    assert (image.width(), image.height()) == (2048, 1280)
