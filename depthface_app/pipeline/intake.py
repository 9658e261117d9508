"""What comes out of a camera, looked at before anybody trusts it: broken, late and repeated frames, broken time."""

from dataclasses import dataclass, replace

import numpy as np

from depthface_app.core.frame import Frame

SIDES_PX = (16, 4096)  # no depth camera delivers less or more
FARTHEST_MM = 1e6
AHEAD_S = 0.25  # a frame cannot be captured later than now; this much is a clock that was read twice
JITTER_S = 0.005
JUMP_S = 1.0  # a device clock that gains this much on the host's between two frames has jumped
LEAST_READINGS = 0.001  # share of the pixels below which a picture is dark


@dataclass(frozen=True, eq=False, slots=True)
class Intake:
    """What the frames so far left behind.

    last:         newest frame that was handed on
    segment:      number of the unbroken stretch of the stream that the next frame belongs to
    dark_since_s: host clock since when there are no readings, None while there are some
    """

    last: Frame | None = None
    segment: int = 0
    dark_since_s: float | None = None

    def reopened(self) -> "Intake":
        """The camera was opened anew: nothing from before can be continued."""
        return Intake(segment=self.segment + 1)


def take_in(intake: Intake, frame: Frame, now_s: float, stale_after_s: float) -> tuple[Intake, Frame | None, str]:
    """Look at one frame.

    Args:
        now_s: host monotonic clock.
        stale_after_s: a frame captured longer ago is not shown any more.

    Returns:
        What is left for the next frame; the frame to hand on with its segment, or None; and then what is wrong and what
        to do, as the second half of a sentence about the camera.
    """
    problem = defect_of(frame) or _lateness(frame, now_s, stale_after_s) or _repetition(frame, intake)
    if problem:
        return intake, None, problem
    segment = intake.segment + (intake.last is not None and is_break(intake.last, frame))
    good = frame if frame.segment == segment else replace(frame, segment=segment)
    since_s = (intake.dark_since_s or now_s) if is_dark(frame) else None
    return Intake(good, segment, since_s), good, ""


def defect_of(frame: Frame) -> str:
    """How a frame contradicts itself, "" if it does not."""
    odd = _odd_size(frame) or _odd_depth(frame)
    return f"sends pictures that cannot be right ({odd}); unplug it for a moment, or choose another mode" if odd else ""


def _odd_size(frame: Frame) -> str:
    height, width = frame.depth_mm.shape
    if not all(SIDES_PX[0] <= side <= SIDES_PX[1] for side in (height, width)):
        return f"{width}x{height} pixels"
    for name, picture in (("colour", frame.colour), ("infrared", frame.infrared)):
        if picture is not None and picture.shape[:2] != (height, width):
            return f"{name} does not have the size of depth"
    pinhole = frame.intrinsics
    is_pinhole = np.isfinite([pinhole.cx, pinhole.cy]).all() and 0 < pinhole.fx < np.inf and 0 < pinhole.fy < np.inf
    return "" if is_pinhole else "no focal length"


def _odd_depth(frame: Frame) -> str:
    depth = frame.depth_mm
    if depth.dtype == np.uint16:
        return ""
    if depth.dtype != np.float32:
        return f"depth of the type {depth.dtype}"
    nearest, farthest = float(depth.min()), float(depth.max())
    return "" if nearest >= 0 and farthest < FARTHEST_MM else f"depths from {nearest:g} to {farthest:g} mm"


def _lateness(frame: Frame, now_s: float, stale_after_s: float) -> str:
    age_s = now_s - frame.captured_s
    if not age_s >= -AHEAD_S:
        return "sends pictures from the future: its clock is wrong; unplug it for a moment"
    late = f"sends pictures {age_s:.1f} s late; end other programs that use it or this computer"
    return late if age_s > stale_after_s else ""


def _repetition(frame: Frame, intake: Intake) -> str:
    last = intake.last
    if last is None or not frame.is_live or is_dark(frame):
        return ""
    is_same = frame.depth_mm is last.depth_mm or np.array_equal(frame.depth_mm, last.depth_mm)
    return "sends the same picture again and again; unplug it for a moment" if is_same else ""


def is_dark(frame: Frame) -> bool:
    """Whether it has (nearly) no readings: covered lenses, everything too near, a projector that is off."""
    return int(np.count_nonzero(frame.depth_mm)) < LEAST_READINGS * frame.depth_mm.size


def is_break(last: Frame, frame: Frame) -> bool:
    """Whether what was seen in `last` cannot be continued: a clock or counter jumped, or the picture is another."""
    host_s = frame.captured_s - last.captured_s
    device_s = (frame.device_timestamp_ms - last.device_timestamp_ms) / 1000
    has_jumped = host_s < 0 or device_s < -JITTER_S or device_s - host_s > JUMP_S or frame.number < last.number
    origin, origin_before = ((f.serial, f.timestamp_domain, f.intrinsics) for f in (frame, last))
    return has_jumped or origin != origin_before
