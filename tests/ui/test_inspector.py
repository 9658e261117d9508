"""The inspector: what is looked at moves together, and what is wanted is shown and measured."""

import math
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, QRectF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QImage, QWheelEvent
from PySide6.QtWidgets import QApplication, QLabel, QPushButton

from depthface_app.core.errors import InputError
from depthface_app.core.space import Orbit
from depthface_app.pipeline.comparison import DENOISED, FUSED, RAW, TRUTH, Measured, Moment, Wanted, seen_by
from depthface_app.pipeline.fusing import Reference
from depthface_app.pipeline.fusion import Fused
from depthface_app.pipeline.inspection import FIGURES
from depthface_app.pipeline.maps import CURVATURE, DEPTH, DIFFERENCE, FROM_CAMERA, MAPS, NOISE, RELIEF
from depthface_app.pipeline.methods import FIXED_METHODS
from depthface_app.ui.inspector.key import LOWEST_LIGHT, light_at
from depthface_app.ui.inspector.looks import looks_of, use_looks
from depthface_app.ui.inspector.plot import limits, pieces, ticks
from depthface_app.ui.inspector.reading import Profile, profile_of, readings
from depthface_app.ui.inspector.scales import Look, Scale, key_of, picture_of
from depthface_app.ui.inspector.space import FIRST_ORBIT
from depthface_app.ui.inspector.tables import NOTHING, figure_rows, number, probe_rows, worth_of
from depthface_app.ui.inspector.view import method_labels
from depthface_app.ui.inspector.viewport import LARGEST_ZOOM, Viewport
from depthface_app.ui.inspector.workspace import Workspace
from tests.ui.conftest import LIMIT_MS
from tests.ui.states import nobody, one, several
from tests.ui.values import NEAR, face_of, frame_of, head_mm

ROOM = QRectF(0, 0, 300, 200)
LOOK = Look("viridis", 5.0, FROM_CAMERA)


def moment(seed=0, truth=False):
    frame = frame_of([NEAR], seed)
    if truth:
        frame = replace(frame, truth_mm=np.nan_to_num(head_mm(NEAR)))
    face = face_of(frame, NEAR)
    return Moment(frame, face.location, face.denoised)


@pytest.fixture
def workspace(qtbot):
    widget = Workspace(None)
    qtbot.addWidget(widget)
    widget.resize(1248, 700)
    widget.show()
    qtbot.waitExposed(widget)
    return widget


# ---- what part is shown


def test_the_point_under_the_mouse_stays_there_when_zooming():
    place = QPointF(190, 60)
    view = Viewport()
    for factor in (1.5, 2.0, 0.8):
        before = view.part(ROOM, place)
        view = view.zoomed(ROOM, place, factor)
        assert (view.part(ROOM, place) - before).manhattanLength() < 1e-9


def test_nothing_beyond_the_edges_is_shown_and_zoom_ends():
    far = Viewport(4.0).panned(ROOM, QPointF(1e6, -1e6))
    assert (far.x, far.y) == (0.125, 0.875)
    assert Viewport().panned(ROOM, QPointF(50, 50)) == Viewport()
    assert Viewport().zoomed(ROOM, QPointF(0, 0), 1e6).zoom == LARGEST_ZOOM
    assert Viewport(3.0, 0.2, 0.7).zoomed(ROOM, QPointF(0, 0), 1e-6) == Viewport()


def test_a_hand_moves_the_picture_as_far_as_itself():
    view = Viewport(4.0)
    before = view.rect(ROOM)
    after = view.panned(ROOM, QPointF(30, -20)).rect(ROOM)
    assert after.topLeft() - before.topLeft() == QPointF(30, -20)


# ---- values


def test_scales_have_their_ends_at_their_ends_and_holes_are_see_through():
    scale = Scale(-5, 5, "error", "mm")
    image = scale.picture(np.array([[-9, -5, 0, 5, 9, np.nan]], np.float32)).image
    colours = [image.pixelColor(x, 0).getRgb() for x in range(6)]
    assert colours[0] == colours[1]
    assert colours[3] == colours[4]
    assert min(colours[2][:3]) > 240
    assert colours[5][3] == 0
    assert [label for _, label in scale.ticks()] == ["+5", "+2.5", "0", "−2.5", "−5"]


def test_every_map_has_a_picture_and_a_key():
    now = moment()
    seen = seen_by(now, Wanted(tuple((DENOISED, name) for name in MAPS)), FIXED_METHODS)
    for name, values in zip(MAPS, seen.maps, strict=True):
        assert picture_of(name, values, NEAR[2], LOOK).image.width() == 128
        unit, _, ticks_ = key_of(name, LOOK)
        assert bool(unit) == bool(ticks_) == (name in (DEPTH, DIFFERENCE, NOISE, CURVATURE))


def test_the_light_stays_on_the_cameras_side():
    assert light_at(0, 0) == FROM_CAMERA
    for x, y in ((3, 0), (-0.8, 0.9)):
        light = light_at(x, y)
        assert np.linalg.norm(light) == pytest.approx(1)
        assert light[2] == pytest.approx(-LOWEST_LIGHT)
        assert light[0] / light[1] == pytest.approx(x / y) if y else light[1] == 0


def test_the_probe_reads_depth_normal_noise_and_difference():
    seen = seen_by(moment(), Wanted(((RAW, DEPTH), ("bilateral", NOISE))), FIXED_METHODS)
    read = readings(seen, (0.5, 0.6))
    assert read.keys() == {RAW, DENOISED, "bilateral"}
    raw, clean = seen.faces[RAW].depth_mm, seen.faces[DENOISED].depth_mm
    assert read[RAW].depth_mm == raw[76, 64]
    assert read[RAW].difference_mm == 0
    assert read[DENOISED].difference_mm == pytest.approx(float(clean[76, 64]) - float(raw[76, 64]))
    assert np.linalg.norm(read[DENOISED].normal) == pytest.approx(1, abs=1e-5)
    assert read["bilateral"].noise_mm == pytest.approx(float(seen.maps[1][76, 64]), rel=1e-4)
    assert np.isnan(readings(seen, (0.0, 0.0))[DENOISED].depth_mm)
    assert np.isnan(read[RAW].surface)


def test_the_probe_reads_how_sure_a_network_is_of_a_surface():
    now = moment()
    sure = np.linspace(0, 1, 128 * 128, dtype=np.float32).reshape(128, 128)
    seen = seen_by(replace(now, denoised=replace(now.denoised, surface=sure)), Wanted(()), FIXED_METHODS)
    assert readings(seen, (0.5, 0.6))[DENOISED].surface == sure[76, 64]
    rows = probe_rows([("denoised", readings(seen, (0.5, 0.6))[DENOISED]), ("raw", readings(seen, (0.5, 0.6))[RAW])])
    assert [row[-1].text for row in rows] == ["sure", "60 %", NOTHING]


def test_a_fused_reference_says_what_it_is_worth_in_its_views():
    fused = Fused(37, np.zeros((0, 3), np.float32), np.zeros((0, 3), np.int32), NEAR)
    assert worth_of(Reference(fused, float("nan"))) == "frames: 37"
    assert worth_of(Reference(fused, 0.583)) == "frames: 37, itself 0.58 mm RMSE from the truth"


def test_errors_from_itself_are_no_figures():
    names = {name: {"rmse_mm": 1.5, "spatial_noise_mm": 0.5} for name in (FUSED, DENOISED)}
    figures = {side: {**dict.fromkeys(FIGURES, 0.1), **values} for side, values in names.items()}
    measured = Measured((FUSED, DENOISED), 9, {**figures, "identity_drift": 0.9}, FUSED)
    rows = {row[0].text: [cell.text for cell in row[1:]] for row in figure_rows(("fused", "denoised"), measured)}
    assert rows["RMSE to fused, mm"] == [NOTHING, "1.50", NOTHING]
    assert rows["spatial noise, mm"][:2] == ["0.50", "0.50"]


def test_a_profile_is_as_long_as_its_line_and_counts_from_the_nose():
    seen = seen_by(moment(), Wanted(((RAW, DEPTH),)), FIXED_METHODS)
    profile = profile_of(seen, (0.2, 0.5), (0.8, 0.5), method_labels())
    assert profile.length_mm == pytest.approx(0.6 * seen.moment.crop.window_mm)
    assert profile.names == ("raw", "denoised")
    assert abs(np.nanmin(profile.depths_mm[1])) < 3
    unknown = seen_by(moment(), Wanted(((RAW, DEPTH),), (TRUTH, DENOISED)), FIXED_METHODS)
    assert profile_of(unknown, (0.2, 0.5), (0.8, 0.5), method_labels()) is None


def test_axes_have_round_values_and_flat_cuts_room():
    assert ticks(3, 61, 9) == [20, 40, 60]
    assert ticks(-1.2, 2.9, 9) == [-1, 0, 1, 2]
    assert ticks(3, 61, 1.5) == [50]
    flat = np.full(5, 7, np.float32)
    low, high = limits(Profile(100, ("a", "b"), (flat, flat)))
    assert (low, high) == (5, 9)
    assert pieces(np.array([np.nan, 1, 2, np.nan, 3], np.float32)) == [[(0.25, 1), (0.5, 2)], [(1.0, 3)]]


def test_figures_are_written_with_their_sign_and_dashes():
    assert number(-0.004, 2) == "0.00"
    assert number(1.25, 1, signed=True) in ("+1.2", "+1.3")
    assert number(-3, 0) == "−3"
    assert number(float("nan"), 1) == NOTHING


# ---- the workspace


def show(workspace, truth=False):
    workspace.show_seen(seen_by(moment(truth=truth), workspace.wanted, FIXED_METHODS))


def test_zoom_and_probe_are_the_same_in_all_views(workspace, qtbot):
    show(workspace)
    canvas = workspace.views[1].canvas
    place = QPointF(canvas.rect().center())
    wheel = QWheelEvent(
        place, canvas.mapToGlobal(place), QPoint(), QPoint(0, 240), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(canvas, wheel)
    zooms = {each.viewport for each in workspace.canvases}
    assert len(zooms) == 1
    assert canvas.viewport.zoom == pytest.approx(1.25**2)
    qtbot.mouseMove(canvas, place.toPoint())
    qtbot.waitUntil(lambda: canvas.crosshair is not None)
    assert {(each.crosshair.x(), each.crosshair.y()) for each in workspace.canvases} == {
        (canvas.crosshair.x(), canvas.crosshair.y())
    }
    assert workspace.probe.text().splitlines()[1].count(NOTHING) == 1  # raw does not say how sure it is
    qtbot.mouseDClick(canvas, Qt.MouseButton.LeftButton)
    assert workspace.views[0].canvas.viewport == Viewport()


def test_a_line_is_drawn_with_shift_and_its_profile_plotted(workspace, qtbot):
    show(workspace)
    canvas = workspace.views[0].canvas
    room = canvas.room()
    start, end = (
        QPoint(int(room.center().x() + x * room.height()), int(room.center().y() + y * room.height()))
        for x, y in ((-0.2, -0.1), (0.2, -0.1))
    )
    qtbot.mousePress(canvas, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ShiftModifier, start)
    qtbot.mouseMove(canvas, end)
    qtbot.waitUntil(lambda: workspace.plot.profile is not None and workspace.plot.profile.length_mm < 90)
    qtbot.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=end)
    assert workspace.plot.profile.length_mm == pytest.approx(0.4 * moment().crop.window_mm, rel=0.03)
    assert all(each.line == canvas.line for each in workspace.canvases)


def test_another_choice_is_wanted_at_once_and_an_older_picture_is_not_drawn(workspace, qtbot):
    old = seen_by(moment(), workspace.wanted, FIXED_METHODS)
    with qtbot.waitSignal(workspace.wanted_changed):
        workspace.views[0].how.activated.emit(workspace.views[0].how.findData(DEPTH))
        workspace.views[0].choose(("median", DEPTH))
        workspace.views[0].chosen.emit()
    assert workspace.wanted.views[0] == ("median", DEPTH)
    workspace.show_seen(old)
    assert workspace.seen is None
    show(workspace)
    assert workspace.views[0].canvas.picture is not None


def test_a_truth_that_nobody_knows_is_said_and_one_that_is_known_is_shown(workspace):
    workspace.views[3].choose((TRUTH, RELIEF))
    show(workspace)
    assert "simulated" in workspace.views[3].canvas.message
    assert workspace.views[0].canvas.message == ""
    show(workspace, truth=True)
    assert workspace.views[3].canvas.message == ""


def test_wiping_shows_both_and_the_divider_follows_slider_and_hand(workspace, qtbot):
    workspace.controls.modes["wipe"].click()
    assert len(workspace.wanted.views) == 2
    show(workspace)
    canvas = workspace.duel.canvas
    assert canvas.isVisible()
    assert canvas.captions == ("raw", "denoised")
    workspace.duel.slider.setValue(250)
    assert canvas.wipe == 0.25
    grip = QPoint(canvas.width() // 4, 40)
    qtbot.mousePress(canvas, Qt.MouseButton.LeftButton, pos=grip)
    qtbot.mouseMove(canvas, QPoint(canvas.width() // 2, 40))
    qtbot.waitUntil(lambda: abs(canvas.wipe - 0.5) < 0.01)
    qtbot.mouseRelease(canvas, Qt.MouseButton.LeftButton)
    workspace.controls.modes["four"].click()
    assert workspace.views[0].canvas.isVisible()


def test_blinking_shows_one_after_the_other_and_ends_with_the_mode(workspace, qtbot):
    workspace.controls.modes["blink"].click()
    show(workspace)
    canvas = workspace.duel.canvas
    shown = set()
    qtbot.waitUntil(lambda: shown.add(canvas.captions[0]) or shown == {"raw", "denoised"}, timeout=5000)
    workspace.controls.modes["four"].click()
    assert not workspace.duel._timer.isActive()


def test_the_light_moves_in_the_key_of_the_relief(workspace, qtbot):
    key = workspace.views[0].key
    with qtbot.waitSignal(workspace.wanted_changed):
        qtbot.mouseClick(key, Qt.MouseButton.LeftButton, pos=QPoint(key.width() - 12, key.width() // 2))
    assert workspace.wanted.light[0] > 0.7
    qtbot.keyClick(key, Qt.Key.Key_Left)
    assert workspace.wanted.light[0] < 0.95


def space_of(workspace, qtbot):
    """The workspace's view in space, with a moment in it."""
    workspace.controls.modes["space"].click()
    show(workspace)
    return workspace.solid.canvas


def share_lit(canvas):
    """Of the canvas's pixels, how many show something else than its ground."""
    image = canvas.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    pixels = np.frombuffer(image.constBits(), np.uint32).reshape(image.height(), -1)[8:-8, 8 : image.width() - 8]
    values, counts = np.unique(pixels, return_counts=True)
    return 1 - counts.max() / pixels.size if len(values) > 1 else 0.0


def test_both_surfaces_stand_in_space_and_can_be_switched_off(workspace, qtbot):
    canvas = space_of(workspace, qtbot)
    assert canvas.isVisible()
    assert len(canvas.sheets) == 2
    assert [box.text() for box in workspace.solid.shown] == ["raw", "denoised"]
    lit = share_lit(canvas)
    assert 0.1 < lit < 0.9
    for box in workspace.solid.shown:
        box.click()
    assert canvas.sheets == ()
    assert share_lit(canvas) == 0


def test_space_is_drawn_as_points_and_in_every_colour(workspace, qtbot):
    canvas, solid = space_of(workspace, qtbot), workspace.solid
    pictures = set()
    for style in ("mesh", "points"):
        solid.style_box.setCurrentIndex(solid.style_box.findData(style))
        assert solid.size_px.isVisible() == (style == "points")
        for row in range(solid.how.count()):
            solid.how.setCurrentIndex(row)
            solid.chosen.emit()
            show(workspace)
            image = canvas.grab().toImage()
            pictures.add(bytes(image.constBits()))
    assert len(pictures) == 2 * solid.how.count()
    before = share_lit(canvas)
    solid.size_px.setValue(solid.size_px.maximum())
    assert share_lit(canvas) > before


def test_space_turns_moves_and_zooms_by_hand_and_by_keyboard(workspace, qtbot):
    canvas = space_of(workspace, qtbot)
    middle = canvas.rect().center()
    qtbot.mousePress(canvas, Qt.MouseButton.LeftButton, pos=middle)
    qtbot.mouseMove(canvas, middle + QPoint(50, 20))
    qtbot.waitUntil(lambda: canvas.orbit.yaw_deg != FIRST_ORBIT.yaw_deg)
    qtbot.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=middle + QPoint(50, 20))
    assert canvas.orbit.yaw_deg < FIRST_ORBIT.yaw_deg
    assert canvas.marks == ()
    qtbot.keyClick(canvas, Qt.Key.Key_0)
    assert canvas.orbit == FIRST_ORBIT
    qtbot.keyClick(canvas, Qt.Key.Key_Left)
    qtbot.keyClick(canvas, Qt.Key.Key_Down)
    assert (canvas.orbit.yaw_deg, canvas.orbit.pitch_deg) == (FIRST_ORBIT.yaw_deg + 5, FIRST_ORBIT.pitch_deg + 5)
    qtbot.keyClick(canvas, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    assert canvas.orbit.right_mm > 0
    qtbot.keyClick(canvas, Qt.Key.Key_Plus)
    assert canvas.orbit.distance_mm < FIRST_ORBIT.distance_mm


def test_two_clicks_measure_a_distance_in_space(workspace, qtbot):
    canvas = space_of(workspace, qtbot)
    canvas.look_from(Orbit())
    middle = canvas.rect().center()
    for step in (-30, 30):
        qtbot.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=middle + QPoint(step, 60))
    assert len(canvas.marks) == 2
    apart = math.dist(*canvas.marks)
    assert 20 < apart < 60
    assert canvas.distance_text().startswith(number(apart, 1))
    qtbot.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=middle)
    assert len(canvas.marks) == 1
    qtbot.keyClick(canvas, Qt.Key.Key_Return)
    assert len(canvas.marks) == 2
    qtbot.mouseDClick(canvas, Qt.MouseButton.LeftButton)
    assert canvas.marks == ()


def test_nobody_in_space_is_said_and_another_mode_takes_its_place(workspace, qtbot):
    canvas = space_of(workspace, qtbot)
    workspace.show_none("No face")
    assert canvas.message == "No face"
    workspace.controls.modes["four"].click()
    assert workspace.views[0].canvas.isVisible()
    assert not canvas.isVisible()


# ---- the whole program


@pytest.fixture
def wait(qtbot):
    return lambda condition: qtbot.waitUntil(condition, timeout=LIMIT_MS)


def test_one_key_shows_the_inspector_in_place_of_the_panes_and_again_the_live_view(tmp_path, seat, wait, qtbot):
    desk = seat(one(tmp_path))
    window, workspace = desk.window, desk.window.workspace
    wait(lambda: desk.presenter.result is not None)
    qtbot.keyClick(window, Qt.Key.Key_I)
    wait(lambda: workspace.isVisible() and workspace.seen is not None)
    assert not window.splitter.isVisible()
    assert not window.ways["pane_1"].isEnabled()
    wait(lambda: workspace.measured is not None and workspace.measured.frames >= 2)
    assert "spatial noise" in workspace.figures.text()
    wait(lambda: NOTHING not in workspace.figures.text().splitlines()[2])
    qtbot.keyClick(window, Qt.Key.Key_I)
    assert window.splitter.isVisible()
    assert not workspace.isVisible()


def test_a_paused_moment_follows_another_choice(tmp_path, seat, wait):
    desk = seat(one(tmp_path))
    workspace = desk.window.workspace
    wait(lambda: desk.presenter.result is not None)
    desk.window.ways["inspect"].trigger()
    wait(lambda: workspace.seen is not None)
    desk.window.ways["pause"].trigger()
    workspace.views[0].choose(("bilateral", DEPTH))
    workspace.views[0].chosen.emit()
    wait(lambda: workspace.seen.wanted.views[0] == ("bilateral", DEPTH))
    assert workspace.seen.moment.frame is desk.presenter.result.frame


def test_nobody_is_said_in_every_view(tmp_path, seat, wait):
    desk = seat(nobody(tmp_path))
    desk.window.ways["inspect"].trigger()
    wait(lambda: [view.canvas.message for view in desk.window.workspace.views] == ["No face"] * 4)


def drop(window, path) -> bool:
    """Carry a file over the window and let go; whether it was taken."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    how = Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(QPoint(50, 50), *how)
    QApplication.sendEvent(window, enter)
    if not enter.isAccepted():
        return False
    QApplication.sendEvent(window, QDropEvent(QPointF(50, 50), *how))
    return True


def test_a_model_that_is_dropped_is_compared_with_the_running_one(tmp_path, seat, wait):
    desk = seat(one(tmp_path))
    workspace = desk.window.workspace
    wait(lambda: desk.presenter.result is not None)
    model = tmp_path / "better.onnx"
    model.write_bytes(b"")
    assert drop(desk.window, model)
    wait(lambda: workspace.controls.pair == (DENOISED, str(model)))
    wait(lambda: workspace.seen is not None and str(model) in workspace.seen.faces)
    assert "better" in workspace.figures.text()
    workspace.controls.fine.click()
    wait(lambda: workspace.seen.wanted.fine and workspace.seen.maps[3].shape == (256, 256))


def test_four_times_the_resolution_takes_the_place_of_twice_and_opens_its_own_networks(tmp_path, seat, wait):
    desk = seat(one(tmp_path))
    workspace, opened = desk.window.workspace, []
    wait(lambda: desk.presenter.result is not None)
    desk.commands.inspector._openers = replace(
        desk.parts.openers, finest=lambda settings: (opened.append(settings.denoiser), desk.opened(settings))[1]
    )
    desk.window.ways["inspect"].trigger()
    workspace.controls.fine.click()
    assert workspace.wanted.fine
    workspace.controls.finest.click()
    assert not workspace.controls.fine.isChecked()
    assert workspace.wanted.fine
    wait(lambda: opened == [None])
    wait(lambda: workspace.seen is not None and workspace.seen.wanted.finest and workspace.seen.maps[1].shape[0] > 128)
    workspace.controls.fine.click()
    assert not workspace.controls.finest.isChecked()


def test_a_file_that_is_no_model_is_told_and_nothing_changes(tmp_path, seat, wait):
    desk = seat(one(tmp_path))
    wait(lambda: desk.presenter.result is not None)
    drop(desk.window, tmp_path / "missing.onnx")
    wait(lambda: "is not there" in desk.window.workspace.toast.title.text())
    assert desk.window.workspace.toast.isVisible()
    assert desk.window.workspace.controls.pair == (RAW, DENOISED)


def test_other_files_are_not_taken(tmp_path, seat):
    desk = seat(one(tmp_path))
    assert not drop(desk.window, tmp_path / "picture.png")
    assert not desk.window.ways["inspect"].isChecked()


def test_enrolment_leaves_the_inspector(tmp_path, seat, wait):
    desk = seat(one(tmp_path))
    wait(lambda: desk.presenter.result is not None)
    desk.window.ways["inspect"].trigger()
    desk.window.ways["enrol"].trigger()
    assert desk.window.side.isVisible()
    assert not desk.window.ways["inspect"].isChecked()
    desk.window.ways["inspect"].trigger()
    assert not desk.window.workspace.isVisible()
    assert "enrolment first" in desk.window.stage.toast.title.text()


@pytest.mark.parametrize("size", [(1024, 640), (1280, 800), (2560, 1440)])
def test_nothing_leaves_the_window_and_everything_has_a_name(tmp_path, seat, wait, size):
    desk = seat(one(tmp_path))
    desk.window.resize(*size)
    desk.window.ways["inspect"].trigger()
    wait(lambda: desk.window.workspace.seen is not None)
    workspace = desk.window.workspace
    assert (desk.window.width(), desk.window.height()) == size
    room = QRectF(workspace.rect())
    for widget in (workspace.controls, workspace.figures, workspace.probe, workspace.plot):
        assert room.contains(QRectF(widget.geometry().translated(widget.parentWidget().pos())))
        assert widget.width() >= widget.minimumSizeHint().width()
    sides = {(view.canvas.width(), view.canvas.height()) for view in workspace.views}
    assert max(w for w, _ in sides) - min(w for w, _ in sides) <= 1
    for view in workspace.views:
        assert all(each.accessibleName() for each in (view.canvas, view.what, view.how, view.key))


# ---- kept views


def kept_in(desk, tmp_path, wait):
    """A view of a stream, looked at in a way of its own, kept; its file."""
    workspace, model = desk.window.workspace, tmp_path / "better.onnx"
    wait(lambda: desk.presenter.result is not None)
    model.write_bytes(b"")
    assert drop(desk.window, model)
    wait(lambda: workspace.seen is not None and str(model) in workspace.seen.faces)
    workspace.views[0].choose(("median", DEPTH))
    workspace.look_at(Viewport(3.0, 0.4, 0.6))
    workspace.probe_at(QPointF(0.4, 0.6))
    workspace.draw((QPointF(0.2, 0.3), QPointF(0.7, 0.3)))
    workspace.shine(light_at(0.4, 0.4))
    workspace.solid.canvas.look_from(Orbit(yaw_deg=70))
    workspace.solid.canvas.mark(((1.0, 2.0, 3.0), (4.0, 6.0, 3.0)))
    wait(lambda: workspace.seen.wanted == workspace.wanted)
    desk.window.ways["pause"].trigger()
    wait(lambda: workspace.seen.moment.frame is desk.presenter.result.frame)
    wait(lambda: workspace.seen.wanted == workspace.wanted)
    file = tmp_path / "seen.dfview"
    desk.commands.inspector.keep(file)
    wait(file.exists)
    wait(lambda: "Kept in seen.dfview" in workspace.toast.title.text())
    return file


def test_a_kept_view_opens_elsewhere_as_it_was(tmp_path, seat, wait):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    here = seat(one(tmp_path / "a"))
    file = kept_in(here, tmp_path, wait)
    there = seat(several(tmp_path / "b"))
    before, after = here.window.workspace, there.window.workspace
    assert drop(there.window, file)
    wait(lambda: after.seen is not None and after.seen.wanted.pair == (DENOISED, "better.onnx"))
    wait(lambda: after.seen.wanted.views == after.wanted.views)
    assert [label for _, label in after.labels.items()][-1] == "better"
    assert after.views[0].choice == ("median", DEPTH)
    assert after.views[2].choice == ("better.onnx", DIFFERENCE)
    for first, second in zip(before.seen.maps, after.seen.maps, strict=True):
        np.testing.assert_array_equal(np.isnan(second), np.isnan(first))
        assert np.nanmean(np.abs(second - first)) < 1e-4  # the fake denoiser's normals know pixels that its depth lacks
    assert after.views[1].canvas.viewport == Viewport(3.0, 0.4, 0.6)
    assert after.line == before.line
    assert after.light == pytest.approx(before.light)
    assert after.solid.canvas.orbit == Orbit(yaw_deg=70)
    assert after.solid.canvas.distance_text() == before.solid.canvas.distance_text() != ""
    wait(lambda: after.probe.text() == before.probe.text())
    assert not any(canvas.message for canvas in after.canvases[:4])
    wait(lambda: after.measured is not None)
    assert "denoised: fake-denoiser 1" in after._kept.findChild(QLabel).toolTip()


def test_a_kept_view_stays_until_it_is_left_and_other_methods_can_be_looked_at(tmp_path, seat, wait, qtbot):
    desk = seat(one(tmp_path))
    workspace = desk.window.workspace
    file = kept_in(desk, tmp_path, wait)
    desk.window.ways["pause"].trigger()
    desk.commands.inspector.open_file(file)
    wait(lambda: workspace._kept.isVisible())
    wait(lambda: workspace.seen is not None and not workspace.seen.moment.frame.is_live)
    shown = workspace.seen.moment.frame
    workspace.views[1].choose(("tv", RELIEF))
    workspace.views[1].chosen.emit()
    wait(lambda: "tv" in workspace.seen.faces)
    assert workspace.seen.moment.frame is shown
    before = desk.presenter.result.frame
    wait(lambda: desk.presenter.result.frame is not before)
    assert workspace.seen.moment.frame is shown
    workspace._kept.findChild(QPushButton).click()
    wait(lambda: workspace.seen is not None and workspace.seen.moment.frame is not shown)
    assert not workspace._kept.isVisible()
    assert "better.onnx" not in workspace.labels
    assert str(tmp_path / "better.onnx") in workspace.labels


def test_a_file_that_is_no_view_is_told_and_nothing_changes(tmp_path, seat, wait):
    desk = seat(one(tmp_path))
    wait(lambda: desk.presenter.result is not None)
    file = tmp_path / "broken.dfview"
    file.write_bytes(b"PK nothing")
    drop(desk.window, file)
    wait(lambda: "no kept view" in desk.window.workspace.toast.title.text())
    assert not desk.window.workspace._kept.isVisible()


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("pair", ["raw", "magic"]),
        ("mode", "five"),
        ("light", [0, 0]),
        ("line", 3),
        ("orbit", {"roll_deg": 1}),
        ("views", []),
    ],
)
def test_looks_that_do_not_fit_change_nothing(workspace, key, value):
    looks = looks_of(workspace)
    with pytest.raises(InputError, match="cannot be shown as it was"):
        use_looks(workspace, {**looks, "range_mm": 10.0, key: value})
    assert looks_of(workspace) == looks


def test_what_was_chosen_is_there_at_the_next_start(tmp_path, seat, wait):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    first = seat(one(tmp_path / "a"))
    workspace, model = first.window.workspace, tmp_path / "better.onnx"
    model.write_bytes(b"")
    assert drop(first.window, model)
    wait(lambda: workspace.controls.pair == (DENOISED, str(model)))
    workspace.views[3].choose(("nlm", NOISE))
    workspace.controls.modes["wipe"].click()
    workspace.look_at(Viewport(5.0, 0.5, 0.5))
    first.window.close()
    second = seat(one(tmp_path / "b"))
    second.window.ways["inspect"].trigger()
    assert second.window.workspace.controls.pair == (RAW, DENOISED)  # the file is not open now
    assert second.window.workspace.controls.mode == "wipe"
    assert second.window.workspace.views[3].choice == ("nlm", NOISE)
    assert second.window.workspace.views[0].canvas.viewport == Viewport()
