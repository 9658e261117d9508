"""Surfaces in space, drawn without a graphics card: as points, or as meshes by OpenCV's rasteriser.

Measured on one thread (`benchmarks/space.py`): 100,000 points take about 7 ms, so nothing here asks for OpenGL, which
is not to be had on every machine.
"""

import math
from dataclasses import dataclass, replace
from functools import cache, cached_property

import numpy as np
from numpy.typing import NDArray

from depthface_app.core.frame import Intrinsics
from depthface_app.core.render import FAR_MM, buffered, draw_lit

FOCAL = 1.6  # of the shorter side: a field of view of 35°
NEAREST_MM, FARTHEST_MM = 80.0, 2000.0  # of the eye from what it turns about
LARGEST_STEP_MM = 12.0  # a mesh has no triangle across more
PICK_PX = 9.0  # how far from a click a point may lie
_SAME_MM = 12.0  # points behind a nearer one by more than this are hidden by it

Pixels = NDArray[np.uint32]
Point = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Orbit:
    """From where something is looked at: an eye that turns about the origin. All 0 looks along z, as the camera did.

    right_mm, down_mm: how far what is seen was moved across the picture
    """

    yaw_deg: float = 0.0
    pitch_deg: float = 0.0
    distance_mm: float = 400.0
    right_mm: float = 0.0
    down_mm: float = 0.0

    def turned(self, yaw_deg: float, pitch_deg: float) -> "Orbit":
        """Further round; never over the top."""
        pitch = min(max(self.pitch_deg + pitch_deg, -90.0), 90.0)
        return replace(self, yaw_deg=(self.yaw_deg + yaw_deg + 180) % 360 - 180, pitch_deg=pitch)

    def zoomed(self, factor: float) -> "Orbit":
        """So many times nearer."""
        return replace(self, distance_mm=min(max(self.distance_mm / factor, NEAREST_MM), FARTHEST_MM))

    def panned(self, right_px: float, down_px: float, width: int, height: int) -> "Orbit":
        """What is seen moved with the hand, by so many pixels of a picture of that size."""
        scale = self.distance_mm / (FOCAL * min(width, height))
        return replace(self, right_mm=self.right_mm + right_px * scale, down_mm=self.down_mm + down_px * scale)

    def matrix(self) -> NDArray[np.float32]:
        """(3, 4) from the things' axes to those of the eye: x right, y down, z away."""
        yaw, pitch = math.radians(self.yaw_deg), math.radians(self.pitch_deg)
        cy, sy, cp, sp = math.cos(yaw), math.sin(yaw), math.cos(pitch), math.sin(pitch)
        around_y = np.array(((cy, 0, sy), (0, 1, 0), (-sy, 0, cy)))
        around_x = np.array(((1, 0, 0), (0, cp, -sp), (0, sp, cp)))
        shift = np.array(((self.right_mm,), (self.down_mm,), (self.distance_mm,)))
        return np.hstack((around_x @ around_y, shift)).astype(np.float32)


@dataclass(frozen=True, eq=False)
class Sheet:
    """One surface, as a grid of points; what does not depend on the eye is found once.

    points_mm: (R, R, 3) float32 about the point that the eye turns about, NaN = none
    colours:   (R, R) uint32 0xFFRRGGBB, 0 where there is none
    """

    points_mm: NDArray[np.float32]
    colours: Pixels

    @cached_property
    def number(self) -> NDArray[np.intp]:
        """(N,) places in the grid that hold a point."""
        return np.flatnonzero((self.colours.ravel() != 0) & ~np.isnan(self.points_mm[..., 2].ravel()))

    @cached_property
    def points(self) -> NDArray[np.float32]:
        """(N, 3) those points."""
        return self.points_mm.reshape(-1, 3)[self.number]

    @cached_property
    def shades(self) -> Pixels:
        """(N,) their colours."""
        return self.colours.ravel()[self.number]

    @cached_property
    def parts(self) -> NDArray[np.float32]:
        """(N, 3) red, green and blue of their colours from 0 to 1."""
        return _parts(self.shades)

    @cached_property
    def triangles(self) -> NDArray[np.int32]:
        """(M, 3) between those points, none across a hole or a step in depth."""
        side, depth = self.points_mm.shape[0], self.points_mm[..., 2]
        a, b, c, d = depth[:-1, :-1], depth[1:, :-1], depth[1:, 1:], depth[:-1, 1:]
        highest = np.maximum(np.maximum(a, b), np.maximum(c, d))  # NaN wherever one of the four is
        is_whole = highest - np.minimum(np.minimum(a, b), np.minimum(c, d)) < LARGEST_STEP_MM
        rank = np.full(side * side, -1, np.int32)
        rank[self.number] = np.arange(len(self.number), dtype=np.int32)
        found = rank[_grid(side)[is_whole.ravel()].reshape(-1, 3)]
        return np.ascontiguousarray(found[(found >= 0).all(1)])

    def seen_from(self, orbit: Orbit) -> NDArray[np.float32]:
        """(N, 3) the points in the eye's axes."""
        x, y, z = self.points.T
        # Written out, as NumPy's product of matrices wakes threads that outlast it.
        return np.stack([x * row[0] + y * row[1] + z * row[2] + row[3] for row in orbit.matrix()], 1)


def pinhole(width: int, height: int) -> Intrinsics:
    """The eye's."""
    focal = FOCAL * min(width, height)
    return Intrinsics(width, height, focal, focal, (width - 1) / 2, (height - 1) / 2)


def _places(points_mm: NDArray[np.float32], eye: Intrinsics) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    scale = (eye.fx / np.maximum(points_mm[:, 2], np.float32(1))).astype(np.float32)
    return points_mm[:, 0] * scale + np.float32(eye.cx), points_mm[:, 1] * scale + np.float32(eye.cy)


def draw_points(sheets: tuple[Sheet, ...], orbit: Orbit, width: int, height: int, side_px: int, ground: int) -> Pixels:
    """All surfaces as square points of so many pixels, nearer ones before farther ones.

    Args:
        ground: 0xFFRRGGBB where nothing is.

    Returns:
        (height, width) uint32.

    Source: painter's algorithm, Newell et al., ACM 1972, over a radix sort of depth in 65,536 steps.
    """
    eye = pinhole(width, height)
    picture = np.full(width * height, ground, np.uint32)
    if not sum(len(sheet.points) for sheet in sheets):
        return picture.reshape(height, width)
    points = np.concatenate([sheet.seen_from(orbit) for sheet in sheets])
    colours = np.concatenate([sheet.shades for sheet in sheets])
    x, y = _places(points, eye)
    half = np.float32((side_px - 1) / 2)
    left, top = np.rint(x - half).astype(np.int32), np.rint(y - half).astype(np.int32)
    is_inside = (left >= 0) & (left <= width - side_px) & (top >= 0) & (top <= height - side_px)
    inside = np.flatnonzero(is_inside & (points[:, 2] > 1))
    depth = points[inside, 2]
    if depth.size:
        steps = (depth.max() - depth) * np.float32(65535 / max(float(np.ptp(depth)), 1e-6))
        inside = inside[np.argsort(steps.astype(np.uint16), kind="stable")]
    corner, shades = top[inside] * width + left[inside], colours[inside]
    for down in range(side_px):
        for right in range(side_px):
            picture[corner + (down * width + right)] = shades
    return picture.reshape(height, width)


def draw_meshes(sheets: tuple[Sheet, ...], orbit: Orbit, width: int, height: int, ground: int) -> Pixels:
    """All surfaces as meshes, the nearer hiding the farther; arguments and result as for `draw_points`."""
    eye = pinhole(width, height)
    buffer = buffered(np.full((height, width), FAR_MM, np.float32))
    light = np.empty((height, width, 3), np.float32)
    light[:] = _parts(np.array(ground, np.uint32))
    for sheet in sheets:
        if len(sheet.triangles):
            draw_lit(sheet.seen_from(orbit), sheet.triangles, sheet.parts, eye, buffer, light)
    whole = np.empty((height, width, 4), np.uint8)
    whole[..., :3] = light[..., ::-1] * np.float32(255) + np.float32(0.5)
    whole[..., 3] = 255
    return whole.view("<u4")[..., 0]


def _parts(colours: Pixels) -> NDArray[np.float32]:
    """(..., 3) float32 red, green and blue from 0 to 1."""
    return np.stack([(colours >> shift & 255) for shift in (16, 8, 0)], -1).astype(np.float32) / np.float32(255)


@cache
def _grid(side: int) -> NDArray[np.int32]:
    """Point numbers (N, 2, 3) of the two triangles of every cell."""
    number = np.arange(side * side, dtype=np.int32).reshape(side, side)
    a, b, c, d = number[:-1, :-1], number[1:, :-1], number[1:, 1:], number[:-1, 1:]
    return np.stack((np.stack((a, b, c), -1), np.stack((a, c, d), -1)), -2).reshape(-1, 2, 3)


def pick(sheets: tuple[Sheet, ...], orbit: Orbit, width: int, height: int, x: float, y: float) -> Point | None:
    """The point of a surface that is seen at a place of the picture, in the surfaces' axes; None if there is none."""
    eye, best = pinhole(width, height), None
    for sheet in sheets:
        points = sheet.seen_from(orbit)
        across, down = _places(points, eye)
        away = np.hypot(across - np.float32(x), down - np.float32(y))
        near = np.flatnonzero((away < PICK_PX) & (points[:, 2] > 1))
        if not near.size:
            continue
        front = near[points[near, 2] < points[near, 2].min() + _SAME_MM]
        chosen = front[away[front].argmin()]
        if best is None or points[chosen, 2] < best[0]:
            best = float(points[chosen, 2]), sheet.points[chosen]
    return None if best is None else (float(best[1][0]), float(best[1][1]), float(best[1][2]))


def place_of(point: Point, orbit: Orbit, width: int, height: int) -> tuple[float, float] | None:
    """Where a point lies in the picture; None if it is behind the eye."""
    x, y, z = (float(np.dot(row[:3], point) + row[3]) for row in orbit.matrix())
    eye = pinhole(width, height)
    return (x * eye.fx / z + eye.cx, y * eye.fy / z + eye.cy) if z > 1 else None
