"""The colour maps mean what the legend says."""

import numpy as np
import pytest

from depthface_app.core import colour


@pytest.mark.parametrize("name", colour.COLOUR_MAPS)
def test_near_is_the_upper_end_of_every_map(name):
    depth = np.array([[400.0, 900.0]], np.float32)
    rgb = colour.colour_depth(depth, 400, 900, name)
    np.testing.assert_array_equal(rgb[0, 0], colour.ramp(name)[255])
    np.testing.assert_array_equal(rgb[0, 1], colour.ramp(name)[0])


@pytest.mark.parametrize("name", ["viridis", "cividis", "inferno", "grey"])
def test_uniform_maps_grow_brighter_all_the_way(name):
    luminance = colour.ramp(name).astype(float) @ (0.2126, 0.7152, 0.0722)
    assert (np.diff(luminance[::8]) > 0).all()


def test_missing_is_a_neutral_hatch_of_two_greys():
    rgb = colour.colour_depth(np.full((12, 12), np.nan, np.float32), 400, 900)
    tones = {tuple(pixel) for pixel in rgb.reshape(-1, 3)}
    assert tones == set(colour.NO_READING_RGB)


def test_table_agrees_with_the_picture_for_whole_millimetres():
    table = colour.depth_table(400, 900)
    depth = np.array([[401, 650, 899, 5000]], np.float32)
    np.testing.assert_array_equal(table[depth.astype(int)], colour.colour_depth(depth, 400, 900))
    assert tuple(table[0]) == colour.NO_READING_RGB[0]


def test_normals_are_half_of_n_plus_one():
    normals = np.array([[[0, 0, -1], [1, 0, 0], [np.nan] * 3]], np.float32)
    rgb = colour.colour_normals(normals)
    assert tuple(rgb[0, 0]) == (128, 128, 0)
    assert tuple(rgb[0, 1]) == (255, 128, 128)
    assert tuple(rgb[0, 2]) in colour.NO_READING_RGB


def test_signed_error_is_white_at_zero_and_opposite_at_the_ends():
    rgb = colour.colour_error(np.array([[-5, 0, 5, 50]], np.float32), 5.0).astype(int)
    assert rgb[0, 0, 2] > rgb[0, 0, 0]
    assert rgb[0, 1].min() > 240
    assert rgb[0, 2, 0] > rgb[0, 2, 2]
    np.testing.assert_array_equal(rgb[0, 2], rgb[0, 3])


def test_limits_ignore_outliers_and_survive_an_empty_picture():
    depth = np.linspace(500, 600, 1000, dtype=np.float32)
    depth[0] = 9000
    near, far = colour.depth_limits(depth)
    assert 500 < near < 505
    assert 595 < far < 605
    assert colour.depth_limits(np.full(3, np.nan, np.float32)) == (0.0, 1.0)


def test_tables_cannot_be_changed():
    with pytest.raises(ValueError, match="read-only"):
        colour.ramp()[0] = 0
