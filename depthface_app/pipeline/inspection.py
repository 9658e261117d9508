"""What the denoiser did to the nearest face of each frame, in figures: raw and denoised depth judged alike."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
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
from depthface_app.pipeline.stages import FaceDenoiser, FaceLocator, FaceRecogniser

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
    def denoiser(self) -> FaceDenoiser:
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
    raw, denoised: names of FIGURES to values
    identity: cosine of the embeddings of the raw and of the denoised face, 1 = the same to the recogniser; NaN
        without a face
    """

    number: int
    faces: int
    raw: Figures = field(default_factory=dict)
    denoised: Figures = field(default_factory=dict)
    identity: float = float("nan")


@dataclass(frozen=True, eq=False, slots=True)
class Look:
    """One face of one frame, raw and denoised, in the frame's own pixels; what the next frame is compared with.

    depth_mm, normals: of raw and of denoised, (H, W) and (H, W, 3) float32, NaN = no reading
    judged: (H, W) bool, pixels of the face that were denoised and had a reading
    """

    nose_mm: tuple[float, float, float]
    depth_mm: tuple[NDArray[np.float32], NDArray[np.float32]]
    normals: tuple[NDArray[np.float32], NDArray[np.float32]]
    judged: NDArray[np.bool_]


def inspect_frame(
    frame: Frame,
    networks: Networks,
    before: Look | None = None,
    reference_mm: NDArray[np.float32] | None = None,
    region: Region | None = None,
) -> tuple[FrameFigures, Look | None]:
    """Judge the nearest face of a frame.

    Args:
        before: what this function returned for the frame before.
        reference_mm: (H, W) float32, the true surface in the frame's pixels, NaN or 0 = unknown.
        region: something flat in the frame.

    Returns:
        The figures, and what to hand to the next call (None without a face).

    Raises:
        ModelError: if a network fails.
    """
    found = networks.locator.locate(frame)
    depth = frame.depth_float()
    flat = _flatness(frame, depth, region)
    if not found:
        return FrameFigures(frame.number, 0, flat, dict(flat)), None
    location = min(found, key=lambda each: each.distance_mm)
    crop = crop_face(depth, frame.intrinsics, location.nose_mm)
    face = networks.denoiser.denoise(crop)
    look = _look(frame, depth, location, face)
    raw, denoised = (
        flat | fill | noise | moved | compared
        for flat, fill, noise, moved, compared in zip(
            (flat, _flatness(frame, look.depth_mm[1], region)),
            _fill(crop, face),
            _noise(frame, face),
            _moved(before, look),
            _compared(frame, face, reference_mm),
            strict=True,
        )
    )
    return FrameFigures(frame.number, len(found), raw, denoised, _identity(networks, location, face)), look


def summary(reports: Iterable[FrameFigures]) -> dict[str, object]:
    """Means over the frames that each figure is known for; NaN where none is."""
    every = list(reports)
    known = [report.identity for report in every if not np.isnan(report.identity)]
    return {
        "frames": len(every),
        "frames_with_face": sum(report.faces > 0 for report in every),
        "raw": _means([report.raw for report in every]),
        "denoised": _means([report.denoised for report in every]),
        "identity_drift": float(np.mean(known)) if known else float("nan"),
    }


def _means(figures: Sequence[Figures]) -> Figures:
    out = {}
    for name in FIGURES:
        values = [each[name] for each in figures if not np.isnan(each.get(name, np.nan))]
        out[name] = float(np.mean(values)) if values else float("nan")
    return out


def _look(frame: Frame, depth_mm: NDArray[np.float32], location: FaceLocation, face: DenoisedFace) -> Look:
    whole = compose(frame, [(location, face)])
    clean = np.where(whole.face_mask, whole.depth_mm, depth_mm)
    judged = whole.face_mask & ~np.isnan(depth_mm) & near_nose(clean, frame.intrinsics, location.nose_mm)
    return Look(location.nose_mm, (depth_mm, clean), (normals(depth_mm, frame.intrinsics), whole.normals), judged)


def _flatness(frame: Frame, depth_mm: NDArray[np.float32], region: Region | None) -> Figures:
    if region is None:
        return {}
    return {"plane_rms_mm": plane_rms_mm(region.of(frame.intrinsics.back_project(depth_mm)))}


def _fill(crop: FaceCrop, face: DenoisedFace) -> tuple[Figures, Figures]:
    ellipse = face_ellipse(crop)
    return {"fill_rate": fill_rate(crop.depth_mm[ellipse])}, {"fill_rate": fill_rate(face.depth_mm[ellipse])}


def _noise(frame: Frame, face: DenoisedFace) -> tuple[Figures, Figures]:
    """In the crop's pixels, on the face, where both have a reading."""
    crop = face.crop
    both = near_nose(face.depth_mm, crop.intrinsics, crop.nose_mm) & ~np.isnan(crop.depth_mm)
    raw, clean = (noise_mm(np.where(both, each, np.float32(np.nan))) for each in (crop.depth_mm, face.depth_mm))
    return {"spatial_noise_mm": raw}, {"spatial_noise_mm": clean}


def _moved(before: Look | None, now: Look) -> tuple[Figures, Figures]:
    """Noise from frame to frame, if a face holds still enough."""
    if (
        before is None
        or before.judged.shape != now.judged.shape
        or np.linalg.norm(np.subtract(before.nose_mm, now.nose_mm)) > STILL_MM
    ):
        return {}, {}
    judged = before.judged & now.judged
    raw, clean = (
        {
            "temporal_noise_mm": noise_of_change_mm(change_mm(depth_before, depth_now, now.depth_mm[1], judged)),
            "normal_jitter_deg": normal_jitter_deg(normals_before, normals_now, judged),
        }
        for depth_before, depth_now, normals_before, normals_now in zip(
            before.depth_mm, now.depth_mm, before.normals, now.normals, strict=True
        )
    )
    return raw, clean


def _compared(frame: Frame, face: DenoisedFace, reference_mm: NDArray[np.float32] | None) -> tuple[Figures, Figures]:
    if reference_mm is None:
        return {}, {}
    crop = face.crop
    truth = crop_face(
        np.where(reference_mm > 0, reference_mm, np.float32(np.nan)), frame.intrinsics, crop.nose_mm
    ).depth_mm
    judged = near_nose(truth, crop.intrinsics, crop.nose_mm) & ~np.isnan(crop.depth_mm) & ~np.isnan(face.depth_mm)
    raw, clean = (
        against(each, truth, judged, crop.intrinsics, crop.nose_mm[2]) for each in (crop.depth_mm, face.depth_mm)
    )
    return raw, clean


def _identity(networks: Networks, location: FaceLocation, face: DenoisedFace) -> float:
    raw = DenoisedFace(face.crop, face.crop.depth_mm, normals(face.crop.depth_mm, face.crop.intrinsics))
    return float(networks.recogniser.embed(raw, location) @ networks.recogniser.embed(face, location))
