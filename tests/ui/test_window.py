"""The whole program on people made by formula: real engine, real threads, real gallery, real widgets."""

import gc
import threading
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractButton, QApplication, QComboBox, QDialog, QFileDialog, QWidget

from depthface_app.cameras.recording import RecordingCamera
from depthface_app.core.errors import InputError
from depthface_app.pipeline.feed import FeedState
from depthface_app.ui import theme
from depthface_app.ui.actions import ACTIONS
from depthface_app.ui.app import KeepSpace
from depthface_app.ui.marks import Standing
from tests.ui import states
from tests.ui.conftest import LIMIT_MS
from tests.ui.states import ADA, Desk
from tests.ui.values import NEAR, RIGHT, Actor, Scene, axis


@pytest.fixture
def wait(qtbot):
    """Waits for something to become true while the window runs on."""

    def until(condition):
        qtbot.waitUntil(condition, timeout=LIMIT_MS)

    return until


@pytest.fixture
def desk(tmp_path, seat, wait):
    """Ada before the camera, recognised."""
    desk = seat(states.one(tmp_path))
    wait(lambda: desk.window.identity.plate.name == "Ada Lovelace")
    return desk


def test_a_person_is_named_and_shown_four_ways(desk):
    window = desk.window
    assert window.identity.plate.standing is Standing.KNOWN
    assert window.identity.values()["distance"] == "0.62 m"
    assert [pane.message for pane in window.panes.panes] == [""] * 4
    assert window.people.names() == tuple(sorted(states.PEOPLE))
    label = window.stage.live.label_of(desk.presenter.face)
    assert label == ("Ada Lovelace", "0.82 · 0.62 m")
    assert window.bar.lamp.is_live


def test_figures_come_to_the_status_line(desk, wait):
    wait(lambda: "fps" in desk.window.status.text() and "identity —" not in desk.window.status.text())
    assert "CPU" in desk.window.status.text()
    for stage in ("locate", "denoise", "embed", "match"):
        assert stage in desk.window.status.text()


def test_the_probe_reads_the_live_face(desk, wait):
    pane = desk.window.panes.panes[0]
    square = pane.square()
    middle = QPoint(int(square.center().x()), int(square.center().y()))
    desk.window.panes.probe(pane._part(middle.toPointF()))
    wait(lambda: "raw 6" in desk.window.probe.text())
    reading = desk.presenter.face
    assert abs(float(np.nanmedian(reading.crop.depth_mm[62:66, 62:66])) - NEAR[2]) < 10


def test_an_unknown_person_is_shown_as_unknown(tmp_path, seat, wait):
    desk = seat(states.unknown(tmp_path))
    wait(lambda: desk.window.identity.plate.word == "unknown person")
    assert desk.window.identity.plate.name == "Unknown"
    assert desk.window.stage.live.label_of(desk.presenter.face)[0] == "unknown"


def test_an_empty_room_says_where_to_stand(tmp_path, seat, wait):
    desk = seat(states.nobody(tmp_path))
    wait(lambda: desk.window.identity.plate.name == "No face")
    assert "0.4 to 1.2 m" in desk.window.identity.hint.text()
    assert {pane.message for pane in desk.window.panes.panes} == {"No face"}


def test_a_click_on_a_face_chooses_it_and_f_the_next(tmp_path, seat, wait, qtbot):
    desk = seat(Desk(tmp_path, Scene(ADA, Actor(RIGHT, axis(1)))))
    wait(lambda: desk.presenter.result is not None and len(desk.presenter.result.faces) == 2)
    assert desk.presenter.face.match.name == "Ada Lovelace"
    live, far = desk.window.stage.live, max(desk.presenter.result.faces, key=lambda face: face.location.distance_mm)
    scale = live.picture_rect().width() / 640
    nose = far.location.nose_px
    qtbot.mouseClick(live, Qt.MouseButton.LeftButton, pos=QPoint(int(nose[0] * scale), int(nose[1] * scale)))
    assert desk.presenter.face.match.name == "Grace Hopper"
    desk.window.ways["next_face"].trigger()
    assert desk.presenter.face.match.name == "Ada Lovelace"


def test_an_unplugged_camera_is_a_banner_that_goes_when_it_returns(desk, wait):
    desk.unplug()
    wait(lambda: desk.presenter.situation.state is FeedState.FAILED and desk.window.stage.banner.isVisible())
    wait(lambda: desk.window.identity.plate.name == "No picture")
    assert "not plugged in" in desk.window.stage.banner.text.text()
    assert not desk.window.bar.lamp.is_live
    desk.camera.fails_to_open = ""
    desk.window.stage.banner.button.click()
    wait(lambda: not desk.window.stage.banner.isVisible() and desk.window.identity.plate.name == "Ada Lovelace")


def test_a_stall_is_told_and_forgotten(desk, wait):
    desk.camera.stall()
    wait(lambda: desk.window.stage.banner.title.text() == "The camera has stalled")
    desk.camera.resume()
    wait(lambda: not desk.window.stage.banner.isVisible())


def test_a_covered_lens_is_told_and_nobody_is_named(tmp_path, seat, wait):
    desk = seat(states.one(tmp_path))
    states.STATES["dark"][1](desk, wait)
    assert desk.window.stage.banner.title.text() == "The camera sees nothing"
    wait(lambda: desk.window.identity.plate.name == "No face")
    desk.camera.make_frame = desk.scene.frame
    wait(lambda: not desk.window.stage.banner.isVisible() and desk.window.identity.plate.name == "Ada Lovelace")


def test_an_old_picture_is_greyed_and_its_name_gone(tmp_path, seat, wait):
    desk = seat(states.one(tmp_path))
    states.STATES["frozen"][1](desk, wait)
    wait(lambda: desk.window.stage.live._is_dimmed and desk.window.identity.plate.name == "No picture")
    assert "the same picture again and again" in desk.window.stage.banner.text.text()
    assert desk.presenter.result is None


def test_a_camera_that_hangs_is_left_and_another_engine_starts(tmp_path, seat, wait, monkeypatch):
    monkeypatch.setattr("depthface_app.pipeline.engine.STOP_TIMEOUT_S", 0.2)
    monkeypatch.setattr(states, "QUICK", replace(states.QUICK, hang_after_s=0.5))
    desk = seat(states.one(tmp_path))
    wait(lambda: states.shows_results(desk))
    release = threading.Event()
    desk.camera.read = lambda timeout_s: release.wait(30) and None
    wait(lambda: "its driver has not returned" in desk.window.stage.banner.text.text())
    hung = desk.bridge.engine
    desk.window.stage.banner.button.click()
    wait(lambda: desk.bridge.engine is not None and desk.bridge.engine is not hung)
    wait(lambda: desk.window.identity.plate.name == "Ada Lovelace")
    release.set()


def test_without_a_camera_the_way_out_is_offered(tmp_path, seat, wait):
    desk = seat(states.no_camera(tmp_path))
    wait(lambda: desk.window.stage.notice.title.text() == "No camera")
    assert "USB 3" in desk.window.stage.notice.text.text()
    desk.camera.fails_to_open = ""
    desk.window.stage.notice.button.click()
    wait(lambda: not desk.window.stage.notice.isVisible() and desk.presenter.frames_shown > 0)
    assert desk.commands.settings.source == "simulated:"


def test_a_source_that_cannot_be_built_is_told(tmp_path, seat, wait):
    desk = states.one(tmp_path)

    def refuse(settings, wake):
        raise InputError("“nonsense:” is no source; see `depthface cameras`.")

    desk.commands._parts = type(desk.parts)(**{**_fields(desk.parts), "make_engine": refuse})
    seat(desk)
    wait(lambda: desk.window.stage.notice.title.text() == "This source cannot be opened")
    assert desk.window.stage.notice.text.text().startswith("“nonsense:”")


def _fields(parts):
    return {name: getattr(parts, name) for name in parts.__slots__}


def test_a_missing_network_leaves_the_picture(tmp_path, seat, wait):
    desk = seat(states.no_model(tmp_path))
    wait(lambda: desk.presenter.frames_shown > 2 and desk.window.stage.banner.isVisible())
    assert desk.window.stage.banner.title.text() == "A network is missing"
    assert desk.window.identity.plate.name == "No networks"


def test_enrolment_says_what_is_missing_and_then_knows_the_person(tmp_path, seat, wait):
    desk = seat(Desk(tmp_path, Scene(Actor(NEAR, axis(5))), {}))
    window, actor = desk.window, desk.scene.actors[0]
    wait(lambda: window.identity.plate.name == "Unknown")
    window.ways["enrol"].trigger()
    assert window.side.currentWidget() is window.enrolment
    window.enrolment.name.setText("Rosalind Franklin")
    window.enrolment.begin.click()
    asked = []
    for yaw_deg, pitch_deg, wanted in ((0, 0, "front"), (20, 0, "left"), (-20, 0, "right"), (0, -15, "up")):
        actor.yaw_deg, actor.pitch_deg = yaw_deg, pitch_deg
        wait(lambda wanted=wanted: wanted in desk.commands.enroller.enrolment.done_poses)
        asked.append(window.enrolment.instruction.text())
    assert window.stage.live.ring.filled["front"] == 1.0
    assert window.stage.live.ring.filled["down"] == 0.0
    wait(lambda: window.enrolment.reason.text() == "Waiting for the turn")
    assert window.enrolment.instruction.text() == "Look down a little"
    actor.pitch_deg = 15
    wait(lambda: window.people.names() == ("Rosalind Franklin",))
    assert window.side.currentWidget() is window.people
    assert window.stage.live.ring is None
    wait(lambda: window.identity.plate.name == "Rosalind Franklin")
    assert desk.store.person("Rosalind Franklin").templates == 5
    assert "Turn a little left" in asked


def test_enrolment_can_stop_early_or_be_cancelled(tmp_path, seat, wait):
    desk = seat(Desk(tmp_path, Scene(Actor(NEAR, axis(5))), {}))
    window = desk.window
    wait(lambda: window.identity.plate.name == "Unknown")
    for finish in (False, True):
        window.ways["enrol"].trigger()
        window.enrolment.name.setText("Rosalind")
        window.enrolment.begin.click()
        assert not window.enrolment.finish.isEnabled()
        wait(window.enrolment.finish.isEnabled)
        (window.enrolment.finish if finish else window.enrolment.cancel).click()
        assert window.stage.live.ring is None
        if not finish:
            assert desk.store.people() == ()
    wait(lambda: window.people.names() == ("Rosalind",))


def test_renaming_and_removing_reach_gallery_and_picture(desk, wait):
    people = desk.window.people
    people.people.item(people.names().index("Ada Lovelace")).setText("Augusta")
    wait(lambda: desk.window.identity.plate.name == "Augusta")
    people.people.setCurrentRow(people.names().index("Augusta"))
    people.remove.click()
    people.confirm.click()
    wait(lambda: desk.window.identity.plate.name == "Unknown")
    assert "Augusta" not in people.names()


def test_a_name_that_is_taken_is_refused_and_put_back(desk, wait):
    people = desk.window.people
    people.people.item(people.names().index("Ada Lovelace")).setText("Alan Turing")
    wait(lambda: "already" in desk.window.stage.toast.title.text())
    wait(lambda: people.names() == tuple(sorted(states.PEOPLE)))


def test_a_recording_can_be_opened_again(desk, wait, tmp_path):
    desk.window.ways["record"].trigger()
    wait(lambda: desk.window.bar.lamp.word.startswith("rec 0:01"))
    assert desk.window.ways["record"].isChecked()
    desk.window.ways["record"].trigger()
    wait(lambda: "Recorded" in desk.window.stage.toast.title.text())
    (path,) = (tmp_path / "recordings").iterdir()
    camera = RecordingCamera(path)
    camera.open()
    assert camera.info.name
    camera.close()
    wait(lambda: not desk.window.ways["record"].isChecked())


def test_a_recording_that_cannot_be_written_is_told(desk, wait, tmp_path):
    (tmp_path / "recordings").write_text("in the way")
    desk.window.ways["record"].trigger()
    wait(lambda: "cannot be made" in desk.window.stage.toast.title.text())
    wait(lambda: not desk.window.ways["record"].isChecked())


def test_a_snapshot_keeps_window_and_frame(desk, wait, tmp_path):
    desk.window.ways["snapshot"].trigger()
    wait(lambda: "Saved" in desk.window.stage.toast.title.text())
    names = sorted(path.suffix for path in (tmp_path / "snapshots").iterdir())
    assert names == [".npz", ".png"]
    (path,) = (tmp_path / "snapshots").glob("*.npz")
    with np.load(path) as kept:
        assert kept["depth_mm"].shape == (480, 640)
        assert float(kept["fx"]) == 600.0


def test_pause_holds_the_picture_and_the_camera_runs_on(desk, wait):
    desk.window.ways["pause"].trigger()
    shown, delivered = desk.window.stage.live.frame, desk.camera.delivered
    wait(lambda: desk.camera.delivered > delivered + 5)
    assert desk.window.stage.live.frame is shown
    assert desk.window.bar.lamp.word == "paused"
    desk.window.ways["pause"].trigger()
    wait(lambda: desk.window.stage.live.frame is not shown)


def test_stop_and_start(desk, wait):
    desk.window.ways["stream"].trigger()
    wait(lambda: desk.window.stage.notice.isVisible())
    assert desk.window.stage.notice.title.text() == "Stopped"
    assert not desk.window.ways["record"].isEnabled()
    desk.window.ways["stream"].trigger()
    wait(lambda: desk.window.identity.plate.name == "Ada Lovelace")


def test_another_map_theme_and_threshold_need_no_new_engine(desk, wait, qapp):
    engine = desk.bridge.engine
    desk.window.bar.maps.setCurrentIndex(desk.window.bar.maps.findData("turbo"))
    desk.window.bar.maps.activated.emit(desk.window.bar.maps.currentIndex())
    desk.window.ways["theme"].trigger()
    assert theme.colours_of(desk.window) is theme.LIGHT
    wait(lambda: desk.saved and desk.saved[-1].theme == "light")
    assert desk.saved[-1].colour_map == "turbo"
    desk.window.ways["settings"].trigger()
    dialog = desk.window.findChild(QDialog)
    dialog.threshold.setValue(0.95)
    dialog.accept()
    wait(lambda: desk.window.identity.plate.name == "Unknown")
    assert desk.bridge.engine is engine


def test_what_is_asked_of_a_realsense_camera_is_kept_and_the_camera_opened_with_it(desk, wait):
    engine = desk.bridge.engine
    desk.window.ways["settings"].trigger()
    dialog = desk.window.findChild(QDialog)
    dialog.realsense.setText(" preset=hand&filters=spatial ")
    dialog.accept()
    wait(lambda: desk.bridge.engine not in (None, engine))
    wait(lambda: desk.saved and desk.saved[-1].realsense == "preset=hand&filters=spatial")


def test_another_denoiser_builds_a_new_engine(desk, wait):
    engine, box = desk.bridge.engine, desk.window.bar.denoiser
    box.setCurrentIndex(1)
    box.activated.emit(1)
    wait(lambda: desk.bridge.engine not in (None, engine))
    assert engine.state is FeedState.STOPPED
    wait(lambda: desk.saved and desk.saved[-1].denoiser == "dmdnet-paper")


def test_a_recording_is_asked_for_and_opened(desk, wait, monkeypatch):
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: ("/data/visit.mcap", ""))
    desk.window.ways["open_recording"].trigger()
    assert desk.commands.settings.source == "recording:/data/visit.mcap"
    assert desk.window.bar.source.currentData() == "recording:/data/visit.mcap"
    wait(lambda: desk.bridge.engine is not None)


def test_every_control_is_reached_by_tab_and_has_a_name(desk, qtbot):
    window = desk.window
    wanted = {
        widget
        for widget in window.findChildren(QWidget)
        if widget.isVisible()
        and widget.isEnabled()
        and widget.focusPolicy() & Qt.FocusPolicy.TabFocus
        and widget.window() is window
        and isinstance(widget, QAbstractButton | QComboBox)
    }
    reached, widget = set(), window
    for _ in range(300):
        widget = widget.nextInFocusChain()
        reached.add(widget)
    assert wanted >= {window.bar.source, window.bar.more, window.people.enrol, *window.bar.buttons.values()}
    assert wanted <= reached
    nameless = [widget for widget in wanted if not (widget.accessibleName() or getattr(widget, "text", str)())]
    assert not nameless
    assert {*window.panes.panes, window.stage.live, window.people.people} <= reached


def test_keys_do_what_the_table_says(desk, qtbot):
    window = desk.window
    window.activateWindow()
    window.stage.live.setFocus()
    qtbot.waitUntil(lambda: QApplication.focusWidget() is window.stage.live, timeout=LIMIT_MS)
    qtbot.keyClick(window.stage.live, Qt.Key.Key_Space)
    assert desk.presenter.is_paused
    qtbot.keyClick(window.stage.live, Qt.Key.Key_2)
    assert window.panes.enlarged == 1
    qtbot.keyClick(window.stage.live, Qt.Key.Key_E)
    assert window.side.currentWidget() is window.enrolment
    qtbot.keyClicks(window.enrolment.name, "res")
    assert window.enrolment.name.text() == "res"
    assert not window.ways["record"].isChecked()


def test_space_on_a_button_presses_the_button(desk, qapp):
    keep = KeepSpace(desk.window)
    for widget, is_kept in ((desk.window.people.enrol, True), (desk.window.stage.live, False)):
        event = QKeyEvent(QEvent.Type.ShortcutOverride, Qt.Key.Key_Space, Qt.KeyboardModifier.NoModifier)
        event.ignore()
        assert keep.eventFilter(widget, event) is False
        assert event.isAccepted() is is_kept


def test_no_two_actions_share_a_key(desk):
    keys = [spec.key for spec in ACTIONS if spec.key]
    assert len(keys) == len(set(keys))
    assert {"Space", "R", "S", "E", "1", "2", "3", "4", "F11", "Ctrl+,", "F1"} <= set(keys)


def test_the_shortcuts_dialog_lists_the_table(desk, qtbot):
    from PySide6.QtWidgets import QLabel

    desk.window.ways["shortcuts"].trigger()
    dialog = desk.window.findChild(QDialog)
    texts = [label.text() for label in dialog.findChildren(QLabel)]
    for spec in ACTIONS:
        assert (spec.text in texts) == bool(spec.key)
    dialog.close()


@pytest.mark.parametrize("size", [(1024, 640), (1280, 800), (1920, 1080)])
def test_nothing_overlaps_or_leaves_the_window(desk, qtbot, size):
    window = desk.window
    window.resize(*size)
    qtbot.waitUntil(lambda: (window.width(), window.height()) == size, timeout=LIMIT_MS)
    parts = [window.bar, window.stage, window.inspection, window.identity, window.side, window.status]

    def places():
        return [part.rect().translated(part.mapTo(window, QPoint(0, 0))) for part in parts]

    qtbot.waitUntil(lambda: all(window.rect().contains(place) for place in places()), timeout=LIMIT_MS)
    for number, one in enumerate(places()):
        assert not any(one.intersects(other) for other in places()[number + 1 :])
    assert window.panes.panes[0].square().width() >= 150


def test_closing_stops_every_thread_and_leaves_nothing(tmp_path, seat, wait):
    import threading

    desk = seat(states.one(tmp_path))
    wait(lambda: desk.presenter.frames_shown > 3)
    desk.window.close()
    assert desk.bridge.engine is None
    assert not {"camera", "recogniser"} & {thread.name for thread in threading.enumerate()}
    gc.collect()
