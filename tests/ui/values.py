"""Frames and results made by formula, so that a widget can be driven without a camera or a network."""

import numpy as np
from numpy.typing import NDArray

from depthface_app.core.crop import crop_face
from depthface_app.core.face import DenoisedFace, FaceLocation, FaceResult, HeadPose, Match, Result
from depthface_app.core.frame import Frame, Intrinsics
from depthface_app.core.normals import normals

PINHOLE = Intrinsics(640, 480, 600.0, 600.0, 319.5, 239.5)
WALL_MM = 2100.0


def head_mm(nose_mm: tuple[float, float, float], intrinsics: Intrinsics = PINHOLE) -> NDArray[np.float32]:
    """(H, W) float32 depth of an egg with a nose, eye sockets and shoulders; NaN beside it."""
    rows, columns = np.mgrid[0 : intrinsics.height, 0 : intrinsics.width]
    across = (columns - intrinsics.cx) * nose_mm[2] / intrinsics.fx - nose_mm[0]
    down = (rows - intrinsics.cy) * nose_mm[2] / intrinsics.fy - nose_mm[1]
    egg = 1 - (across / 76) ** 2 - ((down + 8) / 112) ** 2
    surface = np.where(egg > 0, 118 - 100 * np.sqrt(np.clip(egg, 0, 1)), np.nan)
    surface -= 20 * np.exp(
        -((across / 11) ** 2) - (np.clip(down, None, 0) / 34) ** 2 - (np.clip(down, 0, None) / 11) ** 2
    )
    for side in (-1, 1):
        surface += 9 * np.exp(-(((across - side * 32) / 15) ** 2) - ((down + 36) / 10) ** 2)
    surface -= 4 * np.exp(-((across / 24) ** 2) - ((down - 34) / 8) ** 2)
    chest = np.where(
        (down > 118) & (np.abs(across) < 210 - 9000 / np.maximum(down - 40, 1)), 120 + across**2 / 600, np.nan
    )
    return (nose_mm[2] + np.fmin(surface, chest)).astype(np.float32)


def frame_of(noses_mm: tuple[tuple[float, float, float], ...], seed: int = 0, captured_s: float = 100.0) -> Frame:
    """People before a wall, with noise, rounding and holes as a sensor has them."""
    rng = np.random.default_rng(seed)
    depth = np.full((PINHOLE.height, PINHOLE.width), WALL_MM, np.float32)
    for nose_mm in noses_mm:
        depth = np.fmin(depth, head_mm(nose_mm))
    depth += rng.normal(0, 1, depth.shape).astype(np.float32) * (depth / 700) ** 2 * 2.0
    edges = np.hypot(*np.gradient(depth)) > 80
    depth[edges | (rng.random(depth.shape) < 0.004)] = 0
    return Frame(np.round(depth).astype(np.uint16), PINHOLE, captured_s, number=int(captured_s * 30), serial="VALUES")


def face_of(
    frame: Frame,
    nose_mm: tuple[float, float, float],
    *,
    name: str | None = "Ada",
    similarity: float = 0.83,
    track: int = 1,
    quality: float = 0.9,
    hint: str = "",
    yaw_deg: float = 4.0,
    live: bool | None = None,
    candidates: tuple[tuple[str, float], ...] = (("Ada", 0.83), ("Bob", 0.41)),
) -> FaceResult:
    """One face of a frame, denoised by knowing the truth."""
    crop = crop_face(frame.depth_float(), PINHOLE, nose_mm)
    clean = crop_face(head_mm(nose_mm), PINHOLE, nose_mm).depth_mm
    x, y = PINHOLE.project(np.array(nose_mm))
    half = 100 * PINHOLE.fx / nose_mm[2]
    location = FaceLocation(
        nose_mm,
        (float(x), float(y)),
        HeadPose(yaw_deg, 2.0, 0.0),
        0.98,
        (x - half * 0.8, y - half * 1.2, x + half * 0.8, y + half),
        track,
    )
    denoised = DenoisedFace(crop, clean, normals(clean, crop.intrinsics))
    match = Match(name, similarity, 0.62, candidates)
    return FaceResult(location, crop, denoised, np.ones(4, np.float32) / 2, match, quality, hint, live)


def result_of(frame: Frame, *faces: FaceResult) -> Result:
    """What a recogniser would have made of the frame."""
    stages_ms = {"locate": 3.1, "crop": 0.6, "denoise": 8.2, "normals": 0.3, "embed": 7.4, "match": 0.1}
    return Result(frame, faces, stages_ms, frame.captured_s + 0.04)


NEAR = (-40.0, -20.0, 620.0)
LEFT = (-170.0, -10.0, 760.0)
RIGHT = (190.0, -40.0, 900.0)
