"""From what a Kinect v1 counts to millimetres, and from its colour camera to the pixels of its depth."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from depthface_app.core.frame import Intrinsics

WIDTH, HEIGHT = 640, 480
NO_READING = 2047  # raw value
FARTHEST_MM = 10000.0  # the same limit as libfreenect's
_COLOUR_FOCAL_PX = 525.0


@dataclass(frozen=True, slots=True)
class Calibration:
    """Constants of one Kinect v1, as it reports them; the usual ones stand in where it does not.

    emitter_cm:   infrared camera to projector
    colour_cm:    infrared camera to colour camera, which lies on the same side
    reference_cm: distance of the plane that its reference pattern was taken on
    pixel_cm:     size on that plane of a pixel of the sensor, which has twice as many as its picture
    shift:        offset of the counted disparity, in pixels of the sensor

    Source: libfreenect, libfreenect_registration.h and the constants in registration.c.
    """

    emitter_cm: float = 7.5
    colour_cm: float = 2.3
    reference_cm: float = 120.0
    pixel_cm: float = 0.1042
    shift: float = 200.0

    def is_plausible(self) -> bool:
        """Whether these can be the constants of a Kinect v1, and not those of an empty or misread structure."""
        return (
            5 < self.emitter_cm < 10
            and 1 < self.colour_cm < 5
            and 60 < self.reference_cm < 240
            and 0.05 < self.pixel_cm < 0.2
            and 100 < self.shift < 400
        )

    def intrinsics(self) -> Intrinsics:
        """Pinhole of the depth map. Source: libfreenect, freenect_camera_to_world."""
        focal_px = self.reference_cm / (2 * self.pixel_cm)
        return Intrinsics(WIDTH, HEIGHT, focal_px, focal_px, WIDTH / 2, HEIGHT / 2)

    def millimetres(self) -> NDArray[np.float32]:
        """Table (2048,) of the depth in mm of every raw value; 0 = no reading.

        The pattern is seen m to the side of where the reference plane shows it, in cm on that plane, and so
        z = reference · emitter / (emitter - m): triangulation with projector and camera side by side. Raw values
        count m in quarters of a pixel of the sensor.

        Source: libfreenect, freenect_raw_to_mm in registration.c; the same law, with its constants measured, in
        Khoshelham & Elberink, "Accuracy and Resolution of Kinect Depth Data", Sensors 2012, eq. 5.
        """
        raw = np.arange(NO_READING + 1, dtype=np.float64)
        aside_cm = ((raw - 4 * self.shift) / 4 - 0.375) * self.pixel_cm
        with np.errstate(divide="ignore"):
            depth_mm = 10 * self.reference_cm * self.emitter_cm / (self.emitter_cm - aside_cm)
        usable = (depth_mm > 0) & (depth_mm < FARTHEST_MM)
        usable[NO_READING] = False
        return np.where(usable, depth_mm, 0).astype(np.float32)


def depth_of(raw: NDArray[np.uint16], table_mm: NDArray[np.float32]) -> NDArray[np.float32]:
    """(H, W) float32 mm of raw values (H, W); values that no sensor counts are no reading."""
    return table_mm[np.minimum(raw, NO_READING)]


def seen_from_depth(
    colour: NDArray[np.uint8], depth_mm: NDArray[np.float32], calibration: Calibration
) -> NDArray[np.uint8]:
    """(H, W, 3) the colour picture in the pixels of the depth map, black where that has no reading.

    For a colour camera that looks parallel to the infrared one from colour_cm to its right, with the usual focal
    length; a real pair is turned a little, which costs some pixels.

    Source: ROS openni_launch, the colour focal length it assumes for an uncalibrated Kinect, 525 px.
    """
    pinhole = calibration.intrinsics()
    columns, rows = pinhole.rays()
    with np.errstate(divide="ignore"):
        aside = np.where(depth_mm > 0, 10 * calibration.colour_cm / depth_mm, np.inf)
    across = np.float32(_COLOUR_FOCAL_PX) * (columns[None, :] - aside.astype(np.float32)) + np.float32(WIDTH / 2)
    down = np.repeat(np.float32(_COLOUR_FOCAL_PX) * rows[:, None] + np.float32(HEIGHT / 2), WIDTH, axis=1)
    across[~np.isfinite(across)] = -1
    return np.asarray(cv2.remap(colour, across, down, cv2.INTER_NEAREST, borderMode=cv2.BORDER_CONSTANT))
