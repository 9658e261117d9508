"""Edges whose width and slope are known in closed form, on profiles and on a face made of them."""

import numpy as np
import pytest
from scipy.special import erf
from scipy.stats import norm

from depthface_app.core.crop import crop_intrinsics
from depthface_app.core.face import FaceCrop, HeadPose
from depthface_app.core.frame import Intrinsics
from depthface_app.core.metrics.edges import eyelid_slope, nose_edge_mm, rise_mm

FRAME = Intrinsics(640, 480, 600.0, 600.0, 319.5, 239.5)
NOSE_MM = (0.0, 0.0, 20_000.0)  # so far away that rays are parallel and a pixel spans the same everywhere
AHEAD = HeadPose(0, 0, 0)
CROP = FaceCrop(np.zeros((128, 128), np.float32), crop_intrinsics(FRAME, NOSE_MM, 200.0, 128), NOSE_MM, 200.0)
ALONG = np.arange(0, 31.0)
TEN_TO_NINETY = 2 * norm.ppf(0.9)  # of a Gaussian's standard deviation


def places():
    """x and y of every pixel of the crop, mm from the tip of the nose."""
    axis = (np.arange(128) - 63.5) * 200 / 128
    return np.meshgrid(axis, axis)


def face(sd_mm=4.0, rise=28.0, edge=14.0):
    """A nose with rounded sides at `edge` mm from its middle."""
    x, _ = places()
    return (NOSE_MM[2] + rise * (1 + erf((np.abs(x) - edge) / (sd_mm * np.sqrt(2)))) / 2).astype(np.float32)


@pytest.mark.parametrize("sd_mm", [2.0, 3.5])
def test_a_gaussian_edge_is_as_wide_as_its_quantiles(sd_mm):
    profile = 28 * norm.cdf(ALONG, 14, sd_mm)
    assert rise_mm(ALONG, profile) == pytest.approx(TEN_TO_NINETY * sd_mm, rel=0.03)


def test_a_ramp_is_as_wide_as_four_fifths_of_it():
    assert rise_mm(ALONG, np.clip((ALONG - 8) / 10, 0, 1) * 25) == pytest.approx(8, abs=0.05)


def test_a_profile_that_rises_too_little_or_has_gaps_says_nothing():
    assert np.isnan(rise_mm(ALONG, np.clip((ALONG - 8) / 10, 0, 1) * 5))
    gaps = norm.cdf(ALONG, 14, 3) * 28
    gaps[25:] = np.nan
    assert np.isnan(rise_mm(ALONG, gaps))
    assert np.isnan(rise_mm(ALONG, 28 - ALONG))


@pytest.mark.parametrize("sd_mm", [2.5, 4.0])
def test_the_nose_of_a_face_has_the_width_it_was_made_with(sd_mm):
    with_pixels = np.hypot(sd_mm, 200 / 128 / 2)  # which blur an edge themselves
    assert nose_edge_mm(face(sd_mm), CROP, AHEAD) == pytest.approx(TEN_TO_NINETY * with_pixels, rel=0.03)


def test_what_is_blurred_is_wider_and_an_unseen_side_says_nothing():
    assert nose_edge_mm(face(4.0), CROP, AHEAD) > nose_edge_mm(face(3.0), CROP, AHEAD) + 2
    half = face()
    half[:, 66:] = np.nan
    assert np.isnan(nose_edge_mm(half, CROP, AHEAD))
    assert np.isnan(nose_edge_mm(face(), CROP, HeadPose(35, 0, 0)))


def test_a_tilted_head_is_measured_along_its_own_axes():
    x, y = places()
    turned = np.radians(20)
    across = x * np.cos(turned) + y * np.sin(turned)
    tilted = (NOSE_MM[2] + 28 * norm.cdf(np.abs(across), 14, 3)).astype(np.float32)
    assert nose_edge_mm(tilted, CROP, HeadPose(0, 0, 20)) == pytest.approx(TEN_TO_NINETY * 3, rel=0.05)
    assert nose_edge_mm(tilted, CROP, AHEAD) > TEN_TO_NINETY * 3 * 1.04


def lids(slope, width_mm=4.0):
    """A fall of that slope over `width_mm` under each eye."""
    _, y = places()
    return (NOSE_MM[2] + 30 + slope * np.clip(y + 32, 0, width_mm)).astype(np.float32)


@pytest.mark.parametrize("slope", [0.4, 1.2])
def test_the_lids_have_the_slope_they_were_made_with(slope):
    assert eyelid_slope(lids(slope, 5.0), CROP, AHEAD) == pytest.approx(slope, rel=0.03)


def test_lids_in_a_gap_say_nothing():
    x, _ = places()
    assert np.isnan(eyelid_slope(np.where(x > 0, lids(1.0), np.nan).astype(np.float32), CROP, AHEAD))
    assert np.isnan(eyelid_slope(lids(1.0), CROP, HeadPose(0, -40, 0)))
