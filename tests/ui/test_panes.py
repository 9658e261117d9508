"""The four panes: what the probe reads, and where the crosshair stands."""

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt

from depthface_app.ui.face_panes import Inspection
from depthface_app.ui.face_view import FaceView, Reading
from depthface_app.ui.scales import FaceScale
from tests.ui.values import NEAR, face_of, frame_of

FORWARD = (0.0, 0.0, -1.0)


def plane(denoised_size: int = 8) -> FaceView:
    """A raw ramp across columns, a flat denoised surface 1 mm nearer, and normals 60° apart."""
    raw = np.tile(np.arange(600, 608, dtype=np.float32), (8, 1))
    raw[0, 0] = np.nan
    denoised = np.full((denoised_size, denoised_size), 599.0, np.float32)
    tilted = np.float32([np.sin(np.radians(60)), 0, -np.cos(np.radians(60))])
    normals = np.tile(np.float32(FORWARD), (8, 8, 1))
    return FaceView(raw, denoised, np.tile(tilted, (8, 8, 1)), normals, 600.0)


@pytest.fixture
def inspection(qtbot):
    widget = Inspection(None)
    qtbot.addWidget(widget)
    widget.resize(520, 620)
    widget.panes.set_scale(FaceScale("viridis"))
    widget.show()
    qtbot.waitExposed(widget)
    return widget


def test_a_reading_is_what_stands_in_the_arrays():
    assert plane().read(0.5, 0.5) == Reading(604.0, 599.0, -5.0, pytest.approx(60.0, abs=1e-3))


def test_the_edges_of_the_window_can_be_read():
    assert plane().read(1.0, 1.0).raw_mm == 607.0
    assert np.isnan(plane().read(0.0, 0.0).raw_mm)


def test_a_finer_denoised_picture_is_read_at_the_same_point():
    view = plane(denoised_size=16)
    view.denoised_mm[8, 8] = 590.0
    assert view.read(0.5, 0.5).denoised_mm == 590.0


def test_the_view_takes_the_finest_surface():
    face = face_of(frame_of([NEAR]), NEAR).denoised
    assert FaceView.of(face).denoised_mm is face.depth_mm
    fine = np.full((256, 256), 620.0, np.float32)
    assert FaceView.of(type(face)(face.crop, face.depth_mm, face.normals, fine)).denoised_mm is fine


def test_all_panes_are_alike_and_square(inspection):
    squares = [pane.square() for pane in inspection.panes.panes]
    assert len({(s.width(), s.height()) for s in squares}) == 1
    assert squares[0].width() == squares[0].height() > 150


def test_the_mouse_over_one_pane_reads_all_four(inspection, qtbot):
    inspection.panes.show_face(plane())
    pane = inspection.panes.panes[2]
    square = pane.square()
    point = QPointF(square.left() + square.width() * 0.66, square.top() + square.height() * 0.5)
    qtbot.mouseMove(pane, point.toPoint())
    qtbot.waitUntil(lambda: "605.0" in inspection.probe.text())
    assert inspection.probe.text() == "raw 605.0 mm  denoised 599.0 mm  change −6.0 mm  angle 60.0 °"
    for each in inspection.panes.panes:
        assert each.crosshair.x() == pytest.approx(0.66, abs=0.01)


def test_a_hole_reads_as_a_dash(inspection):
    inspection.panes.show_face(plane())
    inspection.panes.probe(QPointF(0.01, 0.01))
    assert inspection.probe.text().startswith("raw — mm  denoised 599.0 mm  change — mm")


def test_arrow_keys_move_the_probe_and_return_enlarges(inspection, qtbot):
    inspection.panes.show_face(plane())
    pane = inspection.panes.panes[1]
    inspection.panes.probe(None)  # the cursor may stand where another test left it
    pane.setFocus(Qt.FocusReason.TabFocusReason)
    assert pane.crosshair == QPointF(0.5, 0.5)
    qtbot.keyClick(pane, Qt.Key.Key_Left)
    assert pane.crosshair.x() < 0.5
    qtbot.keyClick(pane, Qt.Key.Key_Return)
    assert [each.isVisible() for each in inspection.panes.panes] == [False, True, False, False]
    qtbot.keyClick(pane, Qt.Key.Key_Return)
    assert all(each.isVisible() for each in inspection.panes.panes)


def test_the_probe_never_leaves_the_picture(inspection, qtbot):
    inspection.panes.show_face(plane())
    inspection.panes.probe(QPointF(0.0, 1.0))
    qtbot.keyClick(inspection.panes.panes[0], Qt.Key.Key_Left)
    qtbot.keyClick(inspection.panes.panes[0], Qt.Key.Key_Down)
    assert inspection.panes.panes[0].crosshair == QPointF(0.0, 1.0)


def test_an_enlarged_pane_is_larger_and_keeps_its_key(inspection):
    before = inspection.panes.panes[0].square().width()
    inspection.panes.enlarge(0)
    assert inspection.panes.panes[0].square().width() > 1.5 * before
    assert inspection.panes.depth_key.isVisible()
    assert not inspection.panes.normal_key.isVisible()
    inspection.panes.enlarge(3)
    assert inspection.panes.normal_key.isVisible()


def test_without_a_face_the_last_pictures_stay_dimmed_in_their_places(inspection):
    inspection.panes.show_face(plane())
    places = [pane.geometry() for pane in inspection.panes.panes]
    bright = _brightness(inspection)
    inspection.panes.show_none("No face")
    assert [pane.geometry() for pane in inspection.panes.panes] == places
    assert [pane.message for pane in inspection.panes.panes] == ["No face"] * 4
    assert 0 < _brightness(inspection) < bright
    inspection.panes.show_face(plane())
    assert _brightness(inspection) == bright


def _brightness(inspection: Inspection) -> float:
    pane = inspection.panes.panes[1]
    image, square = pane.grab().toImage(), pane.square().toRect()
    ratio = image.devicePixelRatio()
    at = (square.topLeft() + QPointF(square.width() * 0.3, square.height() * 0.2).toPoint()) * ratio
    return image.pixelColor(at).lightness()


def test_the_painted_pixel_is_the_colour_of_the_reading(inspection):
    inspection.panes.show_face(plane())
    pane = inspection.panes.panes[1]
    image, square = pane.grab().toImage(), pane.square()
    ratio = image.devicePixelRatio()
    here = image.pixelColor(int((square.left() + 40) * ratio), int((square.top() + 40) * ratio))
    wanted = FaceScale("viridis").picture(np.array([[599.0]], np.float32), 600.0).image.pixelColor(0, 0)
    assert (here.red(), here.green(), here.blue()) == (wanted.red(), wanted.green(), wanted.blue())
