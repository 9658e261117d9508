"""The figures of one pair, group by group: each function gives those of the first and of the second method."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from depthface_app.core.crop import paste
from depthface_app.core.depth import noise_mm
from depthface_app.core.face import DenoisedFace, FaceCrop, HeadPose
from depthface_app.core.frame import Frame
from depthface_app.core.metrics.edges import eyelid_slope, nose_edge_mm
from depthface_app.core.metrics.judged import against, near_nose
from depthface_app.core.metrics.plane import fit_plane, offset_mm
from depthface_app.core.metrics.sequence import change_mm, noise_of_change_mm, normal_jitter_deg
from depthface_app.core.metrics.spectrum import band_noise_mm
from depthface_app.core.metrics.surface import hanging_share
from depthface_app.core.quality import face_ellipse, fill_rate
from depthface_app.pipeline.inspection.look import Look, Pair, Region, read
from depthface_app.pipeline.methods import is_raw, on_crop

STILL_MM = 6.0  # a nose that moved further between two frames leaves no telling what is noise

Figures = dict[str, float]
Both = tuple[Figures, Figures]
Depth = NDArray[np.float32]
NONE: Both = ({}, {})


def flatness(frame: Frame, pair: Pair | None, region: Region | None, reference_mm: Depth | None) -> Both:
    """Of a region of the frame that shows something flat; without a face there is nothing but what was read."""
    if region is None:
        return NONE
    raw = read(frame, region)
    pinhole = frame.intrinsics.resampled(region.left, region.top, 1.0, region.width, region.height)
    target = None
    if reference_mm is not None:
        known = region.of(reference_mm)
        target = fit_plane(pinhole.back_project(np.where(known > 0, known, np.float32(np.nan))))

    def of(face: DenoisedFace | None) -> Figures:
        depth = (
            raw if face is None or is_raw(face) else _over(raw, *paste(face.depth_mm, face.crop.intrinsics, pinhole))
        )
        plane = fit_plane(pinhole.back_project(depth))
        if plane is None:
            return {}
        found = {"plane_rms_mm": plane.rms_mm, "plane_distance_mm": plane.middle_mm[2]}
        return found if target is None else found | {"plane_offset_mm": offset_mm(plane, target)}

    first, second = (None, None) if pair is None else pair.faces
    return of(first), of(second)


def _over(raw: Depth, pasted: Depth, mask: NDArray[np.bool_]) -> Depth:
    return np.where(mask, pasted, raw)


def on_the_crop(pair: Pair) -> Both:
    """What one crop shows by itself: gaps, noise and its sizes, pixels that hang in the air."""
    crop = pair.crop
    ellipse = face_ellipse(crop)
    judged = on_the_face(pair)

    def of(face: DenoisedFace) -> Figures:
        depth = face.depth_mm
        return {
            "fill_rate": fill_rate(depth[ellipse]),
            "spatial_noise_mm": noise_mm(np.where(judged, depth, np.float32(np.nan))),
            **{f"noise_{band}_mm": value for band, value in band_noise_mm(depth, judged).items()},
            "hanging_share": hanging_share(depth, near_nose(depth, crop.intrinsics, crop.nose_mm)),
        }

    return _of_both(pair, of)


def on_the_face(pair: Pair) -> NDArray[np.bool_]:
    """(S, S): pixels of the crop within FACE_RADIUS_MM of the nose tip where both methods can be judged."""
    return _both(pair) & near_nose(pair.second.depth_mm, pair.crop.intrinsics, pair.crop.nose_mm)


def sharpness(pair: Pair, reference_mm: Depth | None) -> Both:
    """The face's own edges, and how they compare with those of the reference."""
    crop, pose = pair.crop, pair.location.pose
    truth = None if reference_mm is None else _edges(on_crop(reference_mm, pair.frame, crop), crop, pose)

    def of(face: DenoisedFace) -> Figures:
        found = _edges(face.depth_mm, crop, pose)
        if truth is None:
            return found
        return found | {
            "nose_edge_ratio": found["nose_edge_mm"] / truth["nose_edge_mm"],
            "eyelid_ratio": found["eyelid_slope"] / truth["eyelid_slope"] if truth["eyelid_slope"] > 0 else np.nan,
        }

    return _of_both(pair, of)


def _edges(depth_mm: Depth, crop: FaceCrop, pose: HeadPose) -> Figures:
    return {"nose_edge_mm": nose_edge_mm(depth_mm, crop, pose), "eyelid_slope": eyelid_slope(depth_mm, crop, pose)}


def over_time(before: Look | None, now: Look) -> Both:
    """Noise from frame to frame, if a face holds still enough."""
    if before is None or before.segment != now.segment or _moved_mm(before, now) > STILL_MM:
        return NONE
    shared = before.window.shared(now.window)
    then, here = shared.within(before.window), shared.within(now.window)
    judged = then.of(before.judged) & here.of(now.judged)
    smooth = here.of(now.smooth_mm)

    def of(side: int) -> Figures:
        change = change_mm(then.of(before.depth_mm[side]), here.of(now.depth_mm[side]), smooth, judged)
        turned = normal_jitter_deg(then.of(before.normals[side]), here.of(now.normals[side]), judged)
        return {"temporal_noise_mm": noise_of_change_mm(change), "normal_jitter_deg": turned}

    return of(0), of(1)


def _moved_mm(before: Look, now: Look) -> float:
    return float(np.linalg.norm(np.subtract(before.nose_mm, now.nose_mm)))


def to_reference(pair: Pair, reference_mm: Depth | None) -> Both:
    """Errors on the face, in the crop's pixels."""
    if reference_mm is None:
        return NONE
    crop = pair.crop
    truth = on_crop(reference_mm, pair.frame, crop)
    judged = _both(pair) & near_nose(truth, crop.intrinsics, crop.nose_mm)
    return _of_both(pair, lambda face: against(face.depth_mm, truth, judged, crop.intrinsics, crop.nose_mm[2]))


def _both(pair: Pair) -> NDArray[np.bool_]:
    """(S, S): pixels of the crop where both methods have a surface and the sensor had a reading."""
    both: NDArray[np.bool_] = ~np.isnan(pair.first.depth_mm + pair.second.depth_mm + pair.crop.depth_mm)
    return both


def _of_both(pair: Pair, of: Callable[[DenoisedFace], Figures]) -> Both:
    first, second = (of(face) for face in pair.faces)
    return first, second
