"""What two ways to get a surface make of a face, in figures: raw and denoised, or any other two, judged alike."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from depthface_app.core.crop import crop_face
from depthface_app.core.depth import noise_mm
from depthface_app.core.face import DenoisedFace, FaceCrop, FaceLocation
from depthface_app.core.frame import Frame
from depthface_app.core.metrics.judged import against, near_nose
from depthface_app.core.metrics.sequence import change_mm, noise_of_change_mm, normal_jitter_deg
from depthface_app.core.normals import normals
from depthface_app.core.quality import face_ellipse, fill_rate, plane_rms_mm
from depthface_app.pipeline.denoising import compose
from depthface_app.pipeline.methods import FIXED_METHODS, Method, is_raw, on_crop
from depthface_app.pipeline.stages import FaceLocator, FaceRecogniser

STILL_MM = 6.0  # a nose that moved further between two frames leaves no telling what is noise
FIGURES = (
    "fill_rate", "spatial_noise_mm", "temporal_noise_mm", "normal_jitter_deg", "plane_rms_mm",
    "rmse_mm", "p95_mm", "normal_angle_deg", "ssim",
)  # fmt: skip

Figures = dict[str, float]


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
class Region:
    """A rectangle of the frame, in pixels, that shows something flat."""

    left: int
    top: int
    width: int
    height: int

    def of(self, picture: NDArray[np.float32]) -> NDArray[np.float32]:
        """That part of a picture (H, W, ...)."""
        return picture[self.top : self.top + self.height, self.left : self.left + self.width]


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


@dataclass(frozen=True, eq=False, slots=True)
class Pair:
    """One face of one frame as two methods see it; both surfaces belong to the same crop."""

    frame: Frame
    location: FaceLocation
    first: DenoisedFace
    second: DenoisedFace

    @property
    def crop(self) -> FaceCrop:
        """What both methods were given."""
        return self.second.crop

    @property
    def faces(self) -> tuple[DenoisedFace, DenoisedFace]:
        """Both, in order."""
        return self.first, self.second


@dataclass(frozen=True, eq=False, slots=True)
class Look:
    """A pair in the frame's own pixels; what the next frame is compared with.

    depth_mm, normals: of the first and of the second, (H, W) and (H, W, 3) float32, NaN = no reading
    smooth_mm: (H, W) the one of the two that is not raw, whose slopes tell movement from noise
    judged: (H, W) bool, pixels of the face where both have a surface and the sensor had a reading
    """

    nose_mm: tuple[float, float, float]
    depth_mm: tuple[NDArray[np.float32], NDArray[np.float32]]
    normals: tuple[NDArray[np.float32], NDArray[np.float32]]
    smooth_mm: NDArray[np.float32]
    judged: NDArray[np.bool_]


def inspect_frame(
    frame: Frame,
    networks: Networks,
    before: Look | None = None,
    reference_mm: NDArray[np.float32] | None = None,
    region: Region | None = None,
    against: Method = FIXED_METHODS["raw"],
) -> tuple[FrameFigures, Look | None]:
    """Judge the nearest face of a frame, as the networks' denoiser sees it, beside another method.

    Args:
        before: what this function returned for the frame before.
        reference_mm: (H, W) float32, the true surface in the frame's pixels, NaN or 0 = unknown.
        region: something flat in the frame.
        against: the other method.

    Returns:
        The figures, and what to hand to the next call (None without a face).

    Raises:
        ModelError: if a network fails.
    """
    found = networks.locator.locate(frame)
    if not found:
        flat = _flatness(frame, frame.depth_float(), region)
        return FrameFigures(frame.number, 0, flat, dict(flat)), None
    location = min(found, key=lambda each: each.distance_mm)
    crop = crop_face(frame.depth_float(), frame.intrinsics, location.nose_mm)
    pair = Pair(frame, location, against.denoise(crop), networks.denoiser.denoise(crop))
    look = look_at(pair)
    figures = compare(pair, look, networks.recogniser, before, reference_mm, region)
    return replace(figures, faces=len(found)), look


def compare(
    pair: Pair,
    look: Look,
    recogniser: FaceRecogniser,
    before: Look | None = None,
    reference_mm: NDArray[np.float32] | None = None,
    region: Region | None = None,
) -> FrameFigures:
    """All figures of one pair; arguments as for `inspect_frame`, `look` being the pair's own."""
    first, second = (
        flat | fill | noise | moved | compared
        for flat, fill, noise, moved, compared in zip(
            tuple(_flatness(pair.frame, depth, region) for depth in look.depth_mm),
            _fill(pair),
            _noise(pair),
            _moved(before, look),
            _compared(pair, reference_mm),
            strict=True,
        )
    )
    identity = float(np.dot(*(recogniser.embed(face, pair.location) for face in pair.faces)))
    return FrameFigures(pair.frame.number, 1, first, second, identity)


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


def look_at(pair: Pair) -> Look:
    """The pair in the frame's own pixels."""
    frame, depth = pair.frame, pair.frame.depth_float()
    (first_mm, first_normals, has_first), (second_mm, second_normals, has_second) = (
        _in_frame(pair, face, depth) for face in pair.faces
    )
    near = near_nose(second_mm, frame.intrinsics, pair.location.nose_mm)
    judged = has_first & has_second & ~np.isnan(depth) & near
    smooth_mm = first_mm if is_raw(pair.second) else second_mm
    return Look(pair.location.nose_mm, (first_mm, second_mm), (first_normals, second_normals), smooth_mm, judged)


def _in_frame(
    pair: Pair, face: DenoisedFace, depth_mm: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.bool_]]:
    """Depth, normals, and the pixels where a method has a surface; what is raw is not resampled, as that smooths."""
    if is_raw(face):
        return depth_mm, normals(depth_mm, pair.frame.intrinsics), ~np.isnan(depth_mm)
    whole = compose(pair.frame, [(pair.location, face)])
    return np.where(whole.face_mask, whole.depth_mm, depth_mm), whole.normals, whole.face_mask


def _flatness(frame: Frame, depth_mm: NDArray[np.float32], region: Region | None) -> Figures:
    if region is None:
        return {}
    return {"plane_rms_mm": plane_rms_mm(region.of(frame.intrinsics.back_project(depth_mm)))}


def _both(pair: Pair) -> NDArray[np.bool_]:
    """(S, S): pixels of the crop where both methods have a surface and the sensor had a reading."""
    both: NDArray[np.bool_] = ~np.isnan(pair.first.depth_mm + pair.second.depth_mm + pair.crop.depth_mm)
    return both


def _fill(pair: Pair) -> tuple[Figures, Figures]:
    ellipse = face_ellipse(pair.crop)
    first, second = ({"fill_rate": fill_rate(face.depth_mm[ellipse])} for face in pair.faces)
    return first, second


def _noise(pair: Pair) -> tuple[Figures, Figures]:
    """In the crop's pixels, on the face."""
    judged = _both(pair) & near_nose(pair.second.depth_mm, pair.crop.intrinsics, pair.crop.nose_mm)
    first, second = (
        {"spatial_noise_mm": noise_mm(np.where(judged, face.depth_mm, np.float32(np.nan)))} for face in pair.faces
    )
    return first, second


def _moved(before: Look | None, now: Look) -> tuple[Figures, Figures]:
    """Noise from frame to frame, if a face holds still enough."""
    if (
        before is None
        or before.judged.shape != now.judged.shape
        or np.linalg.norm(np.subtract(before.nose_mm, now.nose_mm)) > STILL_MM
    ):
        return {}, {}
    judged = before.judged & now.judged
    first, second = (
        {
            "temporal_noise_mm": noise_of_change_mm(change_mm(depth_before, depth_now, now.smooth_mm, judged)),
            "normal_jitter_deg": normal_jitter_deg(normals_before, normals_now, judged),
        }
        for depth_before, depth_now, normals_before, normals_now in zip(
            before.depth_mm, now.depth_mm, before.normals, now.normals, strict=True
        )
    )
    return first, second


def _compared(pair: Pair, reference_mm: NDArray[np.float32] | None) -> tuple[Figures, Figures]:
    if reference_mm is None:
        return {}, {}
    crop = pair.crop
    truth = on_crop(reference_mm, pair.frame, crop)
    judged = _both(pair) & near_nose(truth, crop.intrinsics, crop.nose_mm)
    first, second = (against(face.depth_mm, truth, judged, crop.intrinsics, crop.nose_mm[2]) for face in pair.faces)
    return first, second
