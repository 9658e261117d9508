"""The worst frames of a run: which they are, what they look like, and where they are."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from depthface_app.cameras.session import SessionReader
from depthface_app.core.colour import colour_error, error_ramp, hatch_missing
from depthface_app.core.errors import CameraError, InputError
from depthface_app.core.face import DenoisedFace
from depthface_app.core.frame import Frame
from depthface_app.core.links import Moment
from depthface_app.core.metrics.catalogue import CATALOGUE, IDENTITY, Figure
from depthface_app.core.relief import shaded
from depthface_app.pipeline.inspection import Pair
from depthface_app.pipeline.inspection.frame import find_pair
from depthface_app.pipeline.runs.plan import Read, is_session, looks_back
from depthface_app.pipeline.runs.results import DRIFT, Inspected, Run
from depthface_app.pipeline.runs.work import Tools

BY = ("rmse_mm", DRIFT, "temporal_noise_mm", "noise_middle_mm")  # the first three that were measured
RANKINGS, EACH = 3, 3
APART_FRAMES = 30  # two of one second are one moment
SCALES_MM = (1.0, 2.0, 5.0, 10.0, 20.0)
WITHIN_PERCENT = 95.0
LIGHT = (-0.6, -0.6, -1.0)  # from the upper left
SIDE_PX = 256
WARM_UP_FRAMES = 8  # what a method that looks back has seen at least

Picture = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Place:
    """One frame with its figure."""

    inspected: Inspected
    row: int
    figure: Figure
    value: float

    @property
    def index(self) -> int:
        """Of the frame in its input."""
        return self.inspected.rows[self.row].index

    @property
    def time_s(self) -> float:
        """Since the input's first frame."""
        return self.inspected.rows[self.row].time_s

    @property
    def share(self) -> float:
        """How far into the recording it is, 0 to 1."""
        last = self.inspected.rows[-1].index
        return self.index / last if last else 0.0

    @property
    def moment(self) -> Moment | None:
        """What a click opens; only the program's own recordings can be opened at a frame."""
        path = Path(self.inspected.path)
        return Moment(str(path), self.index) if is_session(path) else None


@dataclass(frozen=True, eq=False, slots=True)
class Shown:
    """A place with its pictures, (S, S, 3) uint8 RGB: first and second in relief, and second less first."""

    place: Place
    first: Picture
    second: Picture
    difference: Picture


def ranked(run: Run) -> list[tuple[Figure, list[Place]]]:
    """The worst frames by each of the leading figures that were measured, worst first, none twice."""
    taken: list[Place] = []
    out: list[tuple[Figure, list[Place]]] = []
    for name in BY:
        figure = IDENTITY if name == DRIFT else CATALOGUE[name]
        places = _worst(run, name, figure, taken)
        if places and len(out) < RANKINGS:
            taken += places
            out.append((figure, places))
    return out


def _worst(run: Run, name: str, figure: Figure, taken: Sequence[Place]) -> list[Place]:
    every = []
    for each in run.inputs:
        values = run.values([each])[DRIFT if name == DRIFT else f"{run.sides[1]}.{name}"]
        every += [Place(each, k, figure, float(v)) for k, v in enumerate(values) if not np.isnan(v)]
    every.sort(key=lambda place: place.value * figure.sign)
    kept: list[Place] = []
    for place in every:
        if len(kept) < EACH and not any(_is_same_moment(place, other) for other in (*kept, *taken)):
            kept.append(place)
    return kept


def _is_same_moment(one: Place, other: Place) -> bool:
    return one.inspected is other.inspected and abs(one.index - other.index) < APART_FRAMES


def shown(places: Sequence[Place], tools: Tools, read: Read) -> tuple[list[Shown], float]:
    """Pictures of those places that can be read again, and the millimetres at both ends of the differences' scale.

    Raises:
        ModelError: a network fails.
    """
    found = [(each, pair) for each in places if (pair := pair_at(each.inspected, each.index, tools, read)) is not None]
    differences = [pair.second.depth_mm - pair.first.depth_mm for _, pair in found]
    scale_mm = _scale_mm(differences)
    return [
        Shown(place, _relief(pair.first), _relief(pair.second), _large(colour_error(apart, scale_mm)))
        for (place, pair), apart in zip(found, differences, strict=True)
    ], scale_mm


def pair_at(inspected: Inspected, index: int, tools: Tools, read: Read) -> Pair | None:
    """One frame of an input as both methods see it once more; None without a face, or if it cannot be read any more.

    Raises:
        ModelError: a network fails.
    """
    pair, other = None, tools.make_other()
    try:
        frames = _frames(inspected, index, read, WARM_UP_FRAMES if looks_back(other) else 0)
    except (CameraError, InputError):
        return None  # it was there when it was measured; the report does without its picture now
    for frame in frames:
        pair, _ = find_pair(frame, tools.networks, other)
    return pair


def _frames(inspected: Inspected, index: int, read: Read, before: int) -> list[Frame]:
    path, first = Path(inspected.path), max(index - before, 0)
    if is_session(path):
        with SessionReader(path) as reader:
            return [reader.read(k) for k in range(first, index + 1)]
    return list(islice(read(path), first, index + 1)) if path.exists() else []


def _scale_mm(differences: Sequence[NDArray[np.float32]]) -> float:
    known = [np.abs(each[~np.isnan(each)]) for each in differences]
    if not any(each.size for each in known):
        return SCALES_MM[0]
    wanted = float(np.percentile(np.concatenate(known), WITHIN_PERCENT))
    return next((scale for scale in SCALES_MM if scale >= wanted), SCALES_MM[-1])


def _relief(face: DenoisedFace) -> Picture:
    shade = shaded(face.normals, LIGHT)
    grey = (np.nan_to_num(shade) * 255).astype(np.uint8)
    return _large(hatch_missing(np.dstack((grey,) * 3), np.isnan(shade)))


def _large(picture: Picture) -> Picture:
    out: Picture = cv2.resize(picture, (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_NEAREST)
    return out


def scale_bar() -> Picture:
    """(16, 256, 3) the colours of a difference from nearer to farther."""
    return np.repeat(error_ramp()[None], 16, axis=0)


def png(picture: Picture) -> bytes:
    """A picture as a file."""
    return bytes(cv2.imencode(".png", picture[..., ::-1])[1])
