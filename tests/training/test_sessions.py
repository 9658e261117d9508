"""Sessions, occluders and subsets: what changes on a person, what stays, and that people differ."""

from dataclasses import replace

import numpy as np
import pytest

from depthface_app.core.face import HeadPose
from depthface_app.core.render import render_depth
from depthface_app.core.sensors import SENSORS
from training.covers import DRAPE_MM, OCCLUDERS, Cover, fitted
from training.distinct import LEAST_DIFFERENCE_MM, distinct_people, distinct_seeds, rigid_residual_mm
from training.faces.growth import fullness
from training.faces.ict import LARGEST_BUMP_GAIN, N_BUMPS
from training.faces.shape import Appearance, place
from training.mesh import sheet
from training.pairs import Scene, View, crop_intrinsics, make_pair, sample_view
from training.recognise import observe_face
from training.seeds import generator
from training.sessions import (
    MOST_WEIGHT_MM,
    OCCLUDER_NAMES,
    appearance_of,
    later_that_day,
    months_later,
    occluded,
    sample_session,
    training_appearance,
)
from training.subsets import SUBSETS, gallery_look, sample_subset

SENSOR = ("truedepth",)
VIEW = View(SENSORS["truedepth"], HeadPose(0, 0, 0), (0.0, 0.0, 500.0))


def neutral(faces):
    return np.zeros(len(faces.ex_basis), np.float32)


def seen(faces, look):
    vertices = faces.vertices(look.identity, look.appearance)
    view = replace(look.view, nose_mm=VIEW.nose_mm)
    pinhole = crop_intrinsics(view.sensor.intrinsics(), view.nose_mm, 200.0, 64)
    return Scene(faces, vertices, view, look.rng(), look.appearance.covers).depth(pinhole)


@pytest.mark.parametrize("subset", SUBSETS)
def test_same_arguments_same_look(faces, subset):
    a, b = (sample_subset(faces, subset, 2_000_007, 3, SENSOR) for _ in range(2))
    other = sample_subset(faces, subset, 2_000_007, 4, SENSOR)
    np.testing.assert_array_equal(seen(faces, a), seen(faces, b))
    assert not np.array_equal(seen(faces, a), seen(faces, other))
    np.testing.assert_array_equal(a.identity.coefficients, other.identity.coefficients)


def test_each_subset_changes_one_thing(faces):
    people = range(2_000_000, 2_000_040)
    looks = {s: [sample_subset(faces, s, p, 0, SENSOR) for p in people] for s in SUBSETS}
    known = [gallery_look(faces, p, SENSOR) for p in people]
    for subset, probes in looks.items():
        for probe, first in zip(probes, known, strict=True):
            turned = max(abs(probe.view.pose.yaw_deg), abs(probe.view.pose.pitch_deg))
            assert (probe.appearance.expression.max() > 0) == (subset == "FE")
            assert bool(probe.occluder) == (subset == "OC")
            assert turned < 15 or subset == "PS"
            if subset not in ("TM", "OC"):
                assert probe.appearance.weight_mm == 0
                assert probe.appearance.beard_mm == first.appearance.beard_mm
                assert probe.appearance.hair_mm == first.appearance.hair_mm
    assert min(abs(p.view.pose.yaw_deg) + abs(p.view.pose.pitch_deg) for p in looks["PS"]) > 8
    assert {p.occluder for p in looks["OC"]} == set(OCCLUDER_NAMES)
    later = [p.appearance for p in looks["TM"]]
    assert np.std([a.weight_mm for a in later]) > 0.5
    assert max(abs(a.weight_mm) for a in later) <= MOST_WEIGHT_MM
    assert any((a.beard_mm > 0) != (g.appearance.beard_mm > 0) for a, g in zip(later, known, strict=True))
    assert any(a.hair_mm != g.appearance.hair_mm for a, g in zip(later, known, strict=True))


def test_unknown_subset_is_named(faces):
    with pytest.raises(ValueError, match="no subset 'XX'; there are NU, FE, PS, OC, TM"):
        sample_subset(faces, "XX", 1, 0, SENSOR)


def test_subsets_ask_for_hair(faces, monkeypatch):
    monkeypatch.setattr(type(faces), "grows_hair", False)
    with pytest.raises(ValueError, match="hair=True"):
        gallery_look(faces, 1, SENSOR)


def test_detail_of_an_identity_stays_over_sessions(faces):
    """Two sessions of one person differ only where hair, beard and weight are."""
    identity = faces.sample_identity(generator(5))
    session = replace(sample_session(generator(1)), hair_mm=0.0, beard_mm=0.0, long_hair=None)
    later = replace(months_later(session, generator(2)), hair_mm=0.0, beard_mm=0.0, weight_mm=2.0)
    a, b = (faces.vertices(identity, appearance_of(s, neutral(faces))) for s in (session, later))
    moved = np.linalg.norm(b - a, axis=1) / identity.stretch.mean()
    expected = 2.0 * fullness(faces.mean - faces.mean[faces.nose_tip])
    assert np.abs(moved - expected).max() < 0.4
    assert moved.max() == pytest.approx(2.0, abs=0.3)


def test_later_that_day_only_the_hair_falls_differently():
    session = sample_session(generator(3))
    later = later_that_day(session, generator(4))
    assert replace(later, fringe_mm=session.fringe_mm, texture=session.texture) == session
    assert later.texture != session.texture


@pytest.mark.parametrize("occluder", OCCLUDERS)
def test_occluders_stand_before_the_head(faces, occluder):
    session = replace(sample_session(generator(1)), hair_mm=0.0, beard_mm=0.0, long_hair=None)
    bare = appearance_of(session, neutral(faces))
    worn = occluded(session, neutral(faces), occluder, generator(6))
    vertices = faces.vertices(faces.sample_identity(generator(5)), bare)
    pinhole = crop_intrinsics(VIEW.sensor.intrinsics(), VIEW.nose_mm, 240.0, 64)
    before, after = (Scene(faces, vertices, VIEW, generator(2), look.covers).depth(pinhole) for look in (bare, worn))
    assert (after <= before + 1e-3).all()
    assert (after < before - 0.5).mean() > 0.005


def test_cloth_is_pushed_out_by_the_face_and_glasses_rest_on_it(faces):
    head = place(faces.mean, faces.nose_tip, HeadPose(0, 0, 0), (0, 0, 0))
    x, y = np.meshgrid(np.linspace(-40, 40, 21), np.linspace(-30, 30, 21))
    flat = sheet(x, y, np.full_like(x, 25.0))
    draped = fitted(Cover(flat, "drapes"), head).vertices_mm
    rested = fitted(Cover(flat, "rests"), head).vertices_mm
    nose = np.hypot(draped[:, 0], draped[:, 1]).argmin()
    assert draped[nose, 2] < -DRAPE_MM + 0.5
    assert (draped[:, 2] <= 25.0).all()
    assert np.ptp(rested[:, 2]) == 0
    assert rested[0, 2] < 20


def test_training_looks_hold_every_kind_and_none(faces):
    looks = [training_appearance(faces, generator(k)) for k in range(120)]
    covered = [look for look in looks if look.covers]
    assert 25 < len(covered) < 80
    assert sum(look.covers is None for look in looks) > 40
    assert any(look.weight_mm for look in looks)


def test_observe_face_and_make_pair_show_what_is_worn(faces):
    from training.denoised import stand_in
    from training.mean_face import mean_face

    identity, session = faces.sample_identity(generator(5)), sample_session(generator(1))
    looks = (
        appearance_of(session, neutral(faces)),
        occluded(session, neutral(faces), "hand", generator(6)),
    )
    mean = mean_face(faces)
    bare, hidden = (observe_face(faces, identity, a, VIEW, stand_in, mean, generator(2)) for a in looks)
    assert np.abs(bare.depth - hidden.depth).max() > 0.05
    view = sample_view(generator(9), SENSOR)
    bare, hidden = (make_pair(faces, identity, generator(2), view, appearance=a) for a in looks)
    assert np.abs(bare.target - hidden.target).max() > 0.05


def test_default_appearance_of_pairs_is_what_it_was(faces):
    """Published figures rest on it: no covers, no change of weight."""
    assert Appearance(neutral(faces)).covers is None
    assert Appearance(neutral(faces)).weight_mm == 0


def test_rigid_residual_forgets_place_and_turn_and_keeps_shape():
    rng = generator(1)
    points = rng.normal(0, 30, (50, 3)).astype(np.float32)
    moved = points @ HeadPose(20, -10, 5).matrix().T + (5, -3, 8)
    mirrored = points * (-1, 1, 1)
    noisy = points + rng.normal(0, 1, points.shape)
    same, other, mirror = rigid_residual_mm(points, np.stack((moved, noisy, mirrored)).astype(np.float32))
    assert same < 0.02
    assert other == pytest.approx(np.sqrt(3), rel=0.25)
    assert mirror > 10


def test_near_duplicates_are_left_out(faces):
    shapes = {k: generator(k // 3).normal(0, 30, (40, 3)) + generator(k).normal(0, 0.05, 3) for k in range(12)}
    assert distinct_seeds(lambda k: shapes[k].astype(np.float32), 0, 4) == [0, 3, 6, 9]
    assert distinct_people(faces, 50, 4) == distinct_people(faces, 50, 4)
    drawn = [faces.neutral_shape(faces.sample_identity(generator(k))) for k in distinct_people(faces, 50, 4)]
    gaps = [rigid_residual_mm(a, np.stack(drawn[n + 1 :])).min() for n, a in enumerate(drawn[:-1])]
    assert min(gaps) >= LEAST_DIFFERENCE_MM


def test_training_people_have_higher_bumps_and_keep_them(faces):
    plain, higher = faces.sample_identity(generator(5)), faces.training_identity(generator(5))
    again = faces.training_identity(generator(5))
    np.testing.assert_array_equal(higher.detail, again.detail)
    np.testing.assert_array_equal(higher.coefficients, plain.coefficients)
    bumps, bends = slice(0, N_BUMPS), slice(N_BUMPS, None)
    gain = np.linalg.norm(higher.detail[bumps]) / np.linalg.norm(plain.detail[bumps])
    assert 1 < gain < LARGEST_BUMP_GAIN
    np.testing.assert_array_equal(higher.detail[bends], plain.detail[bends])


def test_relatives_resemble_each_other_and_vary_as_much_as_anybody(faces):
    """Correlation of two relatives' departures from the mean is the likeness asked for; their size stays the same."""
    ancestor = faces.sample_identity(generator(400))
    own = [faces.sample_identity(generator(401 + k)) for k in range(2)]
    kin = [faces.relative(each, ancestor, 0.6) for each in own]
    for name in ("coefficients", "stretch"):
        expected = [np.sqrt(0.4) * getattr(o, name) + np.sqrt(0.6) * getattr(ancestor, name) for o in own]
        shift = 1 - np.sqrt(0.4) - np.sqrt(0.6) if name == "stretch" else 0
        for each, value in zip(kin, expected, strict=True):
            np.testing.assert_allclose(getattr(each, name), value + shift, atol=1e-5)
    strangers = rigid_residual_mm(faces.neutral_shape(own[0]), faces.neutral_shape(own[1])[None])[0]
    relatives = rigid_residual_mm(faces.neutral_shape(kin[0]), faces.neutral_shape(kin[1])[None])[0]
    assert relatives == pytest.approx(np.sqrt(0.4) * strangers, rel=0.15)


@pytest.mark.parametrize("pose", [HeadPose(0, 0, 0), HeadPose(50, 0, 0), HeadPose(-30, 25, 10)])
def test_triangles_left_out_look_away_from_the_camera(faces, pose):
    nose_mm = (60.0, -40.0, 500.0)
    kept = {tuple(t) for t in faces.facing(pose, nose_mm).tolist()}
    out = np.array([t for t in faces.triangles.tolist() if tuple(t) not in kept])
    assert 0 < len(kept) <= len(faces.triangles)
    head = place(faces.mean, faces.nose_tip, pose, nose_mm)
    np.testing.assert_allclose(head[faces.nose_tip], nose_mm, atol=1e-3)
    if len(out):
        a, b, c = (head[out[:, k]] for k in range(3))
        assert (np.einsum("ij,ij->i", np.cross(b - a, c - a), a) > 0).all()
    whole, part = (render_depth(head, t, VIEW.sensor.intrinsics()) for t in (faces.triangles, np.array(sorted(kept))))
    np.testing.assert_allclose(whole, part, atol=1e-3)
