"""Capture quality and noise figures against constructed pictures."""

import numpy as np
import pytest

from depthface_app.core.crop import crop_face
from depthface_app.core.face import FaceLocation, HeadPose
from depthface_app.core.frame import Intrinsics
from depthface_app.core.quality import capture_quality, covered_share, fill_rate, temporal_noise_mm
from depthface_app.core.render import render_depth

PINHOLE = Intrinsics(640, 480, 600, 600, 319.5, 239.5)
SIZE = (480, 640)
FRONTAL = HeadPose(0, 0, 0)


def head(pose=FRONTAL, z_mm=700.0):
    """A paraboloid with a nose at its tip, turned by `pose`: nothing of it lies before the tip in its own axes."""
    x, y = np.meshgrid(np.linspace(-70, 70, 71), np.linspace(-90, 90, 91))
    radius = np.hypot(x, y)
    z = radius**2 / 120 + 18 * (1 - np.exp(-((radius / 15) ** 2)))
    points = (np.stack((x, y, z), -1).reshape(-1, 3) @ pose.matrix().T + (0, 0, z_mm)).astype(np.float32)
    corner = np.arange(90 * 71).reshape(90, 71)[:, :-1].ravel()
    triangles = np.concatenate(
        [np.stack((corner, corner + 1, corner + 71), -1), np.stack((corner + 1, corner + 72, corner + 71), -1)]
    )
    return render_depth(points, triangles.astype(np.int32), PINHOLE)


def judge(depth, pose=FRONTAL, z_mm=700.0, box=(220, 140, 420, 340), speed=0.0, face_px=171):
    location = FaceLocation((0, 0, z_mm), (319.5, 239.5), pose, 1.0, box)
    crop = crop_face(depth, PINHOLE, location.nose_mm)
    return capture_quality(crop, location, face_px, SIZE, speed)


def test_a_plain_good_capture_needs_no_hint():
    quality = judge(head())
    assert quality.value > 0.95
    assert quality.hint == ""


@pytest.mark.parametrize(
    ("change", "hint"),
    [
        ({"z_mm": 360.0}, "step back"),
        ({"z_mm": 1500.0}, "come closer"),
        ({"face_px": 40}, "come closer"),
        ({"box": (-30, 100, 200, 340)}, "move to the middle"),
        ({"speed": 500.0}, "hold still"),
    ],
)
def test_each_fault_has_its_own_hint(change, hint):
    quality = judge(head(z_mm=change.get("z_mm", 700.0)), **change)
    assert quality.hint == hint
    assert quality.value < 0.7


def test_a_head_that_looks_away_is_asked_to_turn():
    pose = HeadPose(65, 0, 0)
    assert judge(head(pose), pose).hint == "turn to the camera"


@pytest.mark.parametrize("pose", [HeadPose(0, 0, 0), HeadPose(25, 0, 0), HeadPose(0, 20, 10), HeadPose(-30, -10, 0)])
def test_a_bare_head_covers_nothing_of_itself_however_it_turns(pose):
    location = FaceLocation((0, 0, 700), (319.5, 239.5), pose, 1.0, (220, 140, 420, 340))
    assert covered_share(crop_face(head(pose), PINHOLE, location.nose_mm), location) < 0.01


def test_a_hand_before_the_mouth_is_seen():
    depth = head()
    depth[270:330, 270:370] = 660
    assert judge(depth).hint == "something covers the face"


def test_a_face_full_of_gaps_is_poor():
    depth = head()
    depth[np.random.default_rng(0).random(depth.shape) < 0.7] = np.nan
    assert judge(depth).value < 0.5


def test_fill_rate_counts_readings():
    assert fill_rate(np.array([[1, np.nan], [2, 3]], np.float32)) == 0.75
    assert fill_rate(np.zeros((0, 0), np.float32)) == 0.0


def test_temporal_noise_is_what_was_added_and_needs_two_frames():
    stack = (700 + np.random.default_rng(2).normal(0, 2.0, (200, 20, 20))).astype(np.float32)
    stack[3, 0, 0] = np.nan
    assert temporal_noise_mm(stack) == pytest.approx(2.0, rel=0.05)
    assert np.isnan(temporal_noise_mm(stack[:1]))
