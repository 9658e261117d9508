"""How much of a face's relief is there, on surfaces whose relief is known."""

import numpy as np
import pytest

from depthface_app.core.canonical import STEP_MM, MeanFace
from depthface_app.core.crop import SIZE_PX, WINDOW_MM, crop_intrinsics
from depthface_app.core.face import FaceCrop, FaceLocation, HeadPose
from depthface_app.core.frame import Intrinsics
from depthface_app.core.liveness import relief
from depthface_app.pipeline.liveness import judge
from depthface_app.pipeline.tracker import Tracks, follow, remember_relief

NOSE_MM = (0.0, 0.0, 600.0)
AHEAD = HeadPose(0, 0, 0)
PINHOLE = crop_intrinsics(Intrinsics(640, 480, 600, 600, 319.5, 239.5), NOSE_MM, WINDOW_MM, SIZE_PX)
AT_MM = (np.arange(SIZE_PX) - (SIZE_PX - 1) / 2) * STEP_MM
X, Y = np.meshgrid(AT_MM, AT_MM)


def bulge(x, y, radius_mm):
    return np.exp(-(x**2 + y**2) / (2 * radius_mm**2))


def face_mm(share=1.0):
    """Depth behind the nose tip: a bowed sheet, and a share of the relief on it."""
    features = -22 * bulge(X, (Y + 8) / 1.3, 11)
    features = features + 9 * (bulge(X - 31, Y + 30, 12) + bulge(X + 31, Y + 30, 12)) - 6 * bulge(X / 2, Y - 32, 9)
    return (share * features + 20 + (X**2 + Y**2) / 260).astype(np.float32)


MEAN = MeanFace.of_depth(np.where(np.hypot(X, Y) < 90, face_mm(), np.nan).astype(np.float32))


def seen(relative_mm, noise_mm=0.0, nose_mm=NOSE_MM):
    """A crop that sees this surface (parallel rays: the perspective of 200 mm at 600 mm is no relief)."""
    noise = np.random.default_rng(0).normal(0, noise_mm, relative_mm.shape) if noise_mm else 0
    return FaceCrop((relative_mm + nose_mm[2] + noise).astype(np.float32), PINHOLE, nose_mm, WINDOW_MM)


def found(relative_mm, noise_mm=0.0):
    return relief(seen(relative_mm, noise_mm), NOSE_MM, AHEAD, MEAN).shares[0]


def test_a_face_has_all_of_the_relief_even_under_noise():
    assert found(face_mm()) == pytest.approx(1, abs=0.1)
    assert found(face_mm(), noise_mm=4) == pytest.approx(1, abs=0.15)


@pytest.mark.parametrize(
    "surface",
    [np.full_like(X, 10.0), 10 + X * 0.3, 90 - np.sqrt(90**2 - np.clip(X, -85, 85) ** 2), 10 + Y**2 / 200],
    ids=["flat", "tilted", "bent round the vertical", "bent round the horizontal"],
)
def test_a_picture_has_none_however_it_is_bent(surface):
    assert abs(found(surface.astype(np.float32), noise_mm=2)) < 0.12


def test_a_shallow_relief_has_its_share():
    shares = [found(face_mm(share)) for share in (0.2, 0.5, 0.8)]
    assert shares == pytest.approx([0.2, 0.5, 0.8], abs=0.12)


def test_too_little_to_see_says_nothing():
    hidden = face_mm()
    hidden[:, 20:] = np.nan
    assert relief(seen(hidden), NOSE_MM, AHEAD, MEAN) is None


def test_a_nose_through_a_picture_is_told_from_the_picture_around_it():
    """A bent sheet 10 mm behind the tip of a real nose that pushes through: the nose is there, the rest is not."""
    through = (X / 18) ** 2 + ((Y + 4) / 24) ** 2 < 1
    worn = np.where(through, face_mm(), 14 + X**2 / 220).astype(np.float32)
    seen_relief = relief(seen(worn, noise_mm=1), NOSE_MM, AHEAD, MEAN)
    assert seen_relief.shares[2] > 0.3
    assert abs(seen_relief.shares[1]) < 0.25
    assert seen_relief.left_mm[2] > 2 * relief(seen(face_mm(), noise_mm=1), NOSE_MM, AHEAD, MEAN).left_mm[2]
    assert judged([seen(worn, noise_mm=1)]) is False


def test_what_a_share_leaves_is_the_noise():
    """Of the whole face, with 3 mm of white noise: 3 mm are left, RMS."""
    assert relief(seen(face_mm(), noise_mm=3), NOSE_MM, AHEAD, MEAN).left_mm[0] == pytest.approx(3, rel=0.1)


def location(pose=AHEAD):
    return FaceLocation(NOSE_MM, (320.0, 240.0), pose, 0.9, (220.0, 140.0, 420.0, 340.0), 1)


def judged(crops, pose=AHEAD, mean=MEAN):
    tracks, live = Tracks(), None
    for k, crop in enumerate(crops):
        tracks, (place,) = follow(tracks, (location(pose),), k / 30)
        tracks, live = judge(crop, place, mean, tracks)
    return live


def test_the_program_judges_faces_pictures_and_what_it_cannot_judge():
    assert judged([seen(face_mm())]) is True
    assert judged([seen(np.full_like(X, 10.0, np.float32))]) is False
    assert judged([seen(face_mm())], mean=None) is None
    assert judged([seen(face_mm())], pose=HeadPose(60, 0, 0)) is None


def test_one_odd_picture_does_not_change_the_judgement():
    flat, real = seen(np.full_like(X, 10.0, np.float32)), seen(face_mm())
    assert judged([real] * 6 + [flat]) is True
    assert judged([flat] * 6 + [real]) is False


def test_relief_fades_with_time():
    tracks, _ = follow(Tracks(), (location(),), 0.0)
    tracks, first = remember_relief(tracks, 1, 1.0)
    tracks, _ = follow(tracks, (location(),), 0.9)
    tracks, later = remember_relief(tracks, 1, 0.0)
    assert first == 1
    assert later < 0.3
