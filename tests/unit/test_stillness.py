"""What stands and what sways, through the scatter of a locator."""

import numpy as np
import pytest

from depthface_app.core.face import FaceLocation, HeadPose
from depthface_app.pipeline.stillness import WATCHED_S, NosePath
from depthface_app.pipeline.tracker import Tracks, follow

RATE_HZ = 10.0
NOSE_MM = np.array((10.0, -20.0, 600.0))


def watched(noise_mm, sway_mm, seconds=8.0, seed=0):
    """The path of a nose that swings slowly about its place, seen with scatter; the last answer."""
    rng, path = np.random.default_rng(seed), NosePath()
    for now_s in np.arange(0, seconds, 1 / RATE_HZ):
        swing = sway_mm * np.sqrt(2) * np.sin(2 * np.pi * now_s / 3.1) * np.array((0.8, 0.0, 0.6))
        place = NOSE_MM + swing + rng.normal(0, noise_mm, 3)
        path = path.with_place(tuple(place.tolist()), float(now_s))
    return path.is_still(seconds)


@pytest.mark.parametrize("noise_mm", [0.0, 0.3, 1.0, 3.0])
def test_a_dummy_is_still_in_most_cases_and_a_swaying_head_in_few(noise_mm):
    dummies = [watched(noise_mm, 0.0, seed=k) for k in range(40)]
    heads = [watched(noise_mm, 3.0, seed=k) for k in range(40)]
    assert sum(dummies) >= 32
    assert sum(heads) <= 4


def test_nothing_is_said_before_it_was_watched_for_long_enough():
    assert watched(0.5, 0.0, seconds=WATCHED_S - 0.3) is None


def test_who_moved_before_is_still_only_when_that_is_forgotten():
    path, said = NosePath(), {}
    for step in range(160):
        now_s = step / RATE_HZ
        x = 40.0 * min(now_s, 3.0)
        path = path.with_place((x, 0.0, 600.0), now_s)
        said[step] = path.is_still(now_s)
    assert said[60] is False
    assert said[159] is True


def test_a_memory_of_the_path_stays_small():
    path = NosePath()
    for step in range(1000):
        path = path.with_place((0.0, 0.0, 600.0), step / 30)
    assert len(path.pieces) <= WATCHED_S / 0.5 + 2


def test_tracks_say_it_of_the_face_that_they_follow():
    tracks = Tracks()
    for step in range(100):
        face = FaceLocation((0.0, 0.0, 600.0), (320.0, 240.0), HeadPose(0, 0, 0), 0.9, (220.0, 140.0, 420.0, 340.0))
        moving = FaceLocation(
            (300.0 + 5 * (step % 20), 0.0, 600.0), (500.0, 240.0), HeadPose(0, 0, 0), 0.9, (1, 1, 2, 2)
        )
        tracks, (first, second) = follow(tracks, (face, moving), step / 15)
    assert tracks.is_still(first.track) is True
    assert tracks.is_still(second.track) is False
    assert tracks.is_still(99) is None
