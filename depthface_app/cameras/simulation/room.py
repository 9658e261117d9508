"""An office behind the people: walls, floor, shelf with books, table, chairs, a lamp and pictures on the wall."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_CORNERS = np.array([(x, y, z) for x in (-0.5, 0.5) for y in (-0.5, 0.5) for z in (-0.5, 0.5)], np.float32)
_FACES = ((0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3))
_BOX_TRIANGLES = np.array([t for a, b, c, d in _FACES for t in ((a, b, c), (a, c, d))], np.int32)


@dataclass(frozen=True, eq=False, slots=True)
class Thing:
    """A mesh in camera axes with one reflectance: vertices (N, 3) float32 mm, triangles (M, 3) int32."""

    vertices_mm: NDArray[np.float32]
    triangles: NDArray[np.int32]
    reflectance: float


def _box(
    centre_mm: tuple[float, float, float],
    size_mm: tuple[float, float, float],
    reflectance: float,
    turn_deg: float = 0.0,
) -> Thing:
    """A box turned about its upright axis."""
    cosine, sine = np.cos(np.radians(turn_deg)), np.sin(np.radians(turn_deg))
    turn = np.array(((cosine, 0, sine), (0, 1, 0), (-sine, 0, cosine)))
    points = (_CORNERS * size_mm) @ turn.T + centre_mm
    return Thing(points.astype(np.float32), _BOX_TRIANGLES, reflectance)


def _ball(centre_mm: tuple[float, float, float], radii_mm: tuple[float, float, float], reflectance: float) -> Thing:
    """An ellipsoid: a lamp shade, a plant's crown, a ball."""
    across, along = np.meshgrid(np.linspace(0, 2 * np.pi, 33), np.linspace(0, np.pi, 17))
    unit = np.stack((np.sin(along) * np.cos(across), np.cos(along), np.sin(along) * np.sin(across)), -1)
    index = np.arange(across.size, dtype=np.int32).reshape(across.shape)
    a, b, c, d = index[:-1, :-1], index[1:, :-1], index[1:, 1:], index[:-1, 1:]
    triangles = np.concatenate((np.stack((a, b, c), -1).reshape(-1, 3), np.stack((a, c, d), -1).reshape(-1, 3)))
    return Thing((unit.reshape(-1, 3) * radii_mm + centre_mm).astype(np.float32), triangles, reflectance)


def _walls(floor_mm: float, back_mm: float, left_mm: float, right_mm: float) -> list[Thing]:
    """Floor, ceiling, back and side walls, thick enough to be boxes, beginning in front of the camera."""
    middle, wide, deep = (left_mm + right_mm) / 2, right_mm - left_mm + 200, back_mm - 250
    ceiling_mm, centre_z = floor_mm - 2500, 250 + deep / 2
    return [
        _box((middle, floor_mm + 50, centre_z), (wide, 100, deep), 0.45),
        _box((middle, ceiling_mm - 50, centre_z), (wide, 100, deep), 0.85),
        _box((middle, floor_mm - 1250, back_mm + 50), (wide, 2700, 100), 0.75),
        _box((left_mm - 50, floor_mm - 1250, centre_z), (100, 2700, deep), 0.7),
        _box((right_mm + 50, floor_mm - 1250, centre_z), (100, 2700, deep), 0.7),
    ]


def _shelf(rng: np.random.Generator, x_mm: float, floor_mm: float, back_mm: float) -> list[Thing]:
    """A shelf of five boards against the back wall, filled with books and boxes."""
    wide, deep = rng.uniform(800, 1100), 320.0
    things = [
        _box((x_mm + side * wide / 2, floor_mm - 950, back_mm - deep / 2), (30, 1900, deep), 0.5) for side in (-1, 1)
    ]
    for board in range(5):
        y = floor_mm - 120 - 420 * board
        things.append(_box((x_mm, y, back_mm - deep / 2), (wide, 28, deep), 0.5))
        x = x_mm - wide / 2 + 40
        while x < x_mm + wide / 2 - 60:
            thick, tall, back = rng.uniform(22, 75), rng.uniform(180, 330), rng.uniform(0, 60)
            if rng.random() < 0.8:
                place = (x + thick / 2, y - 14 - tall / 2, back_mm - deep / 2 - 40 + back)
                things.append(_box(place, (thick - 2, tall, 210), rng.uniform(0.15, 0.9), rng.uniform(-2, 2)))
            x += thick
    return things


def _chair(rng: np.random.Generator, x_mm: float, floor_mm: float, z_mm: float) -> list[Thing]:
    """Seat, back and four legs."""
    turn, light = rng.uniform(-60, 60), rng.uniform(0.25, 0.6)
    cosine, sine = np.cos(np.radians(turn)), np.sin(np.radians(turn))
    things = [_box((x_mm, floor_mm - 460, z_mm), (430, 45, 430), light, turn)]
    things.append(_box((x_mm + 205 * sine, floor_mm - 720, z_mm + 205 * cosine), (410, 420, 30), light, turn))
    for side in (-190, 190):
        for front in (-190, 190):
            foot = (x_mm + side * cosine + front * sine, floor_mm - 230, z_mm - side * sine + front * cosine)
            things.append(_box(foot, (35, 440, 35), light, turn))
    return things


def _table(rng: np.random.Generator, x_mm: float, floor_mm: float, z_mm: float) -> list[Thing]:
    """A table with a monitor, a box and a ball."""
    top = floor_mm - 730
    return [
        _box((x_mm, top, z_mm), (1200, 30, 650), 0.55),
        _box((x_mm - 560, top + 365, z_mm), (50, 700, 600), 0.4),
        _box((x_mm + 560, top + 365, z_mm), (50, 700, 600), 0.4),
        _box((x_mm - 200, top - 230, z_mm + 120), (560, 340, 40), 0.12, rng.uniform(-20, 20)),
        _box((x_mm + 300, top - 110, z_mm), (260, 190, 200), rng.uniform(0.3, 0.8), rng.uniform(-40, 40)),
        _ball((x_mm + 60, top - 75, z_mm - 150), (60, 60, 60), 0.6),
    ]


def furnish(rng: np.random.Generator) -> list[Thing]:
    """Everything in the room, in the axes of a camera that looks into it slightly from above or below."""
    floor_mm, back_mm = rng.uniform(950, 1250), rng.uniform(2500, 3200)
    left_mm, right_mm = -rng.uniform(1400, 2100), rng.uniform(1400, 2100)
    side = rng.choice((-1.0, 1.0))
    things = _walls(floor_mm, back_mm, left_mm, right_mm)
    things += _shelf(rng, -side * rng.uniform(350, 900), floor_mm, back_mm)
    things += _table(rng, side * rng.uniform(500, 900), floor_mm, back_mm - rng.uniform(450, 600))
    things += _chair(rng, side * rng.uniform(250, 1000), floor_mm, back_mm - rng.uniform(650, 850))
    things += _chair(rng, -side * rng.uniform(500, 1100), floor_mm, back_mm - rng.uniform(500, 800))
    picture = (side * rng.uniform(200, 900), floor_mm - rng.uniform(1400, 1750), back_mm - 15)
    things.append(_box(picture, (rng.uniform(350, 700), rng.uniform(300, 550), 30), 0.6))
    lamp = (side * rng.uniform(900, 1300), floor_mm - 1500, back_mm - 400)
    things += [_ball(lamp, (170, 150, 170), 0.9), _box((lamp[0], floor_mm - 680, lamp[2]), (35, 1360, 35), 0.3)]
    tilt = np.radians(rng.uniform(-4, 4))
    tilted = np.array(((1, 0, 0), (0, np.cos(tilt), -np.sin(tilt)), (0, np.sin(tilt), np.cos(tilt))), np.float32)
    return [Thing(thing.vertices_mm @ tilted.T, thing.triangles, thing.reflectance) for thing in things]
