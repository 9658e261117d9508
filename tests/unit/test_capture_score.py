"""A capture's score names what is wrong with it: each part alone falls when its own cause is there."""

import math
from dataclasses import replace

import numpy as np
import pytest

from depthface_app.core.capture_score import noise_mm, score_capture
from depthface_app.core.crop import crop_face
from depthface_app.core.face import FaceLocation, HeadPose
from depthface_app.core.frame import Intrinsics

PINHOLE = Intrinsics(640, 480, 600.0, 600.0, 319.5, 239.5)


def dome_mm(z_mm):
    """(480, 640) float32: a head-sized dome whose foremost point lies at z_mm."""
    rows, columns = np.mgrid[0:480, 0:640]
    x, y = (columns - PINHOLE.cx) * z_mm / PINHOLE.fx, (rows - PINHOLE.cy) * z_mm / PINHOLE.fy
    inside = 1 - (x / 76) ** 2 - (y / 112) ** 2
    return np.where(inside > 0, z_mm + 100 * (1 - np.sqrt(np.clip(inside, 0, 1))), np.nan).astype(np.float32)


def scored(z_mm=700.0, yaw_deg=0.0, noise=0.5, gaps=0.0, cover=False):
    rng = np.random.default_rng(1)
    clean = dome_mm(z_mm)
    seen = clean + rng.normal(0, noise, clean.shape).astype(np.float32)
    seen[rng.random(clean.shape) < gaps] = np.nan
    if cover:
        seen[230:300, 280:360] = z_mm - 60
    nose = (0.0, 0.0, z_mm)
    location = FaceLocation(nose, (319.5, 239.5), HeadPose(yaw_deg, 0, 0), 0.9, (200, 100, 440, 380), 1)
    crop, truth = crop_face(seen, PINHOLE, nose), crop_face(clean, PINHOLE, nose)
    return score_capture(crop, location, truth.depth_mm, None)


def test_a_good_capture_has_nothing_to_gain_and_an_unjudged_part_is_no_number():
    score = scored()
    assert score.value == pytest.approx(1, abs=0.05)
    assert math.isnan(score.relief)
    assert tuple(score.parts()) == ("fill", "noise", "pose", "distance", "clear", "relief")


@pytest.mark.parametrize(
    ("part", "fault"),
    [
        ("fill", {"gaps": 0.7}),
        ("noise", {"noise": 12.0}),
        ("pose", {"yaw_deg": 60.0}),
        ("distance", {"z_mm": 1500.0}),
        ("distance", {"z_mm": 365.0}),
        ("clear", {"cover": True}),
    ],
)
def test_each_fault_lowers_its_own_part_to_the_score(part, fault):
    score = scored(**fault)
    assert getattr(score, part) < 0.5
    assert score.value <= getattr(score, part)
    # The dome itself never turns, so that its rim stands ahead of a nose that is said to look aside.
    apart = (part, "noise", "relief", "clear" if part == "pose" else "")
    others = {name: value for name, value in score.parts().items() if name not in apart}
    assert min(others.values()) > 0.7


def test_the_noise_is_the_scatter_about_the_surface_whatever_its_offset():
    rng, clean = np.random.default_rng(2), crop_face(dome_mm(700.0), PINHOLE, (0.0, 0.0, 700.0))
    noisy = replace(clean, depth_mm=clean.depth_mm + rng.normal(5, 3, clean.depth_mm.shape).astype(np.float32))
    assert noise_mm(noisy, clean.depth_mm) == pytest.approx(3, rel=0.05)
    empty = replace(clean, depth_mm=np.full_like(clean.depth_mm, np.nan))
    assert noise_mm(empty, clean.depth_mm) == math.inf
    assert (
        score_capture(
            empty, FaceLocation((0, 0, 700.0), (0, 0), HeadPose(0, 0, 0), 1, (0, 0, 1, 1)), clean.depth_mm, None
        ).value
        == 0
    )
