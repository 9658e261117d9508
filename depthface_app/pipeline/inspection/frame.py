"""The figures of a frame, and what many frames come to."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from depthface_app.core.crop import crop_face
from depthface_app.core.frame import Frame
from depthface_app.core.metrics.catalogue import FIGURES
from depthface_app.pipeline.inspection import figures
from depthface_app.pipeline.inspection.figures import Figures
from depthface_app.pipeline.inspection.look import Look, Pair, Region, look_at
from depthface_app.pipeline.methods import FIXED_METHODS, Method
from depthface_app.pipeline.stages import FaceLocator, FaceRecogniser

Resemblance = Callable[[NDArray[np.float32]], float]  # from an embedding to the cosine with somebody who is enrolled


class Networks(Protocol):
    """What an inspection runs."""

    @property
    def locator(self) -> FaceLocator:
        """Finds the face."""
        ...

    @property
    def denoiser(self) -> Method:
        """Is inspected."""
        ...

    @property
    def recogniser(self) -> FaceRecogniser:
        """Tells whether the person is still the same."""
        ...


@dataclass(frozen=True, slots=True)
class FrameFigures:
    """Figures of one frame; what was not or could not be measured is missing.

    number:   the frame's own number
    first, second: of what is compared with and of what is judged, raw and denoised unless said otherwise; names of
        FIGURES to values
    identity: cosine of the embeddings of the two, 1 = the same to the recogniser; NaN without a face
    """

    number: int
    faces: int
    first: Figures = field(default_factory=dict)
    second: Figures = field(default_factory=dict)
    identity: float = float("nan")


def inspect_frame(
    frame: Frame,
    networks: Networks,
    before: Look | None = None,
    reference_mm: NDArray[np.float32] | None = None,
    region: Region | None = None,
    against: Method = FIXED_METHODS["raw"],
    resembles: Resemblance | None = None,
    with_identity: bool = True,
) -> tuple[FrameFigures, Look | None]:
    """Judge the nearest face of a frame, as the networks' denoiser sees it, beside another method.

    Args:
        before: what this function returned for the frame before.
        reference_mm: (H, W) float32, the true surface in the frame's pixels, NaN or 0 = unknown.
        region: something flat in the frame.
        against: the other method.
        resembles: says how like an enrolled person an embedding is.
        with_identity: whether the recogniser is asked at all; it takes a third of the time.

    Returns:
        The figures, and what to hand to the next call (None without a face).

    Raises:
        ModelError: if a network fails.
    """
    pair, faces = find_pair(frame, networks, against)
    if pair is None:
        return FrameFigures(frame.number, 0, *figures.flatness(frame, None, region, reference_mm)), None
    look = look_at(pair)
    recogniser = networks.recogniser if with_identity else None
    return replace(compare(pair, look, recogniser, before, reference_mm, region, resembles), faces=faces), look


def find_pair(frame: Frame, networks: Networks, against: Method) -> tuple[Pair | None, int]:
    """The nearest face of a frame as both methods see it, and how many faces there are."""
    found = networks.locator.locate(frame)
    if not found:
        return None, 0
    location = min(found, key=lambda each: each.distance_mm)
    crop = crop_face(frame.depth_float(), frame.intrinsics, location.nose_mm)
    return Pair(frame, location, against.denoise(crop), networks.denoiser.denoise(crop)), len(found)


def compare(
    pair: Pair,
    look: Look,
    recogniser: FaceRecogniser | None,
    before: Look | None = None,
    reference_mm: NDArray[np.float32] | None = None,
    region: Region | None = None,
    resembles: Resemblance | None = None,
) -> FrameFigures:
    """All figures of one pair; arguments as for `inspect_frame`, `look` being the pair's own."""
    groups = (
        figures.flatness(pair.frame, pair, region, reference_mm),
        figures.on_the_crop(pair),
        figures.sharpness(pair, reference_mm),
        figures.over_time(before, look),
        figures.to_reference(pair, reference_mm),
    )
    first, second = ({k: v for group in groups for k, v in group[side].items()} for side in (0, 1))
    if recogniser is None:
        return FrameFigures(pair.frame.number, 1, first, second)
    embeddings = [recogniser.embed(face, pair.location) for face in pair.faces]
    if resembles is not None:
        for found, embedding in zip((first, second), embeddings, strict=True):
            found["similarity"] = resembles(embedding)
    return FrameFigures(pair.frame.number, 1, first, second, float(np.dot(*embeddings)))


def summary(reports: Iterable[FrameFigures], names: tuple[str, str] = ("raw", "denoised")) -> dict[str, object]:
    """Means over the frames that each figure is known for, by the names of both methods; NaN where none is."""
    every = list(reports)
    known = [report.identity for report in every if not np.isnan(report.identity)]
    return {
        "frames": len(every),
        "frames_with_face": sum(report.faces > 0 for report in every),
        names[0]: _means([report.first for report in every]),
        names[1]: _means([report.second for report in every]),
        "identity_drift": float(np.mean(known)) if known else float("nan"),
    }


def _means(figures: Sequence[Figures]) -> Figures:
    out = {}
    for name in FIGURES:
        values = [each[name] for each in figures if not np.isnan(each.get(name, np.nan))]
        out[name] = float(np.mean(values)) if values else float("nan")
    return out
