"""Whole heads from face models that end behind the ears: a closed skull, hair, neck and torso.

A head becomes a grid of `ROWS` × `COLUMNS` points on rays from inside the head, densest over the face. The rays are
cast once, against the mean face; every person and every expression is then read off at the same places of the model's
triangles, so that all heads share one grid, and expressions move points instead of fading between surfaces. What the
model leaves out continues smoothly into an ellipsoid and a neck.

Axes of everything returned: x right, y down, z away from the camera, the tip of the nose at the origin; mm.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

FloatGrid = NDArray[np.float32]

ROWS, COLUMNS = 112, 144
CENTRE_MM = np.array((0.0, 15.0, 5.0), np.float32)  # model axes: where the rays start
LOWEST_DEG, HIGHEST_DEG = -66.0, 90.0
SKULL_MM = np.array((77.0, 118.0, 98.0), np.float32)  # semi-axes of what continues the model
NECK_RADIUS_MM = 57.0
SHOULDERS_BELOW_MM = -92.0  # model axes: what the model has below belongs to the torso
BODY_ROWS, BODY_COLUMNS = 36, 33
CURTAIN_ROWS, CURTAIN_COLUMNS = 28, 56


def smoothstep(x: NDArray[np.floating]) -> NDArray[np.floating]:
    """0 below 0, 1 above 1, smooth between."""
    t = np.clip(x, 0, 1)
    return t * t * (3 - 2 * t)


def _uneven(start: float, end: float, count: int, dense_at: float, width: float, closed: bool) -> FloatGrid:
    """`count` angles from start to end, four times as dense around `dense_at`."""
    fine = np.linspace(start, end, 2001)
    density = 1 + 3.2 * np.exp(-0.5 * ((fine - dense_at) / width) ** 2)
    travelled = np.concatenate(((0,), np.cumsum((density[1:] + density[:-1]) / 2)))
    return np.interp(np.linspace(0, travelled[-1], count, endpoint=not closed), travelled, fine).astype(np.float32)


def grid_angles_deg() -> tuple[FloatGrid, FloatGrid]:
    """Elevation of every row, top first, and azimuth of every column, 0 = straight ahead, the seam at the back."""
    elevation = _uneven(LOWEST_DEG, HIGHEST_DEG, ROWS, -12.0, 28.0, closed=False)[::-1]
    return elevation.copy(), _uneven(-180.0, 180.0, COLUMNS, 0.0, 33.0, closed=True)


def directions() -> FloatGrid:
    """(ROWS, COLUMNS, 3) unit vectors of the rays, model axes."""
    elevation, azimuth = (np.radians(angles) for angles in grid_angles_deg())
    flat = np.cos(elevation)[:, None]
    return np.stack(
        (flat * np.sin(azimuth), np.broadcast_to(np.sin(elevation)[:, None], (ROWS, COLUMNS)), flat * np.cos(azimuth)),
        -1,
    ).astype(np.float32)


@dataclass(frozen=True, eq=False, slots=True)
class Hits:
    """Where the rays leave the mean face.

    triangle: (ROWS, COLUMNS) int32 number of the triangle, -1 = the model has nothing there
    weights:  (ROWS, COLUMNS, 3) float32 barycentric coordinates
    """

    triangle: NDArray[np.int32]
    weights: FloatGrid

    def read(self, values: NDArray[np.floating], triangles: NDArray[np.int32]) -> FloatGrid:
        """Values (N, K) given at the model's vertices, read at the hits: (ROWS, COLUMNS, K), NaN where nothing is."""
        corners = triangles[np.maximum(self.triangle, 0)]
        out = (values[corners] * self.weights[..., None]).sum(-2).astype(np.float32)
        out[self.triangle < 0] = np.nan
        return out


def cast(vertices_mm: FloatGrid, triangles: NDArray[np.int32]) -> Hits:
    """Outermost hit of every ray of the grid; triangles of the shoulders are passed over."""
    elevation, azimuth = grid_angles_deg()
    rays = directions()
    best = np.zeros((ROWS, COLUMNS), np.float32)
    number = np.full((ROWS, COLUMNS), -1, np.int32)
    weights = np.zeros((ROWS, COLUMNS, 3), np.float32)
    relative = vertices_mm - CENTRE_MM
    up = np.degrees(np.arcsin(relative[:, 1] / np.linalg.norm(relative, axis=1)))
    around = np.degrees(np.arctan2(relative[:, 0], relative[:, 2]))
    for k in np.flatnonzero((vertices_mm[triangles, 1] > SHOULDERS_BELOW_MM).all(1)):
        corners = triangles[k]
        if np.ptp(around[corners]) > 90 and up[corners].max() < 80:
            continue  # lies across the seam at the back, where the model has nothing
        crown = up[corners].max() > 85
        rows = np.flatnonzero((elevation > up[corners].min() - 0.1) & ((elevation < up[corners].max() + 0.1) | crown))
        inside = (azimuth > around[corners].min() - 0.1) & (azimuth < around[corners].max() + 0.1)
        columns = np.flatnonzero(inside | crown)
        place = np.ix_(rows, columns)
        try:
            scaled = np.linalg.solve(relative[corners].T, rays[place].reshape(-1, 3).T).T.reshape(
                *number[place].shape, 3
            )
        except np.linalg.LinAlgError:
            continue  # seen edge on
        total = scaled.sum(-1)
        distance = np.where((scaled > -1e-4).all(-1) & (total > 0), 1 / np.where(total > 0, total, 1), 0)
        nearer = distance > best[place]
        best[place] = np.where(nearer, distance, best[place])
        number[place] = np.where(nearer, k, number[place])
        weights[place] = np.where(nearer[..., None], scaled / np.where(total > 0, total, 1)[..., None], weights[place])
    return Hits(number, weights)


def fill(values: FloatGrid, decay: float = 0.0) -> FloatGrid:
    """Continue (ROWS, COLUMNS, K) smoothly where it is NaN; `decay` lets it sink to zero away from what is known."""
    known = np.isfinite(values).all(-1, keepdims=True)
    out = np.nan_to_num(values)
    for _ in range(1500):
        around = np.concatenate((out[:, -1:], out, out[:, :1]), 1)
        above, below = np.concatenate((out[:1], out[:-1])), np.concatenate((out[1:], out[-1:]))
        mean = (around[:, 2:] + around[:, :-2] + above + below) / 4 * np.float32(1 - decay)
        out = np.where(known, out, mean)
    return out


def skull_radius_mm() -> FloatGrid:
    """(ROWS, COLUMNS) distance from the centre to an ellipsoid on a neck, along the rays."""
    rays = directions()
    skull = 1 / np.linalg.norm(rays / SKULL_MM, axis=-1)
    aside = np.linalg.norm(rays[..., (0, 2)], axis=-1)
    neck = np.where(rays[..., 1] < -0.5, NECK_RADIUS_MM / np.maximum(aside, 0.3), 0)
    return np.maximum(skull, neck).astype(np.float32)


def complete(mean_at_hits: FloatGrid) -> FloatGrid:
    """The mean head, closed: (ROWS, COLUMNS, 3) model axes."""
    rays, prior = directions(), skull_radius_mm()
    beyond = np.linalg.norm(mean_at_hits - CENTRE_MM, axis=-1) - prior
    whole = fill(beyond[..., None], decay=0.002)[..., 0] + prior
    return np.where(np.isfinite(mean_at_hits), mean_at_hits, CENTRE_MM + rays * whole[..., None])


def relief(rng: np.random.Generator, points_mm: FloatGrid, wave_mm: float, stretch: float = 1.0) -> FloatGrid:
    """Smooth noise of about unit variance at points (..., 3): waves of every direction, longer along y by `stretch`."""
    waves = rng.standard_normal((40, 3)) * (2 * np.pi / wave_mm / np.array((1.7, 1.7 * stretch, 1.7)))
    phases = points_mm @ waves.T.astype(np.float32) + rng.uniform(0, 2 * np.pi, 40).astype(np.float32)
    return (np.sin(phases).sum(-1) / np.sqrt(20)).astype(np.float32)


@dataclass(frozen=True, slots=True)
class Hair:
    """A haircut.

    thickness_mm: above the skull
    hairline_mm:  height of the hairline over the tip of the nose, in the middle of the forehead
    edge_mm:      over which the hair reaches its thickness: small for a fringe, large for hair brushed back
    length_mm:    how far a curtain of long hair hangs below the tip of the nose, 0 = none
    curl:         share of the thickness that goes up and down
    parting_mm:   where the hair parts, to the subject's left
    darkness:     0 reflects infrared like skin, 1 not at all
    """

    thickness_mm: float
    hairline_mm: float = 98.0
    edge_mm: float = 26.0
    length_mm: float = 0.0
    curl: float = 0.12
    parting_mm: float = 0.0
    darkness: float = 0.6


def ears(mean_head_mm: FloatGrid) -> FloatGrid:
    """(ROWS, COLUMNS) 1 on the ears, 0 away from them, the same for all heads of the grid."""
    x, up, behind = mean_head_mm[..., 0], -mean_head_mm[..., 1], mean_head_mm[..., 2]
    marked = (np.abs(x) > 72) & (up > -42) & (up < 46) & (behind > 80)
    marked = cv2.dilate(marked.astype(np.float32), np.ones((3, 3), np.uint8))
    return cv2.blur(marked, (3, 3))


def hair_cover(head_mm: FloatGrid, hair: Hair, ear: FloatGrid) -> FloatGrid:
    """How much of the hair's thickness stands on every point of a head (ROWS, COLUMNS), 0 to 1."""
    x, up, behind = head_mm[..., 0], -head_mm[..., 1], head_mm[..., 2]
    line = hair.hairline_mm - 0.004 * (x - hair.parting_mm) ** 2
    front = smoothstep((up - line) / hair.edge_mm) * (up > 30)
    temple = smoothstep((behind - 66) / 16) * smoothstep((up - 30) / 14)
    nape = smoothstep((behind - 128) / 16) * smoothstep((up + 58) / 24)
    return (np.maximum(np.maximum(front, temple), nape) * (1 - ear)).astype(np.float32)


def with_hair(head_mm: FloatGrid, hair: Hair, ear: FloatGrid, rng: np.random.Generator) -> FloatGrid:
    """The head with its hair on, pushed outwards along the rays; long hair presses the ears flat."""
    head = head_mm.copy()
    if hair.length_mm:
        head[..., 0] *= 1 - ear * (1 - np.minimum(1, 73 / np.maximum(np.abs(head[..., 0]), 1)))
    out_of = directions() * np.array((1, -1, -1), np.float32)
    lock_mm = max(22.0, 1.6 * hair.thickness_mm)
    curls = hair.curl * (relief(rng, head, lock_mm, 1.5) + 0.4 * relief(rng, head, lock_mm / 2)) + 0.1 * relief(
        rng, head, 70
    )
    thick = hair.thickness_mm * hair_cover(head_mm, hair, ear) * np.clip(1 + curls, 0.3, 1.8)
    return (head + out_of * thick[..., None]).astype(np.float32)


def curtain(head_mm: FloatGrid, hair: Hair, rng: np.random.Generator) -> FloatGrid:
    """Long hair that hangs beside and behind a head: (CURTAIN_ROWS, CURTAIN_COLUMNS, 3), open in front."""
    around = np.linspace(72, 288, CURTAIN_COLUMNS)  # degrees; 0 = the direction of the nose
    down = np.linspace(-72, hair.length_mm, CURTAIN_ROWS)[:, None]
    level = (head_mm[..., 1] < -30) & (head_mm[..., 1] > -80)
    hang = smoothstep((down + 72) / 60)
    below = np.maximum(down, 0)
    wide = np.abs(head_mm[..., 0][level]).max() - 6 + 9 * hang + 0.06 * below
    deep = head_mm[..., 2][level].max() - 118 - 6 + 9 * hang - 0.12 * below
    rolled_in = 1 - 0.3 * smoothstep((np.abs(around - 180) - 86) / 22) * smoothstep((down + 40) / 50)
    closed = 1 - 0.35 * smoothstep((down - hair.length_mm + 16) / 16)
    sine, cosine = np.sin(np.radians(around)), np.cos(np.radians(around))
    smooth = np.stack(np.broadcast_arrays(wide * sine, down, -deep * cosine), -1)
    swell = 1 + 0.035 * relief(rng, smooth.astype(np.float32), 24, 6.0) * hang
    ragged = 7 * relief(rng, smooth.astype(np.float32) * (1, 0, 1), 30) * hang
    size = rolled_in * closed * swell
    return np.stack((wide * sine * size, down + ragged, 118 - deep * cosine * size), -1).astype(np.float32)


def tucked_neck(head_mm: FloatGrid) -> FloatGrid:
    """The head with the lowest part of its neck drawn in, so that it ends inside the torso's."""
    inwards = 1 - 0.4 * smoothstep((head_mm[..., 1] - 100) / 22)
    axis_mm = float(np.median(head_mm[..., 2][head_mm[..., 1] > 85]))
    out = head_mm.copy()
    out[..., 0] *= inwards
    out[..., 2] = axis_mm + (out[..., 2] - axis_mm) * inwards
    return out


def body(head_mm: FloatGrid, rng: np.random.Generator) -> FloatGrid:
    """Front of neck, shoulders and chest in clothes that fit a head: (BODY_ROWS, BODY_COLUMNS, 3)."""
    neck = head_mm[(head_mm[..., 1] > 88) & (head_mm[..., 1] < 100)]
    front, back = np.percentile(neck[:, 2], (4, 96))
    wide_neck, deep_neck, set_back = np.percentile(np.abs(neck[:, 0]), 94), (back - front) / 2, (back + front) / 2
    build = rng.uniform(0.9, 1.12)
    stations = np.array((70.0, 96, 112, 124, 142, 160, 178, 198, 222, 255, 310, 400, 500, 640))  # mm below the nose
    wide = np.array((0, 0, 0, 76, 112, 152, 188, 208, 217, 221, 220, 216, 210, 206)) * build
    deep = np.array((0, 0, 0, 58, 62, 67, 73, 80, 90, 102, 116, 122, 122, 126)) * build
    wide[:3], deep[:3] = wide_neck * np.array((0.9, 1.0, 1.06)), deep_neck * np.array((0.9, 1.0, 1.06))
    setbacks = set_back + np.array((0, 0, 0, 4, 8, 10, 10, 10, 9, 6, 2, 0, 0, 0))
    down = np.interp(np.linspace(0, 1, BODY_ROWS) ** 1.4, (stations - 70) / 570, stations)
    wide, deep, middle = (np.interp(down, stations, values)[:, None] for values in (wide, deep, setbacks))
    around = np.radians(np.linspace(-104, 104, BODY_COLUMNS))
    squareness = 2 / (2 + 0.9 * smoothstep((down - 170) / 120))[:, None]
    sine, cosine = np.sin(around), np.cos(around)
    x = wide * np.sign(sine) * np.abs(sine) ** squareness
    z = middle - deep * np.sign(cosine) * np.abs(cosine) ** squareness
    bare = np.stack(np.broadcast_arrays(x, down[:, None], z), -1).astype(np.float32)
    collar_mm = 118 + 26 * np.cos(around) ** 2 * rng.uniform(0.2, 1.2)
    clothed = smoothstep((down[:, None] - collar_mm) / 7)
    folds = (5 + 2.5 * relief(rng, bare, 90, 1.5) + 1.5 * relief(rng, bare, 40, 2.0)) * clothed
    return (bare + folds[..., None] * np.stack((sine, 0 * sine, -cosine), -1)).astype(np.float32)
