"""Tracks keep their number."""

import numpy as np
import pytest

from depthface_app.core.face import FaceLocation, HeadPose
from depthface_app.pipeline.tracker import FADES_IN_S, FORGET_AFTER_S, Tracks, follow, remember
from tests.fake_models import axis_vector


def at(x, y=0.0, z=700.0):
    return FaceLocation((x, y, z), (0, 0), HeadPose(0, 0, 0), 1.0, (0, 0, 1, 1))


def numbers(locations):
    return [location.track for location in locations]


def test_two_people_keep_their_numbers_whatever_order_they_come_in():
    tracks, found = follow(Tracks(), [at(-200), at(200)], 0.0)
    assert numbers(found) == [1, 2]
    tracks, found = follow(tracks, [at(190), at(-210)], 0.033)
    assert numbers(found) == [2, 1]


def test_a_newcomer_gets_a_number_never_used_before():
    tracks, _ = follow(Tracks(), [at(0)], 0.0)
    tracks, _ = follow(tracks, [], 2.0)
    _, found = follow(tracks, [at(0)], 2.1)
    assert numbers(found) == [2]


def test_a_short_gap_keeps_the_number_and_a_long_one_does_not():
    tracks, _ = follow(Tracks(), [at(0)], 0.0)
    kept, _ = follow(tracks, [], 0.3)
    assert numbers(follow(kept, [at(20)], 0.6)[1]) == [1]
    assert numbers(follow(tracks, [at(20)], FORGET_AFTER_S + 0.1)[1]) == [2]


def test_movement_is_expected_to_go_on():
    tracks = Tracks()
    for step in range(10):
        tracks, found = follow(tracks, [at(step * 30.0)], step / 30)
    assert numbers(found) == [1]
    assert tracks.speed_mm_s(1) == pytest.approx(900, rel=0.01)
    assert tracks.speed_mm_s(77) == 0


def test_crossing_people_are_told_apart_by_their_movement():
    tracks = Tracks()
    for step in range(21):
        x = -200 + step * 20.0
        tracks, found = follow(tracks, [at(x, z=700), at(-x, z=760)], step / 30)
    assert numbers(found) == [1, 2]


def test_a_jump_across_the_room_is_somebody_else():
    tracks, _ = follow(Tracks(), [at(0)], 0.0)
    assert numbers(follow(tracks, [at(600)], 0.033)[1]) == [2]


def test_a_clock_that_jumps_back_forgets_everyone():
    tracks, _ = follow(Tracks(), [at(0)], 100.0)
    tracks, found = follow(tracks, [at(0)], 1.0)
    assert numbers(found) == [2]
    assert len(tracks.following) == 1


def test_following_leaves_the_tracks_given_as_they_were():
    tracks, _ = follow(Tracks(), [at(0)], 0.0)
    before = tracks.following
    follow(tracks, [at(5)], 0.1)
    assert tracks.following is before
    assert tracks.following[0].nose_mm == (0, 0, 700)


def test_evidence_gathers_by_quality_and_fades_with_time():
    lean, other = axis_vector(0, lean=0.5), axis_vector(0, lean=-0.5)
    tracks, _ = follow(Tracks(), [at(0)], 0.0)
    tracks, seen = remember(tracks, 1, lean, 0.5)
    np.testing.assert_allclose(seen, lean, atol=1e-6)
    tracks, _ = follow(tracks, [at(0)], 0.0)
    tracks, seen = remember(tracks, 1, lean, 0.5)
    np.testing.assert_allclose(seen, lean, atol=1e-6)
    tracks, _ = follow(tracks, [at(0)], FADES_IN_S)
    _, seen = remember(tracks, 1, other, 1.0)
    expected = np.exp(-1) * lean + other
    np.testing.assert_allclose(seen, expected / np.linalg.norm(expected), atol=1e-6)


def test_a_contradiction_begins_the_evidence_anew():
    tracks, _ = follow(Tracks(), [at(0)], 0.0)
    tracks, _ = remember(tracks, 1, axis_vector(0), 1.0)
    tracks, _ = follow(tracks, [at(0)], 0.1)
    tracks, seen = remember(tracks, 1, axis_vector(4), 0.2)
    np.testing.assert_allclose(seen, axis_vector(4), atol=1e-6)
    assert tracks.following[0].evidence_s == 0.1


def test_evidence_belongs_to_its_own_track():
    tracks, _ = follow(Tracks(), [at(-200), at(200)], 0.0)
    tracks, _ = remember(tracks, 1, axis_vector(0), 1.0)
    _, seen = remember(tracks, 2, axis_vector(1), 1.0)
    np.testing.assert_allclose(seen, axis_vector(1), atol=1e-6)
