"""From the answers of the locator's two networks to faces: peaks, two close looks at each, one face per place.

The networks are handed in as functions, so that the program and the evaluation of training run the same steps. The
scout answers an overview with heat (1, 1, h, w) and place (1, 3, h, w), see `peaks`; the aligner answers N windows with
scores (N,), offsets in mm (N, 3) and rotations (N, 3, 3) in the windows' axes.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from depthface_app.core.face import FaceLocation, HeadPose
from depthface_app.core.frame import Intrinsics
from depthface_app.core.locating import Overview, look_at, look_input, overview, overview_input

Network = Callable[[NDArray[np.float32]], Sequence[NDArray[Any]]]  # a batch in, all outputs in their order

SURFACE_GAP_MM = 35.0  # the close look copes with less
HEAT_WEIGHT = 0.6  # of the overview's logit against the second look's, chosen on validation scenes
_SUREST = 1e-6
_UNDECIDED = 0.5  # what the overview would say of a place, where it was not asked

# An ellipsoid around an adult head, from the tip of the nose, head axes (x right, y down, z away).
_HEAD_CENTRE_MM = np.array((0.0, -22.0, 85.0))
_HEAD_HALF_MM = np.array((82.0, 118.0, 95.0))
_AROUND = np.linspace(0, 2 * np.pi, 12, endpoint=False)
_HEAD_MM = _HEAD_CENTRE_MM + _HEAD_HALF_MM * np.concatenate(
    [
        np.stack((np.cos(_AROUND) * np.cos(down), np.full(12, np.sin(down)), np.sin(_AROUND) * np.cos(down)), 1)
        for down in np.linspace(-np.pi / 2, np.pi / 2, 7)
    ]
)


@dataclass(frozen=True, slots=True)
class FindingRules:
    """Where to cut, as chosen on validation scenes.

    peak:         least value of the overview's map that is looked at
    first_look:   least score to be worth the second look
    accept:       least score of a face, both networks' opinions weighed
    gap_mm:       two noses are never nearer to each other than this; cheek to cheek they are about 90 mm apart
    most_peaks:   places looked at per frame
    nearest_mm, farthest_mm: distances of faces that are reported
    """

    peak: float = 0.1
    first_look: float = 0.02
    accept: float = 0.5
    gap_mm: float = 70.0
    most_peaks: int = 10
    nearest_mm: float = 250.0
    farthest_mm: float = 1750.0


@dataclass(frozen=True, eq=False, slots=True)
class Place:
    """Where a nose may be. nose_mm: (3,) camera axes; heat: how sure the overview was of it."""

    nose_mm: NDArray[np.float64]
    heat: float


@dataclass(frozen=True, eq=False, slots=True)
class Candidate(Place):
    """A place after a close look. score: how sure that look was; rotation: (3, 3) head to camera."""

    score: float
    rotation: NDArray[np.float64]


def peaks(heat: NDArray[np.float32], place: NDArray[np.float32], small: Overview, rules: FindingRules) -> list[Place]:
    """The highest local maxima, best first.

    Where one person stands close before another, a cell's depth may lie between the two; so a place whose own readings
    disagree with the network's depth is proposed at both.

    Args:
        heat: (h, w) chance of a nose per cell.
        place: (3, h, w) offset from the cell's middle in overview pixels (x, y), depth in m.
    """
    local = cv2.dilate(heat, np.ones((3, 3), np.uint8))
    rows, columns = np.nonzero((heat >= local) & (heat > rules.peak))
    best = np.argsort(-heat[rows, columns])[: rules.most_peaks]
    stride, pinhole = small.depth_mm.shape[0] // heat.shape[0], small.intrinsics
    places = []
    for row, column in zip(rows[best], columns[best], strict=True):
        across, down, metres = place[:, row, column].astype(np.float64)
        u, v = (index * stride + (stride - 1) / 2 for index in (column, row))
        x, y, z = u + across, v + down, max(metres * 1000, 100.0)
        ray = np.array(((x - pinhole.cx) / pinhole.fx, (y - pinhole.cy) / pinhole.fy, 1.0))
        surface = _surface_mm(small, x, y)
        depths = (z, surface) if abs(surface - z) > SURFACE_GAP_MM else (z,)
        places += [Place(depth * ray, float(heat[row, column])) for depth in depths]
    return places


def _surface_mm(small: Overview, x: float, y: float) -> float:
    """Depth of what is seen around a pixel of the overview; NaN where nothing is."""
    column, row = round(x), round(y)
    part = small.depth_mm[max(row - 1, 0) : max(row + 2, 0), max(column - 1, 0) : max(column + 2, 0)]
    part = part[~np.isnan(part)]
    return float(np.median(part)) if part.size else float("nan")


def propose(depth_mm: NDArray[np.float32], intrinsics: Intrinsics, scout: Network, rules: FindingRules) -> list[Place]:
    """Where the overview network believes noses to be."""
    small = overview(depth_mm, intrinsics)
    heat, place = scout(overview_input(small.depth_mm, small.intrinsics)[None])
    return peaks(heat[0, 0], place[0], small, rules)


def examine(
    depth_mm: NDArray[np.float32], intrinsics: Intrinsics, places: Sequence[Place], aligner: Network
) -> list[Candidate]:
    """One close look at each place: how sure, where exactly, how turned."""
    if not places:
        return []
    looks = [look_at(depth_mm, intrinsics, place.nose_mm) for place in places]
    scores, offsets, rotations = aligner(np.stack([look_input(look) for look in looks]))
    return [
        Candidate(place.nose_mm + look.rotation @ offset, place.heat, float(score), look.rotation @ rotation)
        for place, look, score, offset, rotation in zip(places, looks, scores, offsets, rotations, strict=True)
    ]


def _weighed(candidate: Candidate) -> Candidate:
    """With the overview's opinion counted in: it sees what stands around a face, the close look what is in it."""
    logit = _logit(candidate.score) + HEAT_WEIGHT * _logit(candidate.heat)
    return replace(candidate, score=1 / (1 + math.exp(-logit)))


def _logit(chance: float) -> float:
    kept = min(max(chance, _SUREST), 1 - _SUREST)
    return math.log(kept / (1 - kept))


def distinct(candidates: list[Candidate], gap_mm: float) -> list[Candidate]:
    """The best of those that stand within `gap_mm` of each other, best first."""
    kept: list[Candidate] = []
    for candidate in sorted(candidates, key=lambda c: -c.score):
        if all(np.linalg.norm(candidate.nose_mm - other.nose_mm) >= gap_mm for other in kept):
            kept.append(candidate)
    return kept


def find_faces(
    depth_mm: NDArray[np.float32], intrinsics: Intrinsics, scout: Network, aligner: Network, rules: FindingRules
) -> tuple[FaceLocation, ...]:
    """All faces of a depth map, surest first.

    Args:
        depth_mm: (H, W) float32, NaN or 0 = no reading.
    """
    places = propose(depth_mm, intrinsics, scout, rules)
    first = [c for c in examine(depth_mm, intrinsics, places, aligner) if c.score >= rules.first_look]
    first = [c for c in first if c.nose_mm[2] > 0]
    once = distinct(first, rules.gap_mm / 2)
    twice = examine(depth_mm, intrinsics, once, aligner)
    sure = [c for c in map(_weighed, twice) if c.score >= rules.accept and c.nose_mm[2] > 0]
    return tuple(
        location(candidate, intrinsics)
        for candidate in distinct(sure, rules.gap_mm)
        if rules.nearest_mm <= np.linalg.norm(candidate.nose_mm) <= rules.farthest_mm
    )


def follow_faces(
    depth_mm: NDArray[np.float32],
    intrinsics: Intrinsics,
    known: Sequence[FaceLocation],
    aligner: Network,
    rules: FindingRules,
) -> tuple[FaceLocation, ...]:
    """The faces of the picture before, found again by one close look at each: a fifth of the work of `find_faces`.

    Nobody new is found, and one who is no longer sure to be there is left out.
    """
    places = [Place(np.asarray(each.nose_mm, np.float64), _UNDECIDED) for each in known]
    found = [c for c in examine(depth_mm, intrinsics, places, aligner) if c.score >= rules.accept and c.nose_mm[2] > 0]
    return tuple(
        location(candidate, intrinsics)
        for candidate in distinct(found, rules.gap_mm)
        if rules.nearest_mm <= np.linalg.norm(candidate.nose_mm) <= rules.farthest_mm
    )


def location(candidate: Candidate, intrinsics: Intrinsics) -> FaceLocation:
    """A candidate as the rest of the program knows faces."""
    nose = candidate.nose_mm
    x, y = intrinsics.project(nose)
    return FaceLocation(
        nose_mm=(float(nose[0]), float(nose[1]), float(nose[2])),
        nose_px=(float(x), float(y)),
        pose=HeadPose.of_matrix(candidate.rotation),
        score=candidate.score,
        box_px=head_box(nose, candidate.rotation, intrinsics),
    )


def head_box(
    nose_mm: NDArray[np.floating], rotation: NDArray[np.floating], intrinsics: Intrinsics
) -> tuple[float, float, float, float]:
    """(left, top, right, bottom) in pixels around a head of ordinary size with this nose and rotation."""
    points = _HEAD_MM @ rotation.T + nose_mm
    pixels = intrinsics.project(points[points[:, 2] > 1])
    left, top = pixels.min(0)
    right, bottom = pixels.max(0)
    return float(left), float(top), float(right), float(bottom)
