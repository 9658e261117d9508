"""The player of recordings: stepping, seeking, marks, and that nothing of it shows for a camera."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QDialog

from depthface_app.cameras.session import Mark, SessionReader
from depthface_app.pipeline.feed import FeedState
from depthface_app.ui import theme
from depthface_app.ui.asking import Ask
from depthface_app.ui.times import frame_of, seconds_of, time_text
from tests.ui import states
from tests.ui.conftest import LIMIT_MS
from tests.ui.states import Desk


@pytest.fixture
def wait(qtbot):
    return lambda condition: qtbot.waitUntil(condition, timeout=LIMIT_MS)


@pytest.fixture
def desk(tmp_path, seat, wait) -> Desk:
    """A recording that stands still on its frame 20, with its person named."""
    desk = seat(states.played(tmp_path, 60))
    wait(lambda: desk.commands.player.playback is not None and desk.window.playback.isVisible())
    desk.window.ways["pause"].trigger()
    desk.commands.player.playback.seek(20)
    wait(lambda: shown(desk) == 20)
    return desk


def shown(desk: Desk) -> int | None:
    return desk.commands.player.playback.place.shown


def ask_of(desk: Desk) -> Ask:
    return next(each for each in desk.window.findChildren(Ask) if each.isVisible())


def test_frames_are_stepped_through_in_both_directions_by_keys(desk, wait, qtbot):
    qtbot.keyClick(desk.window, Qt.Key.Key_Period)
    wait(lambda: shown(desk) == 21)
    for expected in (20, 19):
        qtbot.keyClick(desk.window, Qt.Key.Key_Comma)
        wait(lambda expected=expected: shown(desk) == expected)
    wait(lambda: desk.window.playback.times.text() == "0:00.6 / 0:02.0  frame 19 of 60")
    assert desk.window.playback.timeline.value() == 19
    assert desk.window.ways["pause"].isChecked()


def test_a_held_recording_is_no_stall_and_keeps_its_name(desk, wait):
    wait(lambda: desk.bridge.engine.state is FeedState.PAUSED)
    wait(lambda: desk.window.identity.plate.name == "Ada Lovelace")
    wait(lambda: desk.window.bar.lamp.word == "paused")
    assert desk.bridge.engine.standing_faults == ()


def test_space_plays_and_at_the_end_it_stands_still_until_played_again(desk, wait, qtbot):
    desk.commands.player.playback.seek(56)
    qtbot.keyClick(desk.window, Qt.Key.Key_Space)
    wait(lambda: shown(desk) == 59 and not desk.commands.player.playback.place.is_playing)
    assert not desk.window.stage.banner.isVisible()
    qtbot.keyClick(desk.window, Qt.Key.Key_Space)
    wait(lambda: 0 < shown(desk) < 50)


def test_a_click_on_the_line_goes_there(desk, wait, qtbot):
    line = desk.window.playback.timeline
    place = QPoint(round(line.place_of(45)), line.height() // 2)
    qtbot.mouseClick(line, Qt.MouseButton.LeftButton, pos=place)
    wait(lambda: shown(desk) == line.frame_at(place.x()))
    assert abs(shown(desk) - 45) <= 1


def test_the_line_is_moved_by_keys(desk, wait, qtbot):
    line = desk.window.playback.timeline
    line.setFocus()
    qtbot.keyClick(line, Qt.Key.Key_Right)
    wait(lambda: shown(desk) == 21)
    qtbot.keyClick(line, Qt.Key.Key_End)
    wait(lambda: shown(desk) == 59)
    qtbot.keyClick(line, Qt.Key.Key_Home)
    wait(lambda: shown(desk) == 0)


def test_marks_are_ticks_and_n_goes_from_one_to_the_next(desk, wait, qtbot):
    line = desk.window.playback.timeline
    wait(lambda: [mark.frame for mark in line.marks] == [None, 10, 40])
    accent = theme.colours_of(desk.window).accent
    assert colour_at(line.grab().toImage(), round(line.place_of(40)), 3) == accent
    assert colour_at(line.grab().toImage(), round(line.place_of(30)), 3) != accent
    qtbot.keyClick(desk.window, Qt.Key.Key_N)
    wait(lambda: shown(desk) == 40)
    qtbot.keyClick(desk.window, Qt.Key.Key_N, Qt.KeyboardModifier.ShiftModifier)
    wait(lambda: shown(desk) == 10)


def colour_at(image: QImage, x: int, y: int) -> str:
    return image.pixelColor(x, y).name()


def test_a_mark_made_while_looking_is_in_the_file(desk, wait, qtbot):
    with SessionReader(desk.recording) as reader:
        before = reader.read(5).depth_mm
    qtbot.keyClick(desk.window, Qt.Key.Key_M)
    ask = ask_of(desk)
    ask.accept()
    assert ask.isVisible()
    assert ask.problem.text() == "Write a few words, or cancel."
    ask.line.setText("glasses off")
    ask.accept()
    wait(lambda: "glasses off" in [mark.text for mark in desk.window.playback.timeline.marks])
    with SessionReader(desk.recording) as reader:
        (mark,) = [each for each in reader.marks() if each.text == "glasses off"]
        assert mark.frame == 20
        np.testing.assert_array_equal(reader.read(5).depth_mm, before)
    desk.window.ways["step_forward"].trigger()
    wait(lambda: shown(desk) == 21)


def test_going_to_a_time_or_a_frame(desk, wait):
    for text, frame in (("0:01.5", 45), ("#7", 7)):
        desk.window.ways["go_to"].trigger()
        ask = ask_of(desk)
        ask.line.setText(text)
        ask.accept()
        wait(lambda frame=frame: shown(desk) == frame)
    desk.window.ways["go_to"].trigger()
    ask = ask_of(desk)
    ask.line.setText("9:00")
    ask.accept()
    assert "ends at 0:02.0, frame 59" in ask.problem.text()
    ask.reject()


def test_speed_and_loop(desk, wait, qtbot):
    playback = desk.commands.player.playback
    qtbot.keyClick(desk.window, Qt.Key.Key_BracketRight)
    assert playback.place.speed == 2.0
    qtbot.keyClick(desk.window, Qt.Key.Key_BracketLeft)
    qtbot.keyClick(desk.window, Qt.Key.Key_BracketLeft)
    assert playback.place.speed == 0.5
    assert desk.window.playback.speed.currentText() == "0.5×"
    playback.set_speed(8.0)
    qtbot.keyClick(desk.window, Qt.Key.Key_L)
    playback.seek(55)
    playback.play()
    wait(lambda: playback.place.is_playing and shown(desk) < 50)


def test_a_recording_made_of_a_camera_keeps_marks_and_results(tmp_path, seat, wait, qtbot):
    desk = seat(states.one(tmp_path))
    wait(lambda: desk.window.identity.plate.name == "Ada Lovelace")
    assert not desk.window.playback.isVisible()
    assert not desk.window.ways["step_back"].isEnabled()
    desk.window.ways["mark"].trigger()
    assert "needs a recording" in desk.window.stage.toast.title.text()
    desk.window.ways["record"].trigger()
    wait(lambda: desk.window.bar.lamp.word.startswith("rec 0:01"))
    qtbot.keyClick(desk.window, Qt.Key.Key_M)
    at = desk.bridge.engine.recording.frames
    wait(lambda: desk.bridge.engine.recording.frames > at + 5)
    ask_of(desk).line.setText("now")
    ask_of(desk).accept()
    desk.window.ways["record"].trigger()
    wait(lambda: "Recorded" in desk.window.stage.toast.title.text())
    (path,) = (tmp_path / "recordings").iterdir()
    with SessionReader(path) as reader:
        (mark,) = reader.marks()
    assert mark.text == "now"
    assert abs(mark.frame - at) <= 3


def test_the_setting_is_taken_over(desk):
    desk.window.ways["settings"].trigger()
    dialog = next(each for each in desk.window.findChildren(QDialog) if each.isVisible())
    dialog.record_processed.setChecked(True)
    dialog.accept()
    assert desk.commands.settings.record_processed


@pytest.mark.parametrize(
    ("text", "time_s"),
    [("83.5", 83.5), ("1:23,5", 83.5), ("1:02:03", 3723), ("", None), ("-3", None), ("1:2:3:4", None)],
)
def test_times_are_read(text, time_s):
    assert seconds_of(text) == time_s


def test_times_and_frames_in_words():
    assert time_text(83.44) == "1:23.4"
    assert time_text(3.0, 4000.0) == "0:00:03.0"
    assert frame_of(" #12 ") == 12
    assert frame_of("12") is None


def test_a_mark_is_sorted_in(desk):
    desk.commands.player.playback.add_mark(Mark("early", 2))
    assert [mark.frame for mark in desk.commands.player.playback.marks] == [None, 2, 10, 40]
