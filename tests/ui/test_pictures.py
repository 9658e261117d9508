"""From numbers to pixels: the tables against the colour maps, and rows of any length."""

import numpy as np
import pytest
from PySide6.QtGui import QColor

from depthface_app.core.colour import COLOUR_MAPS, ramp
from depthface_app.ui.pictures import indexed_picture, rgb_picture
from depthface_app.ui.scales import FACE_FAR_MM, FACE_NEAR_MM, FaceScale, FrameScale, normals_picture, sphere_picture


def rgb(colour: QColor) -> tuple[int, int, int]:
    return colour.red(), colour.green(), colour.blue()


@pytest.mark.parametrize("name", COLOUR_MAPS)
def test_near_is_bright_and_far_is_dark_in_every_map(name):
    picture = FrameScale(name).picture(np.array([[300, 2500, 4000]], np.uint16)).image
    assert rgb(picture.pixelColor(0, 0)) == tuple(ramp(name)[255])
    assert rgb(picture.pixelColor(1, 0)) == tuple(ramp(name)[0])
    assert rgb(picture.pixelColor(2, 0)) == tuple(ramp(name)[0])


def test_no_reading_is_see_through_whatever_the_type():
    scale = FrameScale("viridis")
    for depth in (np.array([[0, 700]], np.uint16), np.array([[np.nan, 700]], np.float32)):
        image = scale.picture(depth).image
        assert image.pixelColor(0, 0).alpha() == 0
        assert image.pixelColor(1, 0).alpha() == 255


def test_rows_that_are_no_multiple_of_four_bytes_stay_in_line():
    depth = np.full((5, 7), 2500, np.uint16)
    depth[:, 3] = 300
    image = FrameScale("grey").picture(depth).image
    bright = [[image.pixelColor(x, y).lightness() > 200 for x in range(7)] for y in range(5)]
    assert bright == [[x == 3 for x in range(7)]] * 5


def test_a_picture_keeps_its_buffer_alive():
    table = np.arange(65536, dtype=np.uint32) | np.uint32(0xFF000000)
    pictures = [indexed_picture(np.full((64, 64), value, np.uint16), table) for value in range(50)]
    assert [picture.image.pixelColor(9, 9).blue() for picture in pictures] == list(range(50))


def test_a_face_is_coloured_from_its_nose_wherever_it_stands():
    scale = FaceScale("viridis")
    for nose_mm in (400.0, 655.25, 1500.0):
        depth = np.array([[nose_mm + FACE_NEAR_MM, nose_mm + FACE_FAR_MM, np.nan]], np.float32)
        image = scale.picture(depth, nose_mm).image
        assert rgb(image.pixelColor(0, 0)) == tuple(ramp("viridis")[255])
        assert rgb(image.pixelColor(1, 0)) == tuple(ramp("viridis")[0])
        assert image.pixelColor(2, 0).alpha() == 0


def test_the_bar_shows_the_scale_it_stands_for():
    scale = FaceScale("turbo")
    bar, picture = scale.bar().image, scale.picture(np.array([[640.0]], np.float32), 600.0).image
    part = (40 - FACE_NEAR_MM) / (FACE_FAR_MM - FACE_NEAR_MM)
    beside = [rgb(bar.pixelColor(0, round(part * 255) + step)) for step in (-1, 0, 1)]
    assert rgb(picture.pixelColor(0, 0)) in beside
    assert [label for _, label in scale.ticks()] == ["0", "+20", "+40", "+60", "+80", "+100", "+120"]


def test_normals_are_half_of_one_plus_n():
    normals = np.array([[[0, 0, -1], [1, 0, 0], [np.nan] * 3]], np.float32)
    image = normals_picture(normals).image
    assert rgb(image.pixelColor(0, 0)) == pytest.approx((127, 127, 0), abs=1)
    assert rgb(image.pixelColor(1, 0)) == pytest.approx((255, 127, 127), abs=1)
    assert image.pixelColor(2, 0).alpha() == 0


def test_the_key_of_the_normals_is_a_sphere():
    image = sphere_picture().image
    assert rgb(image.pixelColor(64, 64)) == pytest.approx((128, 128, 0), abs=2)
    assert image.pixelColor(2, 2).alpha() == 0
    assert image.pixelColor(120, 64).red() > 230


def test_rgb_pictures_keep_the_order_of_channels():
    picture = rgb_picture(np.array([[[1, 2, 3]]], np.uint8), np.array([[True]]))
    assert rgb(picture.image.pixelColor(0, 0)) == (1, 2, 3)
