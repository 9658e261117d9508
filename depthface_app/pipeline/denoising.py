"""A whole frame with the denoised surface of every face in place."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from depthface_app.core.colour import DEFAULT_COLOUR_MAP, colour_depth, colour_normals, depth_limits, ramp
from depthface_app.core.crop import crop_face, paste
from depthface_app.core.face import DenoisedFace, FaceLocation
from depthface_app.core.frame import Frame, Intrinsics
from depthface_app.core.normals import normals
from depthface_app.pipeline.stages import FaceDenoiser, FaceLocator

PANE_HEIGHT_PX = 480
MARGIN = 0.15  # of the faces' box, shown around it
STRIP_PX, BAR_PX, TICKS = 36, 96, 5
_PAPER, _INK = 255, 40


@dataclass(frozen=True, eq=False, slots=True)
class DenoisedFrame:
    """A frame after the denoiser, in the frame's own pixels.

    depth_mm:  (H, W) float32 mm, 0 = no reading; the raw depth wherever `face_mask` is False
    face_mask: (H, W) bool, exactly the pixels that were denoised
    normals:   (H, W, 3) float32 unit vectors in camera axes, facing the camera; NaN without a reading
    """

    frame: Frame
    depth_mm: NDArray[np.float32]
    face_mask: NDArray[np.bool_]
    normals: NDArray[np.float32]
    faces: tuple[FaceLocation, ...]

    def faces_json(self) -> str:
        """What is known about each face, nearest first, as JSON."""
        return json.dumps(
            [
                {
                    "nose_mm": [round(value, 2) for value in face.nose_mm],
                    "nose_px": [round(value, 2) for value in face.nose_px],
                    "distance_mm": round(face.distance_mm, 2),
                    "yaw_deg": round(face.pose.yaw_deg, 1),
                    "pitch_deg": round(face.pose.pitch_deg, 1),
                    "roll_deg": round(face.pose.roll_deg, 1),
                    "score": round(face.score, 3),
                }
                for face in self.faces
            ]
        )


def denoise_frame(frame: Frame, locator: FaceLocator, denoiser: FaceDenoiser) -> DenoisedFrame:
    """Find and denoise every face of a frame. Raises ModelError if a network fails."""
    locations = locator.locate(frame)
    depth = frame.depth_float()
    crops = [crop_face(depth, frame.intrinsics, location.nose_mm) for location in locations]
    return compose(frame, [(each, denoiser.denoise(crop)) for each, crop in zip(locations, crops, strict=True)])


def compose(frame: Frame, faces: Sequence[tuple[FaceLocation, DenoisedFace]]) -> DenoisedFrame:
    """Put denoised faces into their frame; where two overlap, the nearer one is in front."""
    depth = frame.depth_float()
    mask = np.zeros(depth.shape, np.bool_)
    on_faces = np.full((*depth.shape, 3), np.nan, np.float32)
    for _, face in sorted(faces, key=lambda pair: -pair[0].distance_mm):
        pasted, normal, here = _pasted(face, frame.intrinsics)
        depth[here], on_faces[here] = pasted[here], normal[here]
        mask |= here
    surface = normals(depth, frame.intrinsics)
    surface[mask] = on_faces[mask]
    nearest_first = tuple(location for location, _ in sorted(faces, key=lambda pair: pair[0].distance_mm))
    return DenoisedFrame(frame, np.nan_to_num(depth), mask, surface, nearest_first)


def _pasted(
    face: DenoisedFace, pinhole: Intrinsics
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.bool_]]:
    """Depth, unit normals and the pixels of the frame that have both."""
    depth, has_depth = paste(face.depth_mm, face.crop.intrinsics, pinhole)
    normal, has_normal = paste(face.normals, face.crop.intrinsics, pinhole)
    length = np.linalg.norm(normal, axis=-1, keepdims=True)
    here: NDArray[np.bool_] = has_depth & has_normal & (length[..., 0] > 0)
    return depth, (normal / np.where(length > 0, length, 1)).astype(np.float32), here


def panes_picture(denoised: DenoisedFrame, colour_map: str = DEFAULT_COLOUR_MAP) -> NDArray[np.uint8]:
    """(H, W, 3) uint8 RGB: raw depth, denoised depth, raw normals, denoised normals, one scale in mm beside the depths.

    Shows the faces with a margin, or the whole frame when there is none.
    """
    frame, region = denoised.frame, _region(denoised)
    raw = frame.depth_float()
    clean = np.where(denoised.depth_mm > 0, denoised.depth_mm, np.float32(np.nan))
    near, far = depth_limits(clean[denoised.face_mask] if denoised.face_mask.any() else clean)
    pictures = [
        ("raw depth", colour_depth(raw[region], near, far, colour_map)),
        ("denoised depth", colour_depth(clean[region], near, far, colour_map)),
        ("raw normals", colour_normals(normals(raw, frame.intrinsics)[region])),
        ("denoised normals", colour_normals(denoised.normals[region])),
    ]
    panes = [_pane(name, picture) for name, picture in pictures]
    return np.hstack([*panes[:2], _bar(near, far, colour_map), *panes[2:]])


def _region(denoised: DenoisedFrame) -> tuple[slice, slice]:
    """Rows and columns of all denoised pixels with a margin."""
    height, width = denoised.face_mask.shape
    rows, columns = np.nonzero(denoised.face_mask)
    if len(rows) == 0:
        return slice(0, height), slice(0, width)
    margin = int(MARGIN * max(np.ptp(rows), np.ptp(columns))) + 1
    return (
        slice(max(rows.min() - margin, 0), min(rows.max() + margin + 1, height)),
        slice(max(columns.min() - margin, 0), min(columns.max() + margin + 1, width)),
    )


def _pane(name: str, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The picture at the panes' height under a strip with its name; whole pixels stay visible as squares."""
    height, width = picture.shape[:2]
    size = (max(round(width * PANE_HEIGHT_PX / height), 1), PANE_HEIGHT_PX)
    shrinks = size[0] < width
    body = cv2.resize(picture, size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_NEAREST)
    pane = np.full((PANE_HEIGHT_PX + STRIP_PX, size[0] + 8, 3), _PAPER, np.uint8)
    pane[STRIP_PX:, 4:-4] = body
    _write(pane, name, (6, STRIP_PX - 12))
    return pane


def _bar(near_mm: float, far_mm: float, colour_map: str) -> NDArray[np.uint8]:
    """The depth scale, near at the top, with its millimetres and what the hatch means."""
    bar = np.full((PANE_HEIGHT_PX + STRIP_PX, BAR_PX, 3), _PAPER, np.uint8)
    shades = ramp(colour_map)[np.linspace(255, 0, PANE_HEIGHT_PX).round().astype(int)]
    bar[STRIP_PX:, 4:24] = shades[:, None]
    for share in np.linspace(0, 1, TICKS):
        row = STRIP_PX + int(share * (PANE_HEIGHT_PX - 1))
        bar[row, 24:29] = _INK
        _write(bar, f"{near_mm + share * (far_mm - near_mm):.0f}", (32, min(max(row + 5, STRIP_PX + 11), len(bar) - 3)))
    _write(bar, "mm", (4, STRIP_PX - 12))
    return bar


def _write(picture: NDArray[np.uint8], text: str, place: tuple[int, int]) -> None:
    cv2.putText(picture, text, place, cv2.FONT_HERSHEY_SIMPLEX, 0.5, (_INK,) * 3, 1, cv2.LINE_AA)
