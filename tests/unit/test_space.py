"""Surfaces in space: points land where a pinhole puts them, nearer ones hide farther ones, and distances are true."""

import math

import numpy as np
import pytest

from depthface_app.core.space import (
    FARTHEST_MM,
    FOCAL,
    NEAREST_MM,
    Orbit,
    Sheet,
    draw_meshes,
    draw_points,
    pick,
    place_of,
)

WIDTH, HEIGHT = 301, 241  # the middle is a pixel
GROUND = 0xFF101010
RED, BLUE = 0xFFFF0000, 0xFF0000FF
SCALE = FOCAL * HEIGHT / 400  # pixels per mm at the origin


def sheet(*points, colour=RED):
    """As many points as a square holds; the rest of it is empty."""
    side = math.ceil(math.sqrt(max(len(points), 4)))
    grid = np.full((side * side, 3), np.nan, np.float32)
    grid[: len(points)] = points
    return Sheet(grid.reshape(side, side, 3), np.full((side, side), colour, np.uint32))


def square(half_mm, z_mm=0.0, side=41, colour=RED):
    """A flat square facing the camera."""
    places = np.linspace(-half_mm, half_mm, side, dtype=np.float32)
    x, y = np.meshgrid(places, places)
    points = np.stack((x, y, np.full_like(x, z_mm)), -1)
    return Sheet(points, np.full((side, side), colour, np.uint32))


def lit(picture, colour=RED):
    rows, columns = np.nonzero(picture == colour)
    return [(int(x), int(y)) for x, y in zip(columns, rows, strict=True)]


def test_a_point_lands_where_the_pinhole_puts_it():
    picture = draw_points((sheet((30.0, -20.0, 0.0)),), Orbit(), WIDTH, HEIGHT, 1, GROUND)
    assert lit(picture) == [(round(150 + 30 * SCALE), round(120 - 20 * SCALE))]
    assert (picture == GROUND).sum() == WIDTH * HEIGHT - 1


@pytest.mark.parametrize(
    ("orbit", "expected"),
    [
        (Orbit(yaw_deg=90), (40.0, 0.0)),  # z turns to the right
        (Orbit(pitch_deg=90), (0.0, -40.0)),  # and up
        (Orbit(right_mm=10, down_mm=-5), (10.0 * 400 / 440, -5.0 * 400 / 440)),
    ],
)
def test_the_eye_turns_about_the_origin_and_moves_across(orbit, expected):
    found = lit(draw_points((sheet((0.0, 0.0, 40.0)),), orbit, WIDTH, HEIGHT, 1, GROUND))
    assert found == [(round(150 + expected[0] * SCALE), round(120 + expected[1] * SCALE))]
    (place,) = found
    assert place_of((0.0, 0.0, 40.0), orbit, WIDTH, HEIGHT) == pytest.approx(place, abs=0.51)


@pytest.mark.parametrize("order", [1, -1])
def test_what_is_nearer_hides_what_is_farther(order):
    near, far = sheet((0.0, 0.0, -10.0)), sheet((0.0, 0.0, 30.0), colour=BLUE)
    assert draw_points((near, far)[::order], Orbit(), WIDTH, HEIGHT, 3, GROUND)[120, 150] == RED
    near, far = square(20, -10), square(30, 30, colour=BLUE)
    picture = draw_meshes((near, far)[::order], Orbit(), WIDTH, HEIGHT, GROUND)
    assert picture[120, 150] == RED
    assert lit(picture, BLUE)
    assert draw_meshes((near, far)[::order], Orbit(yaw_deg=180), WIDTH, HEIGHT, GROUND)[120, 150] == BLUE


@pytest.mark.parametrize("side_px", [1, 2, 5])
def test_a_point_is_as_large_as_wanted_and_none_leaves_the_picture(side_px):
    picture = draw_points((sheet((0.0, 0.0, 0.0)),), Orbit(), WIDTH, HEIGHT, side_px, GROUND)
    assert len(lit(picture)) == side_px**2
    outside = sheet((400.0, 0.0, 0.0), (0.0, 300.0, 0.0), (0.0, 0.0, -500.0))
    assert not lit(draw_points((outside,), Orbit(), WIDTH, HEIGHT, side_px, GROUND))


def test_a_mesh_covers_its_surface_and_has_holes_where_the_surface_has():
    whole = square(40)
    covered = len(lit(draw_meshes((whole,), Orbit(), WIDTH, HEIGHT, GROUND)))
    assert covered == pytest.approx((80 * SCALE) ** 2, rel=0.03)
    points = whole.points_mm.copy()
    points[10:20, 10:20] = np.nan  # eleven cells of 2 mm each way are gone
    holed = len(lit(draw_meshes((Sheet(points, whole.colours),), Orbit(), WIDTH, HEIGHT, GROUND)))
    assert covered - holed == pytest.approx((22 * SCALE) ** 2, rel=0.1)


def test_no_triangle_spans_a_step():
    points = square(40).points_mm.copy()
    points[:, 21:, 2] += 60
    picture = draw_meshes((Sheet(points, square(40).colours),), Orbit(yaw_deg=35), WIDTH, HEIGHT, GROUND)
    columns = np.flatnonzero((picture == RED)[120])
    assert np.diff(columns).max() > 20


def test_a_click_finds_the_point_that_is_seen_there_and_distances_are_true():
    near, far = square(40), square(60, 50, colour=BLUE)
    orbit = Orbit(yaw_deg=25, pitch_deg=-15, distance_mm=300)
    ends = (-30.0, 20.0, 0.0), (30.0, -20.0, 0.0)
    found = [pick((far, near), orbit, WIDTH, HEIGHT, *place_of(end, orbit, WIDTH, HEIGHT)) for end in ends]
    assert found == [pytest.approx(end) for end in ends]
    assert math.dist(*found) == pytest.approx(math.hypot(60, 40), rel=1e-5)
    assert pick((near,), orbit, WIDTH, HEIGHT, 3, 3) is None


def test_turning_zooming_and_moving_have_their_ends():
    assert Orbit().turned(0, 500).pitch_deg == 90
    assert Orbit().turned(190, 0).yaw_deg == -170
    assert Orbit().zoomed(1e9).distance_mm == NEAREST_MM
    assert Orbit().zoomed(1e-9).distance_mm == FARTHEST_MM
    moved = Orbit().panned(30, -10, WIDTH, HEIGHT)
    assert place_of((0.0, 0.0, 0.0), moved, WIDTH, HEIGHT) == pytest.approx((180, 110))
    assert place_of((0.0, 0.0, -900.0), Orbit(), WIDTH, HEIGHT) is None


def test_nothing_to_draw_is_ground():
    for draw in (lambda: draw_points((), Orbit(), 20, 10, 2, GROUND), lambda: draw_meshes((), Orbit(), 20, 10, GROUND)):
        assert (draw() == GROUND).all()
