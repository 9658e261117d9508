"""What the stages hand to each other about one face."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from depthface_app.core.frame import Frame, Intrinsics


@dataclass(frozen=True, slots=True)
class HeadPose:
    """Head rotation in degrees; 0, 0, 0 looks straight into the camera, upright.

    yaw:   positive when the subject turns towards the picture's right (towards +x)
    pitch: positive when the subject looks down (towards +y)
    roll:  positive when the head tilts clockwise in the picture
    """

    yaw_deg: float
    pitch_deg: float
    roll_deg: float

    def matrix(self) -> NDArray[np.float64]:
        """(3, 3) rotation R = Ry(-yaw)·Rx(pitch)·Rz(roll) from the upright frontal head to the camera's axes."""
        yaw, pitch, roll = np.radians((-self.yaw_deg, self.pitch_deg, self.roll_deg))
        cy, sy, cp, sp, cr, sr = np.cos(yaw), np.sin(yaw), np.cos(pitch), np.sin(pitch), np.cos(roll), np.sin(roll)
        around_y = np.array(((cy, 0, sy), (0, 1, 0), (-sy, 0, cy)))
        around_x = np.array(((1, 0, 0), (0, cp, -sp), (0, sp, cp)))
        around_z = np.array(((cr, -sr, 0), (sr, cr, 0), (0, 0, 1)))
        return around_y @ around_x @ around_z

    @classmethod
    def of_matrix(cls, rotation: NDArray[np.floating]) -> "HeadPose":
        """The pose whose `matrix` is this (3, 3) rotation; valid for |pitch| < 90°."""
        pitch = np.arcsin(np.clip(-rotation[1, 2], -1, 1))
        yaw = np.arctan2(rotation[0, 2], rotation[2, 2])
        roll = np.arctan2(rotation[1, 0], rotation[1, 1])
        return cls(float(-np.degrees(yaw)), float(np.degrees(pitch)), float(np.degrees(roll)))


@dataclass(frozen=True, slots=True)
class FaceLocation:
    """One face found in one frame.

    nose_mm:  tip of the nose (x, y, z) in camera axes, mm
    nose_px:  the same point in pixels (x, y) of the depth map
    score:    0 to 1, how sure the locator is that this is a face
    box_px:   (left, top, right, bottom) around the face, pixels of the depth map
    track:    number that stays with the person while they stay in the picture; 0 = not tracked yet
    """

    nose_mm: tuple[float, float, float]
    nose_px: tuple[float, float]
    pose: HeadPose
    score: float
    box_px: tuple[float, float, float, float]
    track: int = 0

    @property
    def distance_mm(self) -> float:
        """Straight distance from the camera to the tip of the nose."""
        return float(np.linalg.norm(self.nose_mm))


@dataclass(frozen=True, eq=False, slots=True)
class FaceCrop:
    """A metric window around one nose tip: a small depth picture with a pinhole of its own.

    depth_mm:   (S, S) float32 distance from the camera in mm, NaN = no reading
    intrinsics: pinhole of the crop
    nose_mm:    centre of the window, camera axes
    window_mm:  side of the window at the nose's distance
    """

    depth_mm: NDArray[np.float32]
    intrinsics: Intrinsics
    nose_mm: tuple[float, float, float]
    window_mm: float


@dataclass(frozen=True, eq=False, slots=True)
class DenoisedFace:
    """A crop after the denoiser.

    depth_mm: (S, S) float32 distance in mm, NaN outside the surface of the head
    normals:  (S, S, 3) float32 unit vectors in camera axes, facing the camera; NaN where depth is
    fine_depth_mm: (2S, 2S) float32, the same weights decoded at twice the resolution, or None
    normals_ms: part of the time that went into the normals
    surface:  (S, S) float32 how sure the network is that there is a surface, 0 to 1; None from one that does not say
    """

    crop: FaceCrop
    depth_mm: NDArray[np.float32]
    normals: NDArray[np.float32]
    fine_depth_mm: NDArray[np.float32] | None = None
    normals_ms: float = 0.0
    surface: NDArray[np.float32] | None = None


@dataclass(frozen=True, slots=True)
class Match:
    """The answer of the gallery for one embedding.

    name:       the person, or None when nobody reaches the threshold (unknown) or the gallery is empty
    similarity: cosine with the best person, -1 to 1; NaN when the gallery is empty
    candidates: best first, (name, similarity), whatever the threshold
    """

    name: str | None
    similarity: float
    threshold: float
    candidates: tuple[tuple[str, float], ...] = ()

    @property
    def best(self) -> str | None:
        """Nearest person, accepted or not."""
        return self.candidates[0][0] if self.candidates else None

    @property
    def runner_up(self) -> tuple[str, float] | None:
        """Second nearest person with their similarity."""
        return self.candidates[1] if len(self.candidates) > 1 else None


@dataclass(frozen=True, eq=False, slots=True)
class FaceResult:
    """Everything known about one face in one frame; a stage that did not run leaves None.

    embedding: (D,) float32 unit vector
    quality:   0 to 1
    hint:      what would make the capture better ("come closer"), "" when nothing
    live:      liveness, None = not judged
    still:     True = has not moved for seconds, which a living head hardly can; None = not watched for long enough
    """

    location: FaceLocation
    crop: FaceCrop | None = None
    denoised: DenoisedFace | None = None
    embedding: NDArray[np.float32] | None = None
    match: Match | None = None
    quality: float = 0.0
    hint: str = ""
    live: bool | None = None
    still: bool | None = None


@dataclass(frozen=True, eq=False, slots=True)
class Result:
    """What the recogniser made of one frame.

    stages_ms: milliseconds spent per stage (locate, crop, denoise, normals, embed, match), summed over faces
    done_s:    host monotonic clock when the result was complete
    """

    frame: Frame
    faces: tuple[FaceResult, ...]
    stages_ms: dict[str, float] = field(default_factory=dict)
    done_s: float = 0.0
