"""The live picture: marks where the faces are, fading as a result grows old, and the list beside it."""

import pytest
from PySide6.QtCore import QPoint, QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor

from depthface_app.ui.in_view import InView
from depthface_app.ui.live_view import FRESH_S, GONE_S, LiveView
from depthface_app.ui.marks import Standing, ink_of
from depthface_app.ui.plates import place_plate
from depthface_app.ui.ring import RingState
from depthface_app.ui.scales import FrameScale
from depthface_app.ui.theme import DARK
from tests.ui.values import LEFT, NEAR, RIGHT, face_of, frame_of, result_of


@pytest.fixture(scope="module")
def two():
    frame = frame_of([NEAR, RIGHT])
    known = face_of(frame, NEAR, track=1)
    return result_of(frame, known, face_of(frame, RIGHT, name=None, similarity=0.3, track=2))


@pytest.fixture
def live(qtbot):
    view = LiveView(None)
    qtbot.addWidget(view)
    view.resize(640, 480 + view.key_px())
    view.set_scale(FrameScale("viridis"))
    view.show()
    qtbot.waitExposed(view)
    return view


def count_of(view: LiveView, ink: str) -> int:
    """Pixels of exactly this colour."""
    image, wanted = view.grab().toImage(), QColor(ink).rgb()
    return sum(image.pixel(x, y) == wanted for x in range(0, image.width(), 2) for y in range(0, 480, 2))


def test_known_and_unknown_are_boxed_in_their_colours(live, two):
    live.show_frame(two.frame)
    assert count_of(live, ink_of(Standing.KNOWN, DARK)) == 0
    live.show_result(two, 1)
    assert count_of(live, ink_of(Standing.KNOWN, DARK)) > 100
    assert count_of(live, ink_of(Standing.UNKNOWN, DARK)) > 20


def test_the_box_stands_around_the_face(live, two):
    live.show_frame(two.frame)
    live.show_result(two, 1)
    left, top, right, bottom = two.faces[0].location.box_px
    image = live.grab().toImage()
    edge = image.pixelColor(int(left), int((top + bottom) / 2))
    assert edge.name() == DARK.known
    inside = image.pixelColor(int((left + right) / 2), int((top + bottom) / 2))
    assert inside.name() != DARK.known


def test_labels_name_similarity_and_distance(live, two):
    assert live.label_of(two.faces[0]) == ("Ada", "0.83 · 0.62 m")
    assert live.label_of(two.faces[1]) == ("unknown", "0.30 · 0.92 m")


def test_an_old_result_fades_and_goes(live, two):
    live.show_result(two, 1)
    seen = []
    for age_s in (0.0, FRESH_S, (FRESH_S + GONE_S) / 2, GONE_S, GONE_S + 5):
        live.show_frame(two.frame.at(two.frame.captured_s + age_s))
        seen.append(live.freshness())
    assert seen == pytest.approx([1.0, 1.0, 0.5, 0.0, 0.0])
    assert count_of(live, DARK.known) == 0


def test_a_still_picture_is_dimmed_and_unmarked(live, two):
    live.show_frame(two.frame)
    live.show_result(two, 1)
    before = live.grab().toImage().pixelColor(20, 20).lightness()
    live.dim()
    assert live.grab().toImage().pixelColor(20, 20).lightness() < before
    assert count_of(live, DARK.known) == 0


def test_each_new_frame_is_told_once_when_painted(live, two, qtbot):
    told = []
    live.painted.connect(lambda: told.append(live.frame))
    live.show_frame(two.frame)
    live.grab()
    live.grab()
    qtbot.waitUntil(lambda: len(told) > 0)
    assert told == [two.frame]


def test_the_ring_takes_the_place_of_the_chosen_box(live, two):
    live.show_frame(two.frame)
    live.show_result(two, 1)
    live.show_ring(RingState({"front": 1.0, "left": 0.4}, "left", "Turn a little left", "Waiting for the turn"))
    ringed = count_of(live, DARK.known)
    live.show_ring(RingState({"front": 0.0, "left": 0.0}, "left", "Turn a little left"))
    assert ringed > count_of(live, DARK.known) + 50


def test_plates_do_not_cover_each_other():
    within, size, box = QRectF(0, 0, 640, 480), QSizeF(200, 30), QRectF(100, 200, 100, 120)
    placed: list[QRectF] = []
    for _ in range(4):
        placed.append(place_plate(size, box, within, placed))
    assert all(within.contains(each) for each in placed)
    assert not any(a.intersects(b) for n, a in enumerate(placed) for b in placed[n + 1 :])


def test_a_plate_stays_clear_of_other_faces_where_there_is_room():
    within, size, box = QRectF(0, 0, 640, 480), QSizeF(200, 30), QRectF(100, 200, 100, 120)
    above = QRectF(110, 140, 100, 58)
    placed = place_plate(size, box, within, [], [box, above])
    assert not placed.intersects(above)
    assert placed.top() >= box.bottom()


def test_the_picture_keeps_its_shape_in_any_room(live, two):
    live.show_frame(two.frame)
    for size in ((900, 300), (300, 900), (641, 479)):
        live.resize(*size)
        rect = live.picture_rect()
        assert rect.width() / rect.height() == pytest.approx(4 / 3)
        assert live.rect().toRectF().contains(rect)


@pytest.fixture
def listing(qtbot):
    frame = frame_of([NEAR, LEFT, RIGHT])
    faces = (face_of(frame, RIGHT, track=7), face_of(frame, NEAR, track=8), face_of(frame, LEFT, track=9))
    view = InView(None)
    qtbot.addWidget(view)
    view.resize(300, view.sizeHint().height())
    view.show()
    qtbot.waitExposed(view)
    view.show_faces(faces, 8)
    return view


def test_people_in_view_stand_from_left_to_right(listing):
    assert [face.location.track for face in listing.faces] == [9, 8, 7]
    assert listing.cells(listing.faces[2]) == ("Ada", "0.83", "0.92 m")
    assert "0.92 m" in listing.accessibleDescription()


def test_arrows_and_clicks_choose_a_row(listing, qtbot):
    for key, track in ((Qt.Key.Key_Down, 7), (Qt.Key.Key_Up, 9)):
        with qtbot.waitSignal(listing.chosen) as signal:
            qtbot.keyClick(listing, key)
        assert signal.args == [track]
    with qtbot.waitSignal(listing.chosen) as signal:
        qtbot.mouseClick(listing, Qt.MouseButton.LeftButton, pos=QPoint(100, int(1.5 * listing.row_px())))
    assert signal.args == [9]
    with qtbot.assertNotEmitted(listing.chosen):
        qtbot.mouseClick(listing, Qt.MouseButton.LeftButton, pos=QPointF(100, listing.height() - 6).toPoint())
